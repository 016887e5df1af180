-- first: $1 most days; then of each: $1 day

    select row_security_active('users') and not grid_ingests() as is_bound,
      current_user::text as me;

with past as (
  select (date_trunc('day', now() at time zone 'UTC') - interval '2 days')::date as last
)
select to_char(day, 'YYYY-MM-DD') as day
from (
  select day from coverage_dirty, past
  where day <= last
  union
  select wanted.day::date
  from past, generate_series(
    (select date_trunc('day', min(from_ts) at time zone 'UTC') from wanted_spans),
    last::timestamp, interval '1 day') as wanted (day)
  where not exists (select from coverage_days kept where kept.day = wanted.day::date)
    and exists (
      select from wanted_spans
      where from_ts < (wanted.day + interval '1 day') at time zone 'UTC'
        and coalesce(to_ts, 'infinity') > wanted.day at time zone 'UTC'
    )
) due
order by day desc
limit $1::integer;

begin;

lock table coverage_days in share row exclusive mode;

delete from coverage_dirty where day = $1::date;

delete from coverage_days where day = $1::date;

insert into coverage_days select * from compute_coverage_day($1::date);

commit;
