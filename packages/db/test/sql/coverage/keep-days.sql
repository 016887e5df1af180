-- first: $1 most days; then of each: $1 day

    select row_security_active('users') and not grid_ingests() as is_bound,
      current_user::text as me;

with past as (
  delete from coverage_midnights
  where day < (now() at time zone 'UTC')::date
)
insert into coverage_midnights (day)
values ((now() at time zone 'UTC')::date)
on conflict (day) do nothing;

with past as (
  select today - case when exists (
      select from coverage_midnights
      where day = today and noted_in < pg_snapshot_xmin(pg_current_snapshot())
    ) then 1 else 2 end as last
  from (select (now() at time zone 'UTC')::date as today) clock
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
