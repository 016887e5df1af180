-- $1 gap, $2 start, $3 end, exclusive
update capture_gaps
set rest = coalesce(rest, tstzmultirange(tstzrange(start_ts, end_ts + interval '1 millisecond'))) - tstzmultirange(tstzrange($2::timestamptz, $3::timestamptz)),
  state = case
    when isempty(coalesce(rest, tstzmultirange(tstzrange(start_ts, end_ts + interval '1 millisecond'))) - tstzmultirange(tstzrange($2::timestamptz, $3::timestamptz))) then 'filled'
    when coalesce(rest, tstzmultirange(tstzrange(start_ts, end_ts + interval '1 millisecond'))) - tstzmultirange(tstzrange($2::timestamptz, $3::timestamptz)) = tstzmultirange(tstzrange(start_ts, end_ts + interval '1 millisecond')) then state
    else 'partial' end,
  updated_at = now()
where id = $1::uuid and account_id is null and state in ('open', 'partial')
returning state::text as state, (
  select json_agg(json_build_array(
    (extract(epoch from lower(part)) * 1000)::bigint,
    (extract(epoch from upper(part)) * 1000)::bigint
  ))::text
  from unnest(rest) as part
) as rest;
