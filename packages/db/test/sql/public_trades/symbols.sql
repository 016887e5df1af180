-- $1 category, $2 from, $3 to
select distinct symbol
from public_trades
where category = $1::text
  and exchange_ts >= $2::timestamptz and exchange_ts < $3::timestamptz;
