-- one array a column, in the order of the columns
select position::integer,
  stored.account_id is null as is_missing,
  array[
    (stored.wallet_balance <> batch.wallet_balance)::text,
    (stored.equity <> batch.equity)::text
  ]::text[] as differs,
  array[
    (stored.wallet_balance)::text, (stored.equity)::text
  ]::text[] as stored,
  array[
    (batch.wallet_balance)::text, (batch.equity)::text
  ]::text[] as offered
from unnest(
  $1::uuid[], $2::text[], $3::text[], $4::timestamptz[], $5::numeric[],
  $6::numeric[], $7::text[]
) with ordinality as batch (
  account_id, account_type, coin, exchange_ts, equity, wallet_balance,
  content_hash, position
)
left join lateral (
  select
    account_id, account_type, coin, exchange_ts, equity, wallet_balance,
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
order by position;
