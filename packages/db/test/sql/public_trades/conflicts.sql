-- one array a column; then the first and the last exchange time
select position::integer,
  stored.category is null as is_missing,
  array_to_json(array[
    (stored.side <> batch.side)::text, (stored.price <> batch.price)::text,
    (stored.size <> batch.size)::text,
    (stored.is_block_trade <> batch.is_block_trade)::text,
    (stored.is_rpi_trade <> batch.is_rpi_trade)::text,
    (stored.tick_direction <> batch.tick_direction)::text,
    (stored.mark_price <> batch.mark_price)::text,
    (stored.index_price <> batch.index_price)::text,
    (stored.mark_iv <> batch.mark_iv)::text, (stored.iv <> batch.iv)::text,
    ((stored.seq >= 0 and batch.seq >= 0 and stored.seq is distinct from batch.seq))::text
  ]::text[]) as differs,
  array_to_json(array[
    (stored.side)::text, (stored.price)::text, (stored.size)::text,
    (stored.is_block_trade)::text, (stored.is_rpi_trade)::text,
    (stored.tick_direction)::text, (stored.mark_price)::text,
    (stored.index_price)::text, (stored.mark_iv)::text, (stored.iv)::text,
    (stored.seq)::text
  ]::text[]) as stored,
  array_to_json(array[
    (batch.side)::text, (batch.price)::text, (batch.size)::text,
    (batch.is_block_trade)::text, (batch.is_rpi_trade)::text,
    (batch.tick_direction)::text, (batch.mark_price)::text,
    (batch.index_price)::text, (batch.mark_iv)::text, (batch.iv)::text,
    (batch.seq)::text
  ]::text[]) as offered
from unnest(
  $1::text[], $2::text[], $3::timestamptz[], $4::text[], $5::text[], $6::numeric[],
  $7::numeric[], $8::text[], $9::boolean[], $10::boolean[], $11::bigint[],
  $12::numeric[], $13::numeric[], $14::numeric[], $15::numeric[], $16::text[]
) with ordinality as batch (
  category, symbol, exchange_ts, trade_id, side, price, size, tick_direction,
  is_block_trade, is_rpi_trade, seq, mark_price, index_price, mark_iv, iv, source,
  position
)
left join lateral (
  select
    category, symbol, exchange_ts, trade_id, side, price, size, tick_direction,
    is_block_trade, is_rpi_trade, seq, mark_price, index_price, mark_iv, iv, source
  from public_trades_wide stored
  where stored.category = batch.category
    and stored.symbol = batch.symbol
    and stored.exchange_ts = batch.exchange_ts
    and stored.trade_id = batch.trade_id
    and trade_stream_key(stored.category, stored.symbol) = trade_stream_key(batch.category, batch.symbol)
    and trade_second(stored.exchange_ts) = trade_second(batch.exchange_ts)
    and trade_id_key(stored.category, stored.symbol, stored.trade_id, stored.exchange_ts) = trade_id_key(batch.category, batch.symbol, batch.trade_id, batch.exchange_ts)
    and stored.exchange_ts between $17::timestamptz and $18::timestamptz
  offset 0
) as stored on true
where stored.category is null
  or stored.side <> batch.side
  or stored.price <> batch.price
  or stored.size <> batch.size
  or stored.is_block_trade <> batch.is_block_trade
  or stored.is_rpi_trade <> batch.is_rpi_trade
  or stored.tick_direction <> batch.tick_direction
  or stored.mark_price <> batch.mark_price
  or stored.index_price <> batch.index_price
  or stored.mark_iv <> batch.mark_iv
  or stored.iv <> batch.iv
  or (stored.seq >= 0 and batch.seq >= 0 and stored.seq is distinct from batch.seq)
order by position;
