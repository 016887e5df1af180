-- $1 category, $2 symbol, $3 from, $4 to, $5 trade id
select 1
from public_trades
where trade_stream_key(category, symbol) = trade_stream_key($1::text, $2)
  and trade_second(exchange_ts)
    between trade_second($3::timestamptz) and trade_second($4::timestamptz)
  and exchange_ts >= $3::timestamptz and exchange_ts < $4::timestamptz
  and case when category = $1::text and symbol = $2 then true else false end
  and trade_id = $5::text
limit 1;
