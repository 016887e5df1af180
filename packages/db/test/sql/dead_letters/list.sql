-- $1 the id before the first, $2 most rows, $3 user
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
  (extract(epoch from created_at) * 1000)::bigint::text as created_at
from dead_letters
-- $1: the id before the first
where id > $1::bigint
  and (dead_letters.account_id is null or dead_letters.account_id in (select account_id from bybit_accounts where user_id = $3::uuid))
order by dead_letters.id
limit $2::integer;
