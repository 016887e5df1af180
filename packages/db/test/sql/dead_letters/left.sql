-- $1 ids, $2 reasons
update dead_letters
set reason = tried.reason, tried_at = now()
from unnest($1::bigint[], $2::text[]) as tried (id, reason)
where dead_letters.id = tried.id and state = 'waiting';
