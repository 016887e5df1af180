-- $1 user, $2 account, $3 from, $4 to
select
  account_id::text as account_id,
  transaction_id::text as transaction_id,
  currency::text as currency,
  type::text as type,
  trade_id::text as trade_id,
  (extract(epoch from exchange_ts) * 1000)::bigint::text as exchange_ts,
  (extract(epoch from local_ts) * 1000000)::bigint::text as local_ts,
  source::text as source,
  category::text as category,
  symbol::text as symbol,
  trans_sub_type::text as trans_sub_type,
  side::text as side,
  qty::text as qty,
  size::text as size,
  trade_price::text as trade_price,
  funding::text as funding,
  fee::text as fee,
  cash_flow::text as cash_flow,
  change::text as change,
  cash_balance::text as cash_balance,
  fee_rate::text as fee_rate,
  bonus_change::text as bonus_change,
  order_id::text as order_id,
  order_link_id::text as order_link_id,
  extra_fees::text as extra_fees,
  extra::text as extra,
  run_id::text as run_id
from account_transactions
where account_transactions.account_id in (select account_id from bybit_accounts where user_id = $1::uuid)
  and account_transactions.account_id = $2::uuid
  and account_transactions.exchange_ts >= $3::timestamptz
  and account_transactions.exchange_ts < $4::timestamptz
  and account_transactions.exchange_ts <= coalesce(
    (
      select exchange_ts
      from account_transactions
      where account_transactions.account_id in (select account_id from bybit_accounts where user_id = $1::uuid)
        and account_transactions.account_id = $2::uuid
        and account_transactions.exchange_ts >= $3::timestamptz
        and account_transactions.exchange_ts < $4::timestamptz
      order by account_transactions.exchange_ts
      offset 999
      limit 1
    ),
    'infinity'
  )
order by account_transactions.exchange_ts, account_transactions.currency, account_transactions.type, account_transactions.trade_id, account_transactions.transaction_id;
