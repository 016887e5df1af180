-- $1 user, $2 account, $3 from, $4 to
select
  account_id::text as account_id,
  category::text as category,
  symbol::text as symbol,
  exec_id::text as exec_id,
  (extract(epoch from exchange_ts) * 1000)::bigint::text as exchange_ts,
  (extract(epoch from local_ts) * 1000000)::bigint::text as local_ts,
  source::text as source,
  side::text as side,
  exec_price::text as exec_price,
  exec_qty::text as exec_qty,
  seq::text as seq,
  order_id::text as order_id,
  order_link_id::text as order_link_id,
  exec_type::text as exec_type,
  order_type::text as order_type,
  order_price::text as order_price,
  order_qty::text as order_qty,
  leaves_qty::text as leaves_qty,
  exec_value::text as exec_value,
  exec_fee::text as exec_fee,
  exec_fee_v2::text as exec_fee_v2,
  fee_rate::text as fee_rate,
  fee_currency::text as fee_currency,
  closed_pnl::text as closed_pnl,
  closed_size::text as closed_size,
  is_maker::text as is_maker,
  is_leverage::text as is_leverage,
  create_type::text as create_type,
  stop_order_type::text as stop_order_type,
  block_trade_id::text as block_trade_id,
  market_unit::text as market_unit,
  mark_price::text as mark_price,
  index_price::text as index_price,
  underlying_price::text as underlying_price,
  trade_iv::text as trade_iv,
  mark_iv::text as mark_iv,
  extra_fees::text as extra_fees,
  extra::text as extra,
  run_id::text as run_id
from private_executions
where private_executions.account_id in (select account_id from bybit_accounts where user_id = $1::uuid)
  and private_executions.account_id = $2::uuid
  and private_executions.exchange_ts >= $3::timestamptz
  and private_executions.exchange_ts < $4::timestamptz
  and private_executions.exchange_ts <= coalesce(
    (
      select exchange_ts
      from private_executions
      where private_executions.account_id in (select account_id from bybit_accounts where user_id = $1::uuid)
        and private_executions.account_id = $2::uuid
        and private_executions.exchange_ts >= $3::timestamptz
        and private_executions.exchange_ts < $4::timestamptz
      order by private_executions.exchange_ts
      offset 999
      limit 1
    ),
    'infinity'
  )
order by private_executions.exchange_ts, private_executions.seq, private_executions.exec_id;
