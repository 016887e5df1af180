-- $1 line, $2 time, $3 cause
update coverage_lines
set alive_until = $2::timestamptz, cause = $3::text
where id = $1::integer and alive_until is null;
