-- one array a column, in the order of the columns
insert into account_transactions as stored (
  account_id, transaction_id, currency, type, trade_id, exchange_ts, local_ts,
  source, category, symbol, trans_sub_type, side, qty, size, trade_price, funding,
  fee, cash_flow, change, cash_balance, fee_rate, bonus_change, order_id,
  order_link_id, extra_fees, extra
)
select
  ($1::uuid[])[1],
  ($2::text[])[1],
  ($3::text[])[1],
  ($4::text[])[1],
  ($5::text[])[1],
  unnest($6::timestamptz[]),
  ($7::timestamptz[])[1],
  ($8::text[])[1],
  ($9::text[])[1],
  ($10::text[])[1],
  ($11::text[])[1],
  ($12::text[])[1],
  ($13::numeric[])[1],
  ($14::numeric[])[1],
  ($15::numeric[])[1],
  ($16::numeric[])[1],
  ($17::numeric[])[1],
  ($18::numeric[])[1],
  ($19::numeric[])[1],
  ($20::numeric[])[1],
  ($21::numeric[])[1],
  ($22::numeric[])[1],
  ($23::text[])[1],
  ($24::text[])[1],
  ($25::jsonb[])[1],
  ($26::jsonb[])[1]
on conflict do nothing;
