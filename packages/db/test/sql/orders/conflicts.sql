-- one array a column, in the order of the columns
select position::integer,
  stored.account_id is null as is_missing,
  array_to_json(array[
    (stored.symbol <> batch.symbol)::text, (stored.side <> batch.side)::text,
    (stored.status <> batch.status)::text,
    (stored.order_link_id <> batch.order_link_id)::text,
    (stored.created_time <> batch.created_time)::text,
    (stored.cum_exec_qty <> batch.cum_exec_qty)::text,
    (stored.position_idx <> batch.position_idx)::text,
    (stored.parent_order_link_id <> batch.parent_order_link_id)::text,
    (stored.block_trade_id <> batch.block_trade_id)::text,
    (stored.market_unit <> batch.market_unit)::text,
    ((stored.source = batch.source and stored.is_leverage is not null and batch.is_leverage is not null and stored.is_leverage is distinct from batch.is_leverage))::text,
    ((stored.source = batch.source and stored.create_type is not null and batch.create_type is not null and stored.create_type is distinct from batch.create_type))::text,
    ((stored.source = batch.source and stored.broker_order_price is not null and batch.broker_order_price is not null and stored.broker_order_price is distinct from batch.broker_order_price))::text,
    ((stored.source = batch.source and stored.leaves_value is not null and batch.leaves_value is not null and stored.leaves_value is distinct from batch.leaves_value))::text,
    ((stored.source = batch.source and stored.cum_exec_fee is not null and batch.cum_exec_fee is not null and stored.cum_exec_fee is distinct from batch.cum_exec_fee))::text,
    ((stored.source = batch.source and stored.cum_fee_detail is not null and batch.cum_fee_detail is not null and stored.cum_fee_detail is distinct from batch.cum_fee_detail))::text,
    ((stored.source = batch.source and stored.closed_pnl is not null and batch.closed_pnl is not null and stored.closed_pnl is distinct from batch.closed_pnl))::text,
    ((stored.source = batch.source and stored.fee_currency is not null and batch.fee_currency is not null and stored.fee_currency is distinct from batch.fee_currency))::text,
    ((stored.source = batch.source and stored.oco_trigger_by is not null and batch.oco_trigger_by is not null and stored.oco_trigger_by is distinct from batch.oco_trigger_by))::text,
    ((stored.source = batch.source and stored.slippage_tolerance_type is not null and batch.slippage_tolerance_type is not null and stored.slippage_tolerance_type is distinct from batch.slippage_tolerance_type))::text,
    ((stored.source = batch.source and stored.slippage_tolerance is not null and batch.slippage_tolerance is not null and stored.slippage_tolerance is distinct from batch.slippage_tolerance))::text,
    ((stored.source = batch.source and stored.last_price_on_created is not null and batch.last_price_on_created is not null and stored.last_price_on_created is distinct from batch.last_price_on_created))::text,
    ((stored.source = batch.source and stored.base_price is not null and batch.base_price is not null and stored.base_price is distinct from batch.base_price))::text,
    ((stored.source = batch.source and stored.place_type is not null and batch.place_type is not null and stored.place_type is distinct from batch.place_type))::text,
    ((stored.source = batch.source and stored.smp_type is not null and batch.smp_type is not null and stored.smp_type is distinct from batch.smp_type))::text,
    ((stored.source = batch.source and stored.smp_group is not null and batch.smp_group is not null and stored.smp_group is distinct from batch.smp_group))::text,
    ((stored.source = batch.source and stored.smp_order_id is not null and batch.smp_order_id is not null and stored.smp_order_id is distinct from batch.smp_order_id))::text,
    ((stored.source = batch.source and stored.rpi_taker_access is not null and batch.rpi_taker_access is not null and stored.rpi_taker_access is distinct from batch.rpi_taker_access))::text,
    ((stored.source = batch.source and stored.rpi_matched_qty is not null and batch.rpi_matched_qty is not null and stored.rpi_matched_qty is distinct from batch.rpi_matched_qty))::text,
    ((stored.source = batch.source and stored.extra_fees is not null and batch.extra_fees is not null and stored.extra_fees is distinct from batch.extra_fees))::text,
    (((stored.source = batch.source or exists (
      select
      from jsonb_each(stored.extra) as one
      join jsonb_each(batch.extra) as other using (key)
      where one.value <> other.value
    )) and stored.extra is distinct from batch.extra))::text
  ]::text[]) as differs,
  array_to_json(array[
    (stored.symbol)::text, (stored.side)::text, (stored.status)::text,
    (stored.order_link_id)::text, (stored.created_time)::text,
    (stored.cum_exec_qty)::text, (stored.position_idx)::text,
    (stored.parent_order_link_id)::text, (stored.block_trade_id)::text,
    (stored.market_unit)::text, (stored.is_leverage)::text,
    (stored.create_type)::text, (stored.broker_order_price)::text,
    (stored.leaves_value)::text, (stored.cum_exec_fee)::text,
    (stored.cum_fee_detail)::text, (stored.closed_pnl)::text,
    (stored.fee_currency)::text, (stored.oco_trigger_by)::text,
    (stored.slippage_tolerance_type)::text, (stored.slippage_tolerance)::text,
    (stored.last_price_on_created)::text, (stored.base_price)::text,
    (stored.place_type)::text, (stored.smp_type)::text, (stored.smp_group)::text,
    (stored.smp_order_id)::text, (stored.rpi_taker_access)::text,
    (stored.rpi_matched_qty)::text, (stored.extra_fees)::text, (stored.extra)::text
  ]::text[]) as stored,
  array_to_json(array[
    (batch.symbol)::text, (batch.side)::text, (batch.status)::text,
    (batch.order_link_id)::text, (batch.created_time)::text,
    (batch.cum_exec_qty)::text, (batch.position_idx)::text,
    (batch.parent_order_link_id)::text, (batch.block_trade_id)::text,
    (batch.market_unit)::text, (batch.is_leverage)::text, (batch.create_type)::text,
    (batch.broker_order_price)::text, (batch.leaves_value)::text,
    (batch.cum_exec_fee)::text, (batch.cum_fee_detail)::text,
    (batch.closed_pnl)::text, (batch.fee_currency)::text,
    (batch.oco_trigger_by)::text, (batch.slippage_tolerance_type)::text,
    (batch.slippage_tolerance)::text, (batch.last_price_on_created)::text,
    (batch.base_price)::text, (batch.place_type)::text, (batch.smp_type)::text,
    (batch.smp_group)::text, (batch.smp_order_id)::text,
    (batch.rpi_taker_access)::text, (batch.rpi_matched_qty)::text,
    (batch.extra_fees)::text, (batch.extra)::text
  ]::text[]) as offered
from unnest(
  $1::uuid[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::text[],
  $7::text[], $8::text[], $9::text[], $10::text[], $11::text[], $12::text[],
  $13::integer[], $14::text[], $15::numeric[], $16::numeric[], $17::numeric[],
  $18::numeric[], $19::jsonb[], $20::numeric[], $21::text[], $22::text[],
  $23::text[], $24::text[], $25::numeric[], $26::numeric[], $27::numeric[],
  $28::text[], $29::text[], $30::integer[], $31::text[], $32::timestamptz[],
  $33::boolean[], $34::numeric[], $35::jsonb[], $36::jsonb[], $37::text[]
) with ordinality as batch (
  account_id, category, symbol, order_id, exchange_ts, source, status, side,
  order_link_id, parent_order_link_id, block_trade_id, is_leverage, position_idx,
  create_type, broker_order_price, leaves_value, cum_exec_qty, cum_exec_fee,
  cum_fee_detail, closed_pnl, fee_currency, oco_trigger_by, market_unit,
  slippage_tolerance_type, slippage_tolerance, last_price_on_created, base_price,
  place_type, smp_type, smp_group, smp_order_id, created_time, rpi_taker_access,
  rpi_matched_qty, extra_fees, extra, content_hash, position
)
left join lateral (
  select
    account_id, category, symbol, order_id, exchange_ts, source, status, side,
    order_link_id, parent_order_link_id, block_trade_id, is_leverage, position_idx,
    create_type, broker_order_price, leaves_value, cum_exec_qty, cum_exec_fee,
    cum_fee_detail, closed_pnl, fee_currency, oco_trigger_by, market_unit,
    slippage_tolerance_type, slippage_tolerance, last_price_on_created, base_price,
    place_type, smp_type, smp_group, smp_order_id, created_time, rpi_taker_access,
    rpi_matched_qty, extra_fees, extra, content_hash
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
  or (stored.source = batch.source and stored.is_leverage is not null and batch.is_leverage is not null and stored.is_leverage is distinct from batch.is_leverage)
  or (stored.source = batch.source and stored.create_type is not null and batch.create_type is not null and stored.create_type is distinct from batch.create_type)
  or (stored.source = batch.source and stored.broker_order_price is not null and batch.broker_order_price is not null and stored.broker_order_price is distinct from batch.broker_order_price)
  or (stored.source = batch.source and stored.leaves_value is not null and batch.leaves_value is not null and stored.leaves_value is distinct from batch.leaves_value)
  or (stored.source = batch.source and stored.cum_exec_fee is not null and batch.cum_exec_fee is not null and stored.cum_exec_fee is distinct from batch.cum_exec_fee)
  or (stored.source = batch.source and stored.cum_fee_detail is not null and batch.cum_fee_detail is not null and stored.cum_fee_detail is distinct from batch.cum_fee_detail)
  or (stored.source = batch.source and stored.closed_pnl is not null and batch.closed_pnl is not null and stored.closed_pnl is distinct from batch.closed_pnl)
  or (stored.source = batch.source and stored.fee_currency is not null and batch.fee_currency is not null and stored.fee_currency is distinct from batch.fee_currency)
  or (stored.source = batch.source and stored.oco_trigger_by is not null and batch.oco_trigger_by is not null and stored.oco_trigger_by is distinct from batch.oco_trigger_by)
  or (stored.source = batch.source and stored.slippage_tolerance_type is not null and batch.slippage_tolerance_type is not null and stored.slippage_tolerance_type is distinct from batch.slippage_tolerance_type)
  or (stored.source = batch.source and stored.slippage_tolerance is not null and batch.slippage_tolerance is not null and stored.slippage_tolerance is distinct from batch.slippage_tolerance)
  or (stored.source = batch.source and stored.last_price_on_created is not null and batch.last_price_on_created is not null and stored.last_price_on_created is distinct from batch.last_price_on_created)
  or (stored.source = batch.source and stored.base_price is not null and batch.base_price is not null and stored.base_price is distinct from batch.base_price)
  or (stored.source = batch.source and stored.place_type is not null and batch.place_type is not null and stored.place_type is distinct from batch.place_type)
  or (stored.source = batch.source and stored.smp_type is not null and batch.smp_type is not null and stored.smp_type is distinct from batch.smp_type)
  or (stored.source = batch.source and stored.smp_group is not null and batch.smp_group is not null and stored.smp_group is distinct from batch.smp_group)
  or (stored.source = batch.source and stored.smp_order_id is not null and batch.smp_order_id is not null and stored.smp_order_id is distinct from batch.smp_order_id)
  or (stored.source = batch.source and stored.rpi_taker_access is not null and batch.rpi_taker_access is not null and stored.rpi_taker_access is distinct from batch.rpi_taker_access)
  or (stored.source = batch.source and stored.rpi_matched_qty is not null and batch.rpi_matched_qty is not null and stored.rpi_matched_qty is distinct from batch.rpi_matched_qty)
  or (stored.source = batch.source and stored.extra_fees is not null and batch.extra_fees is not null and stored.extra_fees is distinct from batch.extra_fees)
  or ((stored.source = batch.source or exists (
  select
  from jsonb_each(stored.extra) as one
  join jsonb_each(batch.extra) as other using (key)
  where one.value <> other.value
)) and stored.extra is distinct from batch.extra)
order by position;
