-- $1 since
update private_executions t
set run_id = found.run_id
from (
  select t.ctid,
    grid_run_of(t.account_id, t.category, t.symbol, t.exchange_ts) as run_id
  from private_executions t
  -- $1: since
  where t.run_id is null and t.exchange_ts >= $1::timestamptz
    and t.account_id in (select account_id from runs)
) found
where found.ctid = t.ctid and t.run_id is null and found.run_id is not null;

update orders t
set run_id = found.run_id
from (
  select t.ctid,
    grid_run_of(t.account_id, t.category, t.symbol, t.exchange_ts) as run_id
  from orders t
  -- $1: since
  where t.run_id is null and t.exchange_ts >= $1::timestamptz
    and t.account_id in (select account_id from runs)
) found
where found.ctid = t.ctid and t.run_id is null and found.run_id is not null;

update order_states t
set run_id = found.run_id
from (
  select t.ctid,
    grid_run_of(t.account_id, t.category, t.symbol, t.exchange_ts) as run_id
  from order_states t
  -- $1: since
  where t.run_id is null and t.exchange_ts >= $1::timestamptz
    and t.account_id in (select account_id from runs)
) found
where found.ctid = t.ctid and t.run_id is null and found.run_id is not null;

update position_snapshots t
set run_id = found.run_id
from (
  select t.ctid,
    grid_run_of(t.account_id, t.category, t.symbol, t.exchange_ts) as run_id
  from position_snapshots t
  -- $1: since
  where t.run_id is null and t.exchange_ts >= $1::timestamptz
    and t.account_id in (select account_id from runs)
) found
where found.ctid = t.ctid and t.run_id is null and found.run_id is not null;

update wallet_snapshots t
set run_id = found.run_id
from (
  select t.ctid,
    grid_run_of(t.account_id, null, null, t.exchange_ts) as run_id
  from wallet_snapshots t
  -- $1: since
  where t.run_id is null and t.exchange_ts >= $1::timestamptz
    and t.account_id in (select account_id from runs)
) found
where found.ctid = t.ctid and t.run_id is null and found.run_id is not null;

update account_transactions t
set run_id = found.run_id
from (
  select t.ctid,
    grid_run_of(t.account_id, t.category, t.symbol, t.exchange_ts) as run_id
  from account_transactions t
  -- $1: since
  where t.run_id is null and t.exchange_ts >= $1::timestamptz
    and t.account_id in (select account_id from runs)
) found
where found.ctid = t.ctid and t.run_id is null and found.run_id is not null;
