-- $1 rows as JSON, $2 number, $3 evidence
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

insert into coverage_spans (id, from_ts, to_ts, stream_id, evidence)
select distinct on (stream.id, named.from_ts)
  $2::bigint, named.from_ts, named.to_ts, stream.id, $3::coverage_evidence
from jsonb_to_recordset($1::jsonb) as named (channel text, category text, symbol text, variant text, account_id uuid, from_ts timestamptz, to_ts timestamptz)
join streams stream on (stream.channel, stream.symbol, stream.category, stream.variant)
    = (named.channel, named.symbol, named.category, named.variant)
    and stream.account_id is not distinct from named.account_id
order by stream.id, named.from_ts, named.to_ts
on conflict do nothing;
