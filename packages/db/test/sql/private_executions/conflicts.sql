-- one array a column, in the order of the columns
select position::integer,
  stored.account_id is null as is_missing,
  array_to_json(array[
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
    (stored.order_price <> batch.order_price)::text,
    (stored.order_qty <> batch.order_qty)::text,
    ((stored.order_type <> 'UNKNOWN' and batch.order_type <> 'UNKNOWN' and stored.order_type is distinct from batch.order_type))::text,
    ((stored.create_type <> 'UNKNOWN' and batch.create_type <> 'UNKNOWN' and stored.create_type is distinct from batch.create_type))::text,
    ((stored.stop_order_type <> 'UNKNOWN' and batch.stop_order_type <> 'UNKNOWN' and stored.stop_order_type is distinct from batch.stop_order_type))::text,
    (stored.exec_fee_v2 <> batch.exec_fee_v2)::text,
    (stored.market_unit <> batch.market_unit)::text,
    ((stored.mark_price <> 0 and batch.mark_price <> 0 and stored.mark_price is distinct from batch.mark_price))::text,
    ((stored.index_price <> 0 and batch.index_price <> 0 and stored.index_price is distinct from batch.index_price))::text,
    ((stored.underlying_price <> 0 and batch.underlying_price <> 0 and stored.underlying_price is distinct from batch.underlying_price))::text,
    ((stored.trade_iv <> 0 and batch.trade_iv <> 0 and stored.trade_iv is distinct from batch.trade_iv))::text,
    ((stored.mark_iv <> 0 and batch.mark_iv <> 0 and stored.mark_iv is distinct from batch.mark_iv))::text,
    (stored.order_id <> batch.order_id)::text,
    (stored.order_link_id <> batch.order_link_id)::text,
    (stored.block_trade_id <> batch.block_trade_id)::text,
    (stored.is_maker <> batch.is_maker)::text,
    ((stored.seq >= 0 and batch.seq >= 0 and stored.seq is distinct from batch.seq))::text,
    ((stored.source = batch.source and stored.is_leverage is not null and batch.is_leverage is not null and stored.is_leverage is distinct from batch.is_leverage))::text,
    ((stored.source = batch.source and stored.extra_fees is not null and batch.extra_fees is not null and stored.extra_fees is distinct from batch.extra_fees))::text,
    (((stored.source = batch.source or exists (
      select
      from jsonb_each(stored.extra) as one
      join jsonb_each(batch.extra) as other using (key)
      where one.value <> other.value
    )) and stored.extra is distinct from batch.extra))::text
  ]::text[]) as differs,
  array_to_json(array[
    (stored.exchange_ts)::text, (stored.side)::text, (stored.exec_price)::text,
    (stored.exec_qty)::text, (stored.exec_value)::text, (stored.exec_fee)::text,
    (stored.fee_rate)::text, (stored.fee_currency)::text, (stored.closed_pnl)::text,
    (stored.closed_size)::text, (stored.leaves_qty)::text, (stored.exec_type)::text,
    (stored.order_price)::text, (stored.order_qty)::text, (stored.order_type)::text,
    (stored.create_type)::text, (stored.stop_order_type)::text,
    (stored.exec_fee_v2)::text, (stored.market_unit)::text,
    (stored.mark_price)::text, (stored.index_price)::text,
    (stored.underlying_price)::text, (stored.trade_iv)::text, (stored.mark_iv)::text,
    (stored.order_id)::text, (stored.order_link_id)::text,
    (stored.block_trade_id)::text, (stored.is_maker)::text, (stored.seq)::text,
    (stored.is_leverage)::text, (stored.extra_fees)::text, (stored.extra)::text
  ]::text[]) as stored,
  array_to_json(array[
    (batch.exchange_ts)::text, (batch.side)::text, (batch.exec_price)::text,
    (batch.exec_qty)::text, (batch.exec_value)::text, (batch.exec_fee)::text,
    (batch.fee_rate)::text, (batch.fee_currency)::text, (batch.closed_pnl)::text,
    (batch.closed_size)::text, (batch.leaves_qty)::text, (batch.exec_type)::text,
    (batch.order_price)::text, (batch.order_qty)::text, (batch.order_type)::text,
    (batch.create_type)::text, (batch.stop_order_type)::text,
    (batch.exec_fee_v2)::text, (batch.market_unit)::text, (batch.mark_price)::text,
    (batch.index_price)::text, (batch.underlying_price)::text,
    (batch.trade_iv)::text, (batch.mark_iv)::text, (batch.order_id)::text,
    (batch.order_link_id)::text, (batch.block_trade_id)::text,
    (batch.is_maker)::text, (batch.seq)::text, (batch.is_leverage)::text,
    (batch.extra_fees)::text, (batch.extra)::text
  ]::text[]) as offered
from unnest(
  $1::uuid[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::text[],
  $7::text[], $8::numeric[], $9::numeric[], $10::bigint[], $11::text[],
  $12::text[], $13::text[], $14::text[], $15::numeric[], $16::numeric[],
  $17::numeric[], $18::numeric[], $19::numeric[], $20::numeric[], $21::numeric[],
  $22::text[], $23::numeric[], $24::numeric[], $25::boolean[], $26::text[],
  $27::text[], $28::text[], $29::text[], $30::text[], $31::numeric[],
  $32::numeric[], $33::numeric[], $34::numeric[], $35::numeric[], $36::jsonb[],
  $37::jsonb[]
) with ordinality as batch (
  account_id, category, symbol, exec_id, exchange_ts, source, side, exec_price,
  exec_qty, seq, order_id, order_link_id, exec_type, order_type, order_price,
  order_qty, leaves_qty, exec_value, exec_fee, exec_fee_v2, fee_rate, fee_currency,
  closed_pnl, closed_size, is_maker, is_leverage, create_type, stop_order_type,
  block_trade_id, market_unit, mark_price, index_price, underlying_price, trade_iv,
  mark_iv, extra_fees, extra, position
)
left join lateral (
  select
    account_id, category, symbol, exec_id, exchange_ts, source, side, exec_price,
    exec_qty, seq, order_id, order_link_id, exec_type, order_type, order_price,
    order_qty, leaves_qty, exec_value, exec_fee, exec_fee_v2, fee_rate, fee_currency,
    closed_pnl, closed_size, is_maker, is_leverage, create_type, stop_order_type,
    block_trade_id, market_unit, mark_price, index_price, underlying_price, trade_iv,
    mark_iv, extra_fees, extra
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
  or stored.order_price <> batch.order_price
  or stored.order_qty <> batch.order_qty
  or (stored.order_type <> 'UNKNOWN' and batch.order_type <> 'UNKNOWN' and stored.order_type is distinct from batch.order_type)
  or (stored.create_type <> 'UNKNOWN' and batch.create_type <> 'UNKNOWN' and stored.create_type is distinct from batch.create_type)
  or (stored.stop_order_type <> 'UNKNOWN' and batch.stop_order_type <> 'UNKNOWN' and stored.stop_order_type is distinct from batch.stop_order_type)
  or stored.exec_fee_v2 <> batch.exec_fee_v2
  or stored.market_unit <> batch.market_unit
  or (stored.mark_price <> 0 and batch.mark_price <> 0 and stored.mark_price is distinct from batch.mark_price)
  or (stored.index_price <> 0 and batch.index_price <> 0 and stored.index_price is distinct from batch.index_price)
  or (stored.underlying_price <> 0 and batch.underlying_price <> 0 and stored.underlying_price is distinct from batch.underlying_price)
  or (stored.trade_iv <> 0 and batch.trade_iv <> 0 and stored.trade_iv is distinct from batch.trade_iv)
  or (stored.mark_iv <> 0 and batch.mark_iv <> 0 and stored.mark_iv is distinct from batch.mark_iv)
  or stored.order_id <> batch.order_id
  or stored.order_link_id <> batch.order_link_id
  or stored.block_trade_id <> batch.block_trade_id
  or stored.is_maker <> batch.is_maker
  or (stored.seq >= 0 and batch.seq >= 0 and stored.seq is distinct from batch.seq)
  or (stored.source = batch.source and stored.is_leverage is not null and batch.is_leverage is not null and stored.is_leverage is distinct from batch.is_leverage)
  or (stored.source = batch.source and stored.extra_fees is not null and batch.extra_fees is not null and stored.extra_fees is distinct from batch.extra_fees)
  or ((stored.source = batch.source or exists (
  select
  from jsonb_each(stored.extra) as one
  join jsonb_each(batch.extra) as other using (key)
  where one.value <> other.value
)) and stored.extra is distinct from batch.extra)
order by position;
