-- $1 user, $2 account, $3 from, $4 to
select
  account_id::text as account_id,
  category::text as category,
  symbol::text as symbol,
  order_id::text as order_id,
  (extract(epoch from exchange_ts) * 1000)::bigint::text as exchange_ts,
  (extract(epoch from local_ts) * 1000000)::bigint::text as local_ts,
  source::text as source,
  status::text as status,
  side::text as side,
  order_link_id::text as order_link_id,
  parent_order_link_id::text as parent_order_link_id,
  block_trade_id::text as block_trade_id,
  is_leverage::text as is_leverage,
  position_idx::text as position_idx,
  order_type::text as order_type,
  time_in_force::text as time_in_force,
  create_type::text as create_type,
  cancel_type::text as cancel_type,
  reject_reason::text as reject_reason,
  price::text as price,
  broker_order_price::text as broker_order_price,
  qty::text as qty,
  avg_price::text as avg_price,
  leaves_qty::text as leaves_qty,
  leaves_value::text as leaves_value,
  cum_exec_qty::text as cum_exec_qty,
  cum_exec_value::text as cum_exec_value,
  cum_exec_fee::text as cum_exec_fee,
  cum_fee_detail::text as cum_fee_detail,
  closed_pnl::text as closed_pnl,
  fee_currency::text as fee_currency,
  stop_order_type::text as stop_order_type,
  oco_trigger_by::text as oco_trigger_by,
  order_iv::text as order_iv,
  market_unit::text as market_unit,
  slippage_tolerance_type::text as slippage_tolerance_type,
  slippage_tolerance::text as slippage_tolerance,
  trigger_price::text as trigger_price,
  trigger_direction::text as trigger_direction,
  trigger_by::text as trigger_by,
  take_profit::text as take_profit,
  stop_loss::text as stop_loss,
  tpsl_mode::text as tpsl_mode,
  tp_limit_price::text as tp_limit_price,
  sl_limit_price::text as sl_limit_price,
  tp_trigger_by::text as tp_trigger_by,
  sl_trigger_by::text as sl_trigger_by,
  last_price_on_created::text as last_price_on_created,
  base_price::text as base_price,
  reduce_only::text as reduce_only,
  close_on_trigger::text as close_on_trigger,
  place_type::text as place_type,
  smp_type::text as smp_type,
  smp_group::text as smp_group,
  smp_order_id::text as smp_order_id,
  (extract(epoch from created_time) * 1000)::bigint::text as created_time,
  rpi_taker_access::text as rpi_taker_access,
  rpi_matched_qty::text as rpi_matched_qty,
  extra_fees::text as extra_fees,
  extra::text as extra,
  content_hash::text as content_hash,
  arrival::text as arrival,
  run_id::text as run_id
from orders
where orders.account_id in (select account_id from bybit_accounts where user_id = $1::uuid)
  and orders.account_id = $2::uuid
  and orders.exchange_ts >= $3::timestamptz
  and orders.exchange_ts < $4::timestamptz
  and orders.exchange_ts <= coalesce(
    (
      select exchange_ts
      from orders
      where orders.account_id in (select account_id from bybit_accounts where user_id = $1::uuid)
        and orders.account_id = $2::uuid
        and orders.exchange_ts >= $3::timestamptz
        and orders.exchange_ts < $4::timestamptz
      order by orders.exchange_ts
      offset 999
      limit 1
    ),
    'infinity'
  )
order by orders.exchange_ts, orders.local_ts, orders.arrival, orders.category, orders.order_id, orders.content_hash;
