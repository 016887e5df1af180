-- one array a column, in the order of the columns
select position::integer,
  stored.account_id is null as is_missing,
  array_to_json(array[
    (stored.category <> batch.category)::text, (stored.symbol <> batch.symbol)::text,
    (stored.side <> batch.side)::text, (stored.qty <> batch.qty)::text,
    (stored.size <> batch.size)::text,
    (stored.trade_price <> batch.trade_price)::text,
    (stored.funding <> batch.funding)::text, (stored.fee <> batch.fee)::text,
    (stored.cash_flow <> batch.cash_flow)::text,
    (stored.change <> batch.change)::text,
    (stored.cash_balance <> batch.cash_balance)::text,
    (stored.order_id <> batch.order_id)::text,
    (stored.order_link_id <> batch.order_link_id)::text,
    (stored.trans_sub_type <> batch.trans_sub_type)::text,
    (stored.fee_rate <> batch.fee_rate)::text,
    (stored.bonus_change <> batch.bonus_change)::text,
    (stored.extra_fees <> batch.extra_fees)::text,
    (((stored.source = batch.source or exists (
      select
      from jsonb_each(stored.extra) as one
      join jsonb_each(batch.extra) as other using (key)
      where one.value <> other.value
    )) and stored.extra is distinct from batch.extra))::text
  ]::text[]) as differs,
  array_to_json(array[
    (stored.category)::text, (stored.symbol)::text, (stored.side)::text,
    (stored.qty)::text, (stored.size)::text, (stored.trade_price)::text,
    (stored.funding)::text, (stored.fee)::text, (stored.cash_flow)::text,
    (stored.change)::text, (stored.cash_balance)::text, (stored.order_id)::text,
    (stored.order_link_id)::text, (stored.trans_sub_type)::text,
    (stored.fee_rate)::text, (stored.bonus_change)::text, (stored.extra_fees)::text,
    (stored.extra)::text
  ]::text[]) as stored,
  array_to_json(array[
    (batch.category)::text, (batch.symbol)::text, (batch.side)::text,
    (batch.qty)::text, (batch.size)::text, (batch.trade_price)::text,
    (batch.funding)::text, (batch.fee)::text, (batch.cash_flow)::text,
    (batch.change)::text, (batch.cash_balance)::text, (batch.order_id)::text,
    (batch.order_link_id)::text, (batch.trans_sub_type)::text,
    (batch.fee_rate)::text, (batch.bonus_change)::text, (batch.extra_fees)::text,
    (batch.extra)::text
  ]::text[]) as offered
from unnest(
  $1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::timestamptz[],
  $7::text[], $8::text[], $9::text[], $10::text[], $11::text[], $12::numeric[],
  $13::numeric[], $14::numeric[], $15::numeric[], $16::numeric[], $17::numeric[],
  $18::numeric[], $19::numeric[], $20::numeric[], $21::numeric[], $22::text[],
  $23::text[], $24::jsonb[], $25::jsonb[]
) with ordinality as batch (
  account_id, transaction_id, currency, type, trade_id, exchange_ts, source,
  category, symbol, trans_sub_type, side, qty, size, trade_price, funding, fee,
  cash_flow, change, cash_balance, fee_rate, bonus_change, order_id, order_link_id,
  extra_fees, extra, position
)
left join lateral (
  select
    account_id, transaction_id, currency, type, trade_id, exchange_ts, source,
    category, symbol, trans_sub_type, side, qty, size, trade_price, funding, fee,
    cash_flow, change, cash_balance, fee_rate, bonus_change, order_id, order_link_id,
    extra_fees, extra
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
  or stored.order_link_id <> batch.order_link_id
  or stored.trans_sub_type <> batch.trans_sub_type
  or stored.fee_rate <> batch.fee_rate
  or stored.bonus_change <> batch.bonus_change
  or stored.extra_fees <> batch.extra_fees
  or ((stored.source = batch.source or exists (
  select
  from jsonb_each(stored.extra) as one
  join jsonb_each(batch.extra) as other using (key)
  where one.value <> other.value
)) and stored.extra is distinct from batch.extra)
order by position;
