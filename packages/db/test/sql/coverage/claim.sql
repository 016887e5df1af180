-- $1 rows as JSON, $2 line
insert into streams (channel, category, symbol, variant, account_id)
select distinct channel, category, symbol, variant, account_id
from jsonb_to_recordset($1::jsonb) as named (channel text, category text, symbol text, variant text, account_id uuid)
where not exists (
  select from streams stream
  where (stream.channel, stream.symbol, stream.category, stream.variant)
      = (named.channel, named.symbol, named.category, named.variant)
      and stream.account_id is not distinct from named.account_id
)
on conflict do nothing;

insert into coverage_spans (from_ts, stream_id, line_id, evidence)
select distinct on (stream.id, greatest(named.from_ts, line.opened_at))
  greatest(named.from_ts, line.opened_at), stream.id, line.id, 'live'::coverage_evidence
from jsonb_to_recordset($1::jsonb) as named (channel text, category text, symbol text, variant text, account_id uuid, from_ts timestamptz)
join streams stream on (stream.channel, stream.symbol, stream.category, stream.variant)
    = (named.channel, named.symbol, named.category, named.variant)
    and stream.account_id is not distinct from named.account_id
join coverage_lines line on line.id = $2::integer
on conflict (line_id, stream_id, from_ts) where line_id is not null do nothing;
