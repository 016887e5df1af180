-- $1 the id before the first, $2 most rows, $3 to $8 conditions: each may be null; $9 user
select
  code::text as code,
  reason::text as reason,
  field::text as field,
  category::text as category,
  channel::text as channel,
  topic::text as topic,
  symbol::text as symbol,
  account_id::text as account_id,
  source::text as source,
  (extract(epoch from local_ts) * 1000000)::bigint::text as local_ts,
  collector::text as collector,
  encode(raw, 'hex') as raw,
  id::text as id,
  (extract(epoch from created_at) * 1000)::bigint::text as created_at,
  state::text as state,
  (extract(epoch from tried_at) * 1000)::bigint::text as tried_at
from dead_letters
-- $1: the id before the first
where id > $1::bigint
  -- $3: state, $4: code, $5: channel, $6 and $7: times of receipt, $8: ids; each may be null
  and ($3::text is null or state = $3)
  and ($4::text is null or code = $4)
  and ($5::text is null or channel = $5)
  and ($6::timestamptz is null or local_ts >= $6)
  and ($7::timestamptz is null or local_ts < $7)
  and ($8::bigint[] is null or id = any($8))
  and (dead_letters.account_id is null or dead_letters.account_id in (select account_id from bybit_accounts where user_id = $9::uuid))
order by dead_letters.id
limit $2::integer;
