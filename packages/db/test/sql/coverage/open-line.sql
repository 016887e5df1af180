-- $1 collector, $2 position, $3 time, $4 account or null
with opened as (
  insert into coverage_lines (collector_id, journal_position, opened_at, account_id, slot)
  select $1::integer, $2::bigint, $3::timestamptz, $4::uuid, min(free)
  from generate_series(0, (
    select count(*) from coverage_lines where collector_id = $1::integer and alive_until is null
  )) free
  where not exists (
    select from coverage_lines where collector_id = $1::integer and alive_until is null and slot = free
  )
  on conflict (collector_id, journal_position) do nothing
  returning id, slot
)
select id, slot from opened
union all
select id, slot from coverage_lines
where (collector_id, journal_position) = ($1::integer, $2::bigint);
