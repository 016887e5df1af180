-- no parameters
create table ticker_snapshots_y2025m10d09 (like ticker_snapshots including all);

create unique index ticker_snapshots_y2025m10d09_key
on ticker_snapshots_y2025m10d09 (ticker_stream_key(category, symbol), ticker_second(exchange_ts), ticker_id_key(category, symbol, seq, is_snapshot, exchange_ts))
with (fillfactor = 100);

create index ticker_snapshots_y2025m10d09_bases on ticker_snapshots_y2025m10d09 (category, symbol, exchange_ts) where form = 0;

alter table ticker_snapshots
attach partition ticker_snapshots_y2025m10d09 for values from ('2025-10-09 00:00:00+00') to ('2025-10-10 00:00:00+00');
