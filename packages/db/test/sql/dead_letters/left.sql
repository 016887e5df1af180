-- $1 ids, $2 reasons
update dead_letters
set reason = tried.reason, tried_at = now()
from unnest($1::bigint[], $2::text[]) as tried (id, reason)
where dead_letters.id = tried.id and state = 'waiting' and dead_letters.account_id in (select account_id from bybit_accounts where user_id = $3::uuid);
