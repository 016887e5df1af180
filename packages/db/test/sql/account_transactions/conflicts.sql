-- one array a column, in the order of the columns
select position::integer,
  stored.account_id is null as is_missing,
  array[
    (stored.category <> batch.category)::text, (stored.symbol <> batch.symbol)::text,
    (stored.side <> batch.side)::text, (stored.qty <> batch.qty)::text,
    (stored.size <> batch.size)::text,
    (stored.trade_price <> batch.trade_price)::text,
    (stored.funding <> batch.funding)::text, (stored.fee <> batch.fee)::text,
    (stored.cash_flow <> batch.cash_flow)::text,
    (stored.change <> batch.change)::text,
    (stored.cash_balance <> batch.cash_balance)::text,
    (stored.order_id <> batch.order_id)::text
  ]::text[] as differs,
  array[
    (stored.category)::text, (stored.symbol)::text, (stored.side)::text,
    (stored.qty)::text, (stored.size)::text, (stored.trade_price)::text,
    (stored.funding)::text, (stored.fee)::text, (stored.cash_flow)::text,
    (stored.change)::text, (stored.cash_balance)::text, (stored.order_id)::text
  ]::text[] as stored,
  array[
    (batch.category)::text, (batch.symbol)::text, (batch.side)::text,
    (batch.qty)::text, (batch.size)::text, (batch.trade_price)::text,
    (batch.funding)::text, (batch.fee)::text, (batch.cash_flow)::text,
    (batch.change)::text, (batch.cash_balance)::text, (batch.order_id)::text
  ]::text[] as offered
from unnest(
  $1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::timestamptz[],
  $7::text[], $8::text[], $9::text[], $10::numeric[], $11::numeric[],
  $12::numeric[], $13::numeric[], $14::numeric[], $15::numeric[], $16::numeric[],
  $17::numeric[], $18::text[]
) with ordinality as batch (
  account_id, transaction_id, currency, type, trade_id, exchange_ts, category,
  symbol, side, qty, size, trade_price, funding, fee, cash_flow, change,
  cash_balance, order_id, position
)
left join lateral (
  select
    account_id, transaction_id, currency, type, trade_id, exchange_ts, category,
    symbol, side, qty, size, trade_price, funding, fee, cash_flow, change,
    cash_balance, order_id
  from account_transactions stored
  where stored.account_id = batch.account_id
    and stored.currency = batch.currency
    and stored.exchange_ts = batch.exchange_ts
    and stored.type = batch.type
    and stored.trade_id = batch.trade_id
    and stored.transaction_id = batch.transaction_id
  offset 0
) as stored on true
where stored.account_id is null
  or stored.category <> batch.category
  or stored.symbol <> batch.symbol
  or stored.side <> batch.side
  or stored.qty <> batch.qty
  or stored.size <> batch.size
  or stored.trade_price <> batch.trade_price
  or stored.funding <> batch.funding
  or stored.fee <> batch.fee
  or stored.cash_flow <> batch.cash_flow
  or stored.change <> batch.change
  or stored.cash_balance <> batch.cash_balance
  or stored.order_id <> batch.order_id
order by position;
