-- one array a column, in the order of the columns
select position::integer,
  stored.account_id is null as is_missing,
  array[
    (stored.exchange_ts <> batch.exchange_ts)::text,
    (stored.side <> batch.side)::text, (stored.exec_price <> batch.exec_price)::text,
    (stored.exec_qty <> batch.exec_qty)::text,
    (stored.exec_value <> batch.exec_value)::text,
    (stored.exec_fee <> batch.exec_fee)::text,
    (stored.fee_rate <> batch.fee_rate)::text,
    (stored.fee_currency <> batch.fee_currency)::text,
    (stored.closed_pnl <> batch.closed_pnl)::text,
    (stored.closed_size <> batch.closed_size)::text,
    (stored.leaves_qty <> batch.leaves_qty)::text,
    (stored.exec_type <> batch.exec_type)::text,
    (stored.order_id <> batch.order_id)::text,
    (stored.order_link_id <> batch.order_link_id)::text,
    (stored.block_trade_id <> batch.block_trade_id)::text,
    (stored.is_maker <> batch.is_maker)::text,
    ((stored.seq >= 0 and batch.seq >= 0 and stored.seq is distinct from batch.seq))::text
  ]::text[] as differs,
  array[
    (stored.exchange_ts)::text, (stored.side)::text, (stored.exec_price)::text,
    (stored.exec_qty)::text, (stored.exec_value)::text, (stored.exec_fee)::text,
    (stored.fee_rate)::text, (stored.fee_currency)::text, (stored.closed_pnl)::text,
    (stored.closed_size)::text, (stored.leaves_qty)::text, (stored.exec_type)::text,
    (stored.order_id)::text, (stored.order_link_id)::text,
    (stored.block_trade_id)::text, (stored.is_maker)::text, (stored.seq)::text
  ]::text[] as stored,
  array[
    (batch.exchange_ts)::text, (batch.side)::text, (batch.exec_price)::text,
    (batch.exec_qty)::text, (batch.exec_value)::text, (batch.exec_fee)::text,
    (batch.fee_rate)::text, (batch.fee_currency)::text, (batch.closed_pnl)::text,
    (batch.closed_size)::text, (batch.leaves_qty)::text, (batch.exec_type)::text,
    (batch.order_id)::text, (batch.order_link_id)::text,
    (batch.block_trade_id)::text, (batch.is_maker)::text, (batch.seq)::text
  ]::text[] as offered
from unnest(
  $1::uuid[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::text[],
  $7::numeric[], $8::numeric[], $9::bigint[], $10::text[], $11::text[],
  $12::text[], $13::numeric[], $14::numeric[], $15::numeric[], $16::numeric[],
  $17::text[], $18::numeric[], $19::numeric[], $20::boolean[], $21::text[]
) with ordinality as batch (
  account_id, category, symbol, exec_id, exchange_ts, side, exec_price, exec_qty,
  seq, order_id, order_link_id, exec_type, leaves_qty, exec_value, exec_fee,
  fee_rate, fee_currency, closed_pnl, closed_size, is_maker, block_trade_id,
  position
)
left join lateral (
  select
    account_id, category, symbol, exec_id, exchange_ts, side, exec_price, exec_qty,
    seq, order_id, order_link_id, exec_type, leaves_qty, exec_value, exec_fee,
    fee_rate, fee_currency, closed_pnl, closed_size, is_maker, block_trade_id
  from private_executions stored
  where stored.account_id = batch.account_id
    and stored.category = batch.category
    and stored.symbol = batch.symbol
    and stored.exec_id = batch.exec_id
  offset 0
) as stored on true
where stored.account_id is null
  or stored.exchange_ts <> batch.exchange_ts
  or stored.side <> batch.side
  or stored.exec_price <> batch.exec_price
  or stored.exec_qty <> batch.exec_qty
  or stored.exec_value <> batch.exec_value
  or stored.exec_fee <> batch.exec_fee
  or stored.fee_rate <> batch.fee_rate
  or stored.fee_currency <> batch.fee_currency
  or stored.closed_pnl <> batch.closed_pnl
  or stored.closed_size <> batch.closed_size
  or stored.leaves_qty <> batch.leaves_qty
  or stored.exec_type <> batch.exec_type
  or stored.order_id <> batch.order_id
  or stored.order_link_id <> batch.order_link_id
  or stored.block_trade_id <> batch.block_trade_id
  or stored.is_maker <> batch.is_maker
  or (stored.seq >= 0 and batch.seq >= 0 and stored.seq is distinct from batch.seq)
order by position;
