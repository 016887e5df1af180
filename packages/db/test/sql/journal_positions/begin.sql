-- $1 collector, $2 channel, $3 journal, $4 to
insert into journal_positions as stored (collector, channel, journal_id, position)
values ($1::text, $2::text, $3::uuid, $4::bigint)
on conflict (collector, channel) do update
  set journal_id = excluded.journal_id, position = excluded.position, moved_at = now()
  where stored.journal_id <> excluded.journal_id;
