-- $1 ids
update dead_letters
set state = 'retried', tried_at = now()
where id = any($1::bigint[]) and state = 'waiting';
