-- $1 collector
select line.id, slot, journal_position::text as position, account_id::text as account_id,
  (extract(epoch from opened_at) * 1000)::bigint::text as opened_at,
  (extract(epoch from coalesce(beat_at - interval '10 ms' * behind_cs[slot + 1], quiet_since)) * 1000)::bigint::text as until
from coverage_lines line
left join collector_beats using (collector_id)
where collector_id = $1::integer and alive_until is null
order by journal_position;
