-- $1 ids
update dead_letters
set state = 'retried', tried_at = now()
where id = any($1::bigint[]) and state = 'waiting' and dead_letters.account_id in (select account_id from bybit_accounts where user_id = $2::uuid);
