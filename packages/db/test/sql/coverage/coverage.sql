-- $1 to $5 stream, $6 from, $7 to; $8 user
select state, (extract(epoch from from_ts) * 1000)::bigint::text as from, (extract(epoch from to_ts) * 1000)::bigint::text as to, evidence::text as evidence
from (
  select $1::text as channel, $2::text as category, $3::text as symbol, $4::text as variant,
    $5::uuid as account_id
) named
join streams stream on (stream.channel, stream.symbol, stream.category, stream.variant)
    = (named.channel, named.symbol, named.category, named.variant)
    and stream.account_id is not distinct from named.account_id
cross join lateral stream_coverage(stream.id, $6::timestamptz, $7::timestamptz)
where (stream.account_id is null or stream.account_id in (select account_id from bybit_accounts where user_id = $8::uuid))
order by from_ts;
