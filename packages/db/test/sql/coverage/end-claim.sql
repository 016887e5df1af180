-- $1 rows as JSON, $2 line
update coverage_spans span
set to_ts = greatest(span.from_ts, least(span.to_ts, named.to_ts))
from jsonb_to_recordset($1::jsonb) as named (channel text, category text, symbol text, variant text, account_id uuid, from_ts timestamptz, to_ts timestamptz)
join streams stream on (stream.channel, stream.symbol, stream.category, stream.variant)
    = (named.channel, named.symbol, named.category, named.variant)
    and stream.account_id is not distinct from named.account_id
join coverage_lines line on line.id = $2::integer
where (span.line_id, span.stream_id, span.from_ts)
    = (line.id, stream.id, greatest(named.from_ts, line.opened_at))
  and span.to_ts is distinct from greatest(span.from_ts, least(span.to_ts, named.to_ts));
