-- one array a column, in the order of the columns
insert into dead_letters as stored (
  code, reason, field, category, channel, topic, symbol, account_id, source,
  local_ts, collector, raw, identity
)
select
  unnest($1::text[]),
  unnest($2::text[]),
  unnest($3::text[]),
  unnest($4::text[]),
  unnest($5::text[]),
  unnest($6::text[]),
  unnest($7::text[]),
  unnest($8::uuid[]),
  unnest($9::text[]),
  unnest($10::timestamptz[]),
  unnest($11::text[]),
  unnest($12::bytea[]),
  unnest($13::bytea[])
on conflict do nothing;
