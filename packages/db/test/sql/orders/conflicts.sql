-- one array a column, in the order of the columns
select position::integer,
  stored.account_id is null as is_missing,
  array[
    (stored.symbol <> batch.symbol)::text, (stored.side <> batch.side)::text,
    (stored.status <> batch.status)::text,
    (stored.order_link_id <> batch.order_link_id)::text,
    (stored.created_time <> batch.created_time)::text,
    (stored.cum_exec_qty <> batch.cum_exec_qty)::text,
    (stored.position_idx <> batch.position_idx)::text,
    (stored.parent_order_link_id <> batch.parent_order_link_id)::text,
    (stored.block_trade_id <> batch.block_trade_id)::text,
    (stored.market_unit <> batch.market_unit)::text,
    (((stored.source = batch.source or exists (
      select
      from jsonb_each(stored.extra) as one
      join jsonb_each(batch.extra) as other using (key)
      where one.value <> other.value
    )) and stored.extra is distinct from batch.extra))::text
  ]::text[] as differs,
  array[
    (stored.symbol)::text, (stored.side)::text, (stored.status)::text,
    (stored.order_link_id)::text, (stored.created_time)::text,
    (stored.cum_exec_qty)::text, (stored.position_idx)::text,
    (stored.parent_order_link_id)::text, (stored.block_trade_id)::text,
    (stored.market_unit)::text, (stored.extra)::text
  ]::text[] as stored,
  array[
    (batch.symbol)::text, (batch.side)::text, (batch.status)::text,
    (batch.order_link_id)::text, (batch.created_time)::text,
    (batch.cum_exec_qty)::text, (batch.position_idx)::text,
    (batch.parent_order_link_id)::text, (batch.block_trade_id)::text,
    (batch.market_unit)::text, (batch.extra)::text
  ]::text[] as offered
from unnest(
  $1::uuid[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::text[],
  $7::text[], $8::text[], $9::text[], $10::text[], $11::text[], $12::integer[],
  $13::numeric[], $14::text[], $15::timestamptz[], $16::jsonb[], $17::text[]
) with ordinality as batch (
  account_id, category, symbol, order_id, exchange_ts, source, status, side,
  order_link_id, parent_order_link_id, block_trade_id, position_idx, cum_exec_qty,
  market_unit, created_time, extra, content_hash, position
)
left join lateral (
  select
    account_id, category, symbol, order_id, exchange_ts, source, status, side,
    order_link_id, parent_order_link_id, block_trade_id, position_idx, cum_exec_qty,
    market_unit, created_time, extra, content_hash
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
  or stored.position_idx <> batch.position_idx
  or stored.parent_order_link_id <> batch.parent_order_link_id
  or stored.block_trade_id <> batch.block_trade_id
  or stored.market_unit <> batch.market_unit
  or ((stored.source = batch.source or exists (
  select
  from jsonb_each(stored.extra) as one
  join jsonb_each(batch.extra) as other using (key)
  where one.value <> other.value
)) and stored.extra is distinct from batch.extra)
order by position;
