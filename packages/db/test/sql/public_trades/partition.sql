-- no parameters
create table public_trades_y2025m10d09 (like public_trades including all);

create unique index public_trades_y2025m10d09_key
on public_trades_y2025m10d09 (trade_stream_key(category, symbol), trade_second(exchange_ts), trade_id_key(category, symbol, trade_id, exchange_ts))
with (fillfactor = 100);

alter table public_trades
attach partition public_trades_y2025m10d09 for values from ('2025-10-09 00:00:00+00') to ('2025-10-10 00:00:00+00');
