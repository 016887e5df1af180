-- $1 collector
select channel, category, symbol, variant, account_id::text as account_id, (extract(epoch from from_ts) * 1000)::bigint::text as from
from wanted_spans
join streams on streams.id = stream_id
where collector = $1::text and to_ts is null
order by channel, category, symbol, variant, account_id;
