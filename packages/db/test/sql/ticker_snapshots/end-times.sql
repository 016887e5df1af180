-- $1 category, $2 symbols, $3 from, $4 to
select wanted.symbol, (extract(epoch from exchange_ts) * 1000)::bigint::text as ts
from unnest($2::text[]) as wanted (symbol)
cross join lateral (
  select exchange_ts
  from ticker_snapshots
  where category = $1::text and symbol = wanted.symbol
    and exchange_ts >= $3::timestamptz and exchange_ts < $4::timestamptz
  order by exchange_ts desc
  limit 1
) as found;

select wanted.symbol, (extract(epoch from exchange_ts) * 1000)::bigint::text as ts
from unnest($2::text[]) as wanted (symbol)
cross join lateral (
  select exchange_ts
  from ticker_snapshots
  where category = $1::text and symbol = wanted.symbol
    and exchange_ts >= $3::timestamptz and exchange_ts < $4::timestamptz
  order by exchange_ts asc
  limit 1
) as found;
