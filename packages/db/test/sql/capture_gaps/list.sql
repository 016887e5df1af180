-- $1 state, $2 account, $3 from, $4 to: each may be null; $5 user
select
  category::text as category,
  channel::text as channel,
  symbol::text as symbol,
  variant::text as variant,
  account_id::text as account_id,
  (extract(epoch from start_ts) * 1000)::bigint::text as start_ts,
  (extract(epoch from end_ts) * 1000)::bigint::text as end_ts,
  reason::text as reason,
  state::text as state,
  collector::text as collector,
  id::text as id,
  (extract(epoch from created_at) * 1000)::bigint::text as created_at,
  (extract(epoch from updated_at) * 1000)::bigint::text as updated_at
from capture_gaps
-- $1: state, $2: account, $3: start and $4: end of the interval; each may be null
where ($1::text is null or state = $1)
  and ($2::uuid is null or account_id = $2)
  and ($3::timestamptz is null or end_ts >= $3)
  and ($4::timestamptz is null or start_ts < $4)
  and (capture_gaps.account_id is null or capture_gaps.account_id in (select account_id from bybit_accounts where user_id = $5::uuid))
order by start_ts, end_ts, capture_gaps.id;
