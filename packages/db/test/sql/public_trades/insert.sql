-- one array a column, in the order of the columns
insert into public_trades as stored (
  symbol, exchange_ts, trade_id, local_ts, side, price, size, seq, match_index,
  source, category, flags, details
)
select
  ($1::text[])[1],
  unnest($2::timestamptz[]),
  ($3::text[])[1],
  ($4::timestamptz[])[1],
  ($5::text[])[1],
  ($6::numeric[])[1],
  ($7::numeric[])[1],
  ($8::bigint[])[1],
  ($9::integer[])[1],
  ($10::text[])[1],
  ('{linear,inverse,spot,option}'::market_category[])[($11::integer[])[1]],
  ($12::integer[])[1],
  ($13::text[])[1]
on conflict do nothing;
