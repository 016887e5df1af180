-- $1 rows as JSON, $2 collector
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

insert into wanted_spans (stream_id, collector, from_ts)
select stream.id, $2::text, min(named.from_ts)
from jsonb_to_recordset($1::jsonb) as named (channel text, category text, symbol text, variant text, account_id uuid, from_ts timestamptz)
join streams stream on (stream.channel, stream.symbol, stream.category, stream.variant)
    = (named.channel, named.symbol, named.category, named.variant)
    and stream.account_id is not distinct from named.account_id
group by stream.id
-- Wanted already, or a call that is repeated.
on conflict do nothing;
