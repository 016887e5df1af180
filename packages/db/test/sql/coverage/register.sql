-- $1 name, $2 journal
insert into collectors (name, journal_id)
select $1::text, $2::uuid
where not exists (select from collectors where (name, journal_id) = ($1::text, $2::uuid))
on conflict do nothing;

update collectors
set retired_at = null
where (name, journal_id) = ($1::text, $2::uuid)
returning id;
