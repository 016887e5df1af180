-- $1 collector, $2 time
with retired as (
  update collectors
  set retired_at = coalesce(retired_at, now())
  where name = $1::text
)
update wanted_spans
set to_ts = greatest(from_ts, $2::timestamptz)
where collector = $1::text and to_ts is null;
