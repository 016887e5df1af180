-- $1 rows as JSON
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

insert into coverage_losses
  (from_ts, to_ts, stream_id, channel, collector_id, line_id, journal_position, reason, items)
select named.from_ts, named.to_ts, stream.id, named.of_channel, named.collector_id, named.line_id,
  named.journal_position, named.reason, named.items
from jsonb_to_recordset($1::jsonb) as named (channel text, category text, symbol text, variant text, account_id uuid, from_ts timestamptz, to_ts timestamptz,
  of_channel text, collector_id integer, line_id integer, journal_position bigint, reason text, items bigint)
left join streams stream on (stream.channel, stream.symbol, stream.category, stream.variant)
    = (named.channel, named.symbol, named.category, named.variant)
    and stream.account_id is not distinct from named.account_id
on conflict do nothing;
