-- one array a column, in the order of the columns
select position::integer,
  stored.account_id is null as is_missing,
  array[
    (stored.symbol <> batch.symbol)::text, (stored.side <> batch.side)::text,
    (stored.status <> batch.status)::text,
    (stored.order_link_id <> batch.order_link_id)::text,
    (stored.created_time <> batch.created_time)::text,
    (stored.cum_exec_qty <> batch.cum_exec_qty)::text
  ]::text[] as differs,
  array[
    (stored.symbol)::text, (stored.side)::text, (stored.status)::text,
    (stored.order_link_id)::text, (stored.created_time)::text,
    (stored.cum_exec_qty)::text
  ]::text[] as stored,
  array[
    (batch.symbol)::text, (batch.side)::text, (batch.status)::text,
    (batch.order_link_id)::text, (batch.created_time)::text,
    (batch.cum_exec_qty)::text
  ]::text[] as offered
from unnest(
  $1::uuid[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::text[],
  $7::text[], $8::text[], $9::numeric[], $10::timestamptz[], $11::text[]
) with ordinality as batch (
  account_id, category, symbol, order_id, exchange_ts, status, side, order_link_id,
  cum_exec_qty, created_time, content_hash, position
)
left join lateral (
  select
    account_id, category, symbol, order_id, exchange_ts, status, side, order_link_id,
    cum_exec_qty, created_time, content_hash
  from orders stored
  where stored.account_id = batch.account_id
    and stored.category = batch.category
    and stored.order_id = batch.order_id
    and stored.exchange_ts = batch.exchange_ts
    and stored.content_hash = batch.content_hash
  offset 0
) as stored on true
where stored.account_id is null
  or stored.symbol <> batch.symbol
  or stored.side <> batch.side
  or stored.status <> batch.status
  or stored.order_link_id <> batch.order_link_id
  or stored.created_time <> batch.created_time
  or stored.cum_exec_qty <> batch.cum_exec_qty
order by position;
