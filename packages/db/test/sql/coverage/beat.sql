-- first, of quiet lines only: $1 lines, $2 times; then: $1 collector, $2 time, $3 hundredths of a second by slot
update coverage_lines line
set quiet_since = said.until
from unnest($1::integer[], $2::timestamptz[]) as said (id, until)
where line.id = said.id and line.alive_until is null and line.quiet_since is distinct from said.until;

insert into collector_beats as stored (collector_id, beat_at, behind_cs)
values ($1::integer, $2::timestamptz, $3::smallint[])
on conflict (collector_id) do update
  set beat_at = excluded.beat_at, behind_cs = excluded.behind_cs
  where stored.beat_at <= excluded.beat_at;
