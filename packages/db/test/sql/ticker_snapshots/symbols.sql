-- $1 category, $2 from, $3 to
with recursive step (symbol) as (
  (
    select symbol
    from ticker_snapshots
    where category = $1::text
      and exchange_ts >= $2::timestamptz and exchange_ts < $3::timestamptz
      and form = 0
    order by category, symbol
    limit 1
  )
  union all
  select (
    select ticker_snapshots.symbol
    from ticker_snapshots
    where category = $1::text
      and exchange_ts >= $2::timestamptz and exchange_ts < $3::timestamptz
      and ticker_snapshots.symbol > step.symbol
      and form = 0
    order by category, symbol
    limit 1
  )
  from step
  where step.symbol is not null
)
select symbol
from step
where symbol is not null;
