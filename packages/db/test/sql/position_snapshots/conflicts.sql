-- one array a column, in the order of the columns
select position::integer,
  stored.account_id is null as is_missing,
  array[
    (stored.side <> batch.side)::text, (stored.size <> batch.size)::text,
    (stored.entry_price <> batch.entry_price)::text
  ]::text[] as differs,
  array[
    (stored.side)::text, (stored.size)::text, (stored.entry_price)::text
  ]::text[] as stored,
  array[
    (batch.side)::text, (batch.size)::text, (batch.entry_price)::text
  ]::text[] as offered
from unnest(
  $1::uuid[], $2::text[], $3::text[], $4::integer[], $5::timestamptz[], $6::text[],
  $7::numeric[], $8::numeric[], $9::text[]
) with ordinality as batch (
  account_id, category, symbol, position_idx, exchange_ts, side, size, entry_price,
  content_hash, position
)
left join lateral (
  select
    account_id, category, symbol, position_idx, exchange_ts, side, size, entry_price,
    content_hash
  from position_snapshots stored
  where stored.account_id = batch.account_id
    and stored.category = batch.category
    and stored.symbol = batch.symbol
    and stored.position_idx = batch.position_idx
    and stored.exchange_ts = batch.exchange_ts
    and stored.content_hash = batch.content_hash
  offset 0
) as stored on true
where stored.account_id is null
  or stored.side <> batch.side
  or stored.size <> batch.size
  or stored.entry_price <> batch.entry_price
order by position;
