-- $1 first day, $2 last day; $3 user
select channel, category, symbol, variant, account_id, wanted, covered, gaps, largest
from (
  select stream_id, sum(wanted_ms)::text as wanted, sum(covered_ms)::text as covered,
    sum(gaps)::text as gaps, max(largest_gap_ms) as largest
  from coverage_quality($1::date, $2::date)
  group by stream_id
) summed
join streams stream on stream.id = stream_id
where (stream.account_id is null or stream.account_id in (select account_id from bybit_accounts where user_id = $3::uuid))
order by channel, category, symbol, variant, account_id;
