-- $1 rows as JSON, $2 collector
update wanted_spans span
set to_ts = greatest(span.from_ts, named.to_ts)
from jsonb_to_recordset($1::jsonb) as named (channel text, category text, symbol text, variant text, account_id uuid, from_ts timestamptz, to_ts timestamptz)
join streams stream on (stream.channel, stream.symbol, stream.category, stream.variant)
    = (named.channel, named.symbol, named.category, named.variant)
    and stream.account_id is not distinct from named.account_id
where (span.stream_id, span.collector, span.from_ts) = (stream.id, $2::text, named.from_ts)
  and span.to_ts is null;
