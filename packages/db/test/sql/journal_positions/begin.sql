-- $1 collector, $2 channel, $3 journal, $4 to, $5 stored until, which may be null
insert into journal_positions as stored (collector, channel, journal_id, position, stored_until)
values ($1::text, $2::text, $3::uuid, $4::bigint, $5::timestamptz)
on conflict (collector, channel) do update
  set journal_id = excluded.journal_id, position = excluded.position,
    stored_until = excluded.stored_until, moved_at = now()
  where stored.journal_id <> excluded.journal_id;
