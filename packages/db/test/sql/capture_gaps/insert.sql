-- one array a column, in the order of the columns
insert into capture_gaps as stored (
  category, channel, symbol, variant, account_id, start_ts, end_ts, reason, state,
  collector
)
select
  unnest($1::text[]),
  unnest($2::text[]),
  unnest($3::text[]),
  unnest($4::text[]),
  unnest($5::uuid[]),
  unnest($6::timestamptz[]),
  unnest($7::timestamptz[]),
  unnest($8::text[]),
  unnest($9::text[]),
  unnest($10::text[])
on conflict do nothing;
