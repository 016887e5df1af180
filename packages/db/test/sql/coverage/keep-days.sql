-- first: $1 most days; then of each: $1 day

    select row_security_active('users') and not grid_ingests() as is_bound,
      current_user::text as me;

select to_char(due.day, 'YYYY-MM-DD') as day
from generate_series(
  (select date_trunc('day', min(from_ts) at time zone 'UTC') from wanted_spans),
  date_trunc('day', now() at time zone 'UTC') - interval '2 days', interval '1 day') as due (day)
where exists (select from coverage_dirty where coverage_dirty.day = due.day::date)
  or not exists (select from coverage_days kept where kept.day = due.day::date)
  and exists (select from wanted_spans where from_ts < (due.day + interval '1 day') at time zone 'UTC'
    and coalesce(to_ts, 'infinity') > due.day at time zone 'UTC')
order by due.day desc
limit $1::integer;

begin;

lock table coverage_days in share row exclusive mode;

delete from coverage_dirty where day = $1::date;

delete from coverage_days where day = $1::date;

insert into coverage_days select * from compute_coverage_day($1::date);

commit;
