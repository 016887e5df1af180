-- $1 collector, $2 position, $3 time
update coverage_losses
set to_ts = greatest(from_ts + interval '1 ms', $3::timestamptz)
where (collector_id, journal_position) = ($1::integer, $2::bigint) and to_ts is null;
