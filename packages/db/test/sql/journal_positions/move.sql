-- $1 collector, $2 channel, $3 journal, $4 from, $5 to, $6 stored until, which may be null
update journal_positions
set position = $5::bigint, stored_until = greatest(stored_until, $6::timestamptz), moved_at = now()
where (collector, channel, journal_id, position) = ($1::text, $2::text, $3::uuid, $4::bigint);
