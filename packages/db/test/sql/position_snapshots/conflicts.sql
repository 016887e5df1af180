-- one array a column, in the order of the columns
select position::integer,
  stored.account_id is null as is_missing,
  array_to_json(array[
    (stored.side <> batch.side)::text, (stored.size <> batch.size)::text,
    (stored.entry_price <> batch.entry_price)::text,
    (stored.bust_price <> batch.bust_price)::text,
    (stored.position_balance <> batch.position_balance)::text,
    (stored.trade_mode <> batch.trade_mode)::text,
    (stored.tpsl_mode <> batch.tpsl_mode)::text,
    ((stored.source = batch.source and stored.net_delta_ratio is not null and batch.net_delta_ratio is not null and stored.net_delta_ratio is distinct from batch.net_delta_ratio))::text,
    (((stored.source = batch.source or exists (
      select
      from jsonb_each(stored.extra) as one
      join jsonb_each(batch.extra) as other using (key)
      where one.value <> other.value
    )) and stored.extra is distinct from batch.extra))::text
  ]::text[]) as differs,
  array_to_json(array[
    (stored.side)::text, (stored.size)::text, (stored.entry_price)::text,
    (stored.bust_price)::text, (stored.position_balance)::text,
    (stored.trade_mode)::text, (stored.tpsl_mode)::text,
    (stored.net_delta_ratio)::text, (stored.extra)::text
  ]::text[]) as stored,
  array_to_json(array[
    (batch.side)::text, (batch.size)::text, (batch.entry_price)::text,
    (batch.bust_price)::text, (batch.position_balance)::text,
    (batch.trade_mode)::text, (batch.tpsl_mode)::text, (batch.net_delta_ratio)::text,
    (batch.extra)::text
  ]::text[]) as offered
from unnest(
  $1::uuid[], $2::text[], $3::text[], $4::integer[], $5::timestamptz[], $6::text[],
  $7::text[], $8::numeric[], $9::numeric[], $10::numeric[], $11::numeric[],
  $12::integer[], $13::text[], $14::numeric[], $15::jsonb[], $16::text[]
) with ordinality as batch (
  account_id, category, symbol, position_idx, exchange_ts, source, side, size,
  entry_price, bust_price, position_balance, trade_mode, tpsl_mode,
  net_delta_ratio, extra, content_hash, position
)
left join lateral (
  select
    account_id, category, symbol, position_idx, exchange_ts, source, side, size,
    entry_price, bust_price, position_balance, trade_mode, tpsl_mode,
    net_delta_ratio, extra, content_hash
  from position_snapshots stored
  where stored.account_id = batch.account_id
    and stored.category = batch.category
    and stored.symbol = batch.symbol
    and stored.position_idx = batch.position_idx
    and stored.exchange_ts = batch.exchange_ts
    and stored.content_hash = batch.content_hash
  offset 0
) as stored on true
where stored.account_id is null
  or stored.side <> batch.side
  or stored.size <> batch.size
  or stored.entry_price <> batch.entry_price
  or stored.bust_price <> batch.bust_price
  or stored.position_balance <> batch.position_balance
  or stored.trade_mode <> batch.trade_mode
  or stored.tpsl_mode <> batch.tpsl_mode
  or (stored.source = batch.source and stored.net_delta_ratio is not null and batch.net_delta_ratio is not null and stored.net_delta_ratio is distinct from batch.net_delta_ratio)
  or ((stored.source = batch.source or exists (
  select
  from jsonb_each(stored.extra) as one
  join jsonb_each(batch.extra) as other using (key)
  where one.value <> other.value
)) and stored.extra is distinct from batch.extra)
order by position;
