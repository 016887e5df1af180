-- $1 states, $2 account, $3 from, $4 to, $5 to $8 stream: each may be null; $9 user
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
  (extract(epoch from updated_at) * 1000)::bigint::text as updated_at,
  (
    select json_agg(json_build_array(
      (extract(epoch from lower(part)) * 1000)::bigint,
      (extract(epoch from upper(part)) * 1000)::bigint
    ))::text
    from unnest(rest) as part
  ) as rest
from capture_gaps
-- $1: states, $2: account, $3: start and $4: end of the interval; each may be null
where ($1::text[] is null or state = any($1))
  and ($2::uuid is null or account_id = $2)
  and ($3::timestamptz is null or end_ts >= $3)
  and ($4::timestamptz is null or start_ts < $4)
  -- $5: channel, $6: category, $7: symbol, $8: variant of the stream
  and ($5::text is null or
    (channel, category, symbol) = ($5, $6::text, $7::text) and variant is not distinct from $8::text)
  and (capture_gaps.account_id is null or capture_gaps.account_id in (select account_id from bybit_accounts where user_id = $9::uuid))
order by start_ts, end_ts, capture_gaps.id;
