-- one array a column, in the order of the columns
select position::integer,
  stored.account_id is null as is_missing,
  array_to_json(array[
    (stored.wallet_balance <> batch.wallet_balance)::text,
    (stored.equity <> batch.equity)::text,
    (stored.account_ltv <> batch.account_ltv)::text,
    (stored.free <> batch.free)::text,
    (stored.available_balance <> batch.available_balance)::text,
    (stored.available_to_borrow <> batch.available_to_borrow)::text,
    (((stored.source = batch.source or exists (
      select
      from jsonb_each(stored.extra) as one
      join jsonb_each(batch.extra) as other using (key)
      where one.value <> other.value
    )) and stored.extra is distinct from batch.extra))::text
  ]::text[]) as differs,
  array_to_json(array[
    (stored.wallet_balance)::text, (stored.equity)::text, (stored.account_ltv)::text,
    (stored.free)::text, (stored.available_balance)::text,
    (stored.available_to_borrow)::text, (stored.extra)::text
  ]::text[]) as stored,
  array_to_json(array[
    (batch.wallet_balance)::text, (batch.equity)::text, (batch.account_ltv)::text,
    (batch.free)::text, (batch.available_balance)::text,
    (batch.available_to_borrow)::text, (batch.extra)::text
  ]::text[]) as offered
from unnest(
  $1::uuid[], $2::text[], $3::text[], $4::timestamptz[], $5::text[], $6::numeric[],
  $7::numeric[], $8::numeric[], $9::numeric[], $10::numeric[], $11::numeric[],
  $12::jsonb[], $13::text[]
) with ordinality as batch (
  account_id, account_type, coin, exchange_ts, source, account_ltv, equity,
  wallet_balance, free, available_balance, available_to_borrow, extra,
  content_hash, position
)
left join lateral (
  select
    account_id, account_type, coin, exchange_ts, source, account_ltv, equity,
    wallet_balance, free, available_balance, available_to_borrow, extra,
    content_hash
  from wallet_snapshots stored
  where stored.account_id = batch.account_id
    and stored.account_type = batch.account_type
    and stored.coin = batch.coin
    and stored.exchange_ts = batch.exchange_ts
    and stored.content_hash = batch.content_hash
  offset 0
) as stored on true
where stored.account_id is null
  or stored.wallet_balance <> batch.wallet_balance
  or stored.equity <> batch.equity
  or stored.account_ltv <> batch.account_ltv
  or stored.free <> batch.free
  or stored.available_balance <> batch.available_balance
  or stored.available_to_borrow <> batch.available_to_borrow
  or ((stored.source = batch.source or exists (
  select
  from jsonb_each(stored.extra) as one
  join jsonb_each(batch.extra) as other using (key)
  where one.value <> other.value
)) and stored.extra is distinct from batch.extra)
order by position;
