-- one array a column; then the first and the last exchange time
select position::integer,
  stored.category is null as is_missing,
  array_to_json(array[
    ((batch.changed & ~stored.changed <> 0 and stored.changed is distinct from batch.changed))::text,
    (((stored.source = batch.source or exists (
      select
      from jsonb_each(stored.extra) as one
      join jsonb_each(batch.extra) as other using (key)
      where one.value <> other.value
    )) and stored.extra is distinct from batch.extra))::text,
    ((stored.changed & batch.changed & 1 <> 0 and stored.tick_direction is distinct from batch.tick_direction))::text,
    ((stored.changed & batch.changed & 2 <> 0 and stored.last_price is distinct from batch.last_price))::text,
    ((stored.changed & batch.changed & 4 <> 0 and stored.price24h_pcnt is distinct from batch.price24h_pcnt))::text,
    ((stored.changed & batch.changed & 8 <> 0 and stored.prev_price24h is distinct from batch.prev_price24h))::text,
    ((stored.changed & batch.changed & 16 <> 0 and stored.high_price24h is distinct from batch.high_price24h))::text,
    ((stored.changed & batch.changed & 32 <> 0 and stored.low_price24h is distinct from batch.low_price24h))::text,
    ((stored.changed & batch.changed & 64 <> 0 and stored.prev_price1h is distinct from batch.prev_price1h))::text,
    ((stored.changed & batch.changed & 128 <> 0 and stored.mark_price is distinct from batch.mark_price))::text,
    ((stored.changed & batch.changed & 256 <> 0 and stored.index_price is distinct from batch.index_price))::text,
    ((stored.changed & batch.changed & 512 <> 0 and stored.open_interest is distinct from batch.open_interest))::text,
    ((stored.changed & batch.changed & 1024 <> 0 and stored.open_interest_value is distinct from batch.open_interest_value))::text,
    ((stored.changed & batch.changed & 2048 <> 0 and stored.single_open_interest is distinct from batch.single_open_interest))::text,
    ((stored.changed & batch.changed & 4096 <> 0 and stored.single_open_interest_value is distinct from batch.single_open_interest_value))::text,
    ((stored.changed & batch.changed & 8192 <> 0 and stored.turnover24h is distinct from batch.turnover24h))::text,
    ((stored.changed & batch.changed & 16384 <> 0 and stored.volume24h is distinct from batch.volume24h))::text,
    ((stored.changed & batch.changed & 32768 <> 0 and stored.bid1_price is distinct from batch.bid1_price))::text,
    ((stored.changed & batch.changed & 65536 <> 0 and stored.bid1_size is distinct from batch.bid1_size))::text,
    ((stored.changed & batch.changed & 131072 <> 0 and stored.ask1_price is distinct from batch.ask1_price))::text,
    ((stored.changed & batch.changed & 262144 <> 0 and stored.ask1_size is distinct from batch.ask1_size))::text,
    ((stored.changed & batch.changed & 524288 <> 0 and stored.next_funding_time is distinct from batch.next_funding_time))::text,
    ((stored.changed & batch.changed & 1048576 <> 0 and stored.funding_rate is distinct from batch.funding_rate))::text,
    ((stored.changed & batch.changed & 2097152 <> 0 and stored.funding_interval_hour is distinct from batch.funding_interval_hour))::text,
    ((stored.changed & batch.changed & 4194304 <> 0 and stored.funding_cap is distinct from batch.funding_cap))::text,
    ((stored.changed & batch.changed & 8388608 <> 0 and stored.delivery_time is distinct from batch.delivery_time))::text,
    ((stored.changed & batch.changed & 16777216 <> 0 and stored.basis_rate is distinct from batch.basis_rate))::text,
    ((stored.changed & batch.changed & 33554432 <> 0 and stored.basis_rate_year is distinct from batch.basis_rate_year))::text,
    ((stored.changed & batch.changed & 67108864 <> 0 and stored.delivery_fee_rate is distinct from batch.delivery_fee_rate))::text,
    ((stored.changed & batch.changed & 134217728 <> 0 and stored.predicted_delivery_price is distinct from batch.predicted_delivery_price))::text,
    ((stored.changed & batch.changed & 268435456 <> 0 and stored.basis is distinct from batch.basis))::text,
    ((stored.changed & batch.changed & 536870912 <> 0 and stored.pre_open_price is distinct from batch.pre_open_price))::text,
    ((stored.changed & batch.changed & 1073741824 <> 0 and stored.pre_qty is distinct from batch.pre_qty))::text,
    ((stored.changed & batch.changed & 2147483648 <> 0 and stored.cur_pre_listing_phase is distinct from batch.cur_pre_listing_phase))::text,
    ((stored.changed & batch.changed & 4294967296 <> 0 and stored.usd_index_price is distinct from batch.usd_index_price))::text,
    ((stored.changed & batch.changed & 8589934592 <> 0 and stored.bid1_iv is distinct from batch.bid1_iv))::text,
    ((stored.changed & batch.changed & 17179869184 <> 0 and stored.ask1_iv is distinct from batch.ask1_iv))::text,
    ((stored.changed & batch.changed & 34359738368 <> 0 and stored.mark_iv is distinct from batch.mark_iv))::text,
    ((stored.changed & batch.changed & 68719476736 <> 0 and stored.underlying_price is distinct from batch.underlying_price))::text,
    ((stored.changed & batch.changed & 137438953472 <> 0 and stored.total_volume is distinct from batch.total_volume))::text,
    ((stored.changed & batch.changed & 274877906944 <> 0 and stored.total_turnover is distinct from batch.total_turnover))::text,
    ((stored.changed & batch.changed & 549755813888 <> 0 and stored.delta is distinct from batch.delta))::text,
    ((stored.changed & batch.changed & 1099511627776 <> 0 and stored.gamma is distinct from batch.gamma))::text,
    ((stored.changed & batch.changed & 2199023255552 <> 0 and stored.vega is distinct from batch.vega))::text,
    ((stored.changed & batch.changed & 4398046511104 <> 0 and stored.theta is distinct from batch.theta))::text,
    ((stored.changed & batch.changed & 8796093022208 <> 0 and stored.change24h is distinct from batch.change24h))::text
  ]::text[]) as differs,
  array_to_json(array[
    (stored.changed)::text, (stored.extra)::text, (stored.tick_direction)::text,
    (stored.last_price)::text, (stored.price24h_pcnt)::text,
    (stored.prev_price24h)::text, (stored.high_price24h)::text,
    (stored.low_price24h)::text, (stored.prev_price1h)::text,
    (stored.mark_price)::text, (stored.index_price)::text,
    (stored.open_interest)::text, (stored.open_interest_value)::text,
    (stored.single_open_interest)::text, (stored.single_open_interest_value)::text,
    (stored.turnover24h)::text, (stored.volume24h)::text, (stored.bid1_price)::text,
    (stored.bid1_size)::text, (stored.ask1_price)::text, (stored.ask1_size)::text,
    (stored.next_funding_time)::text, (stored.funding_rate)::text,
    (stored.funding_interval_hour)::text, (stored.funding_cap)::text,
    (stored.delivery_time)::text, (stored.basis_rate)::text,
    (stored.basis_rate_year)::text, (stored.delivery_fee_rate)::text,
    (stored.predicted_delivery_price)::text, (stored.basis)::text,
    (stored.pre_open_price)::text, (stored.pre_qty)::text,
    (stored.cur_pre_listing_phase)::text, (stored.usd_index_price)::text,
    (stored.bid1_iv)::text, (stored.ask1_iv)::text, (stored.mark_iv)::text,
    (stored.underlying_price)::text, (stored.total_volume)::text,
    (stored.total_turnover)::text, (stored.delta)::text, (stored.gamma)::text,
    (stored.vega)::text, (stored.theta)::text, (stored.change24h)::text
  ]::text[]) as stored,
  array_to_json(array[
    (batch.changed)::text, (batch.extra)::text, (batch.tick_direction)::text,
    (batch.last_price)::text, (batch.price24h_pcnt)::text,
    (batch.prev_price24h)::text, (batch.high_price24h)::text,
    (batch.low_price24h)::text, (batch.prev_price1h)::text, (batch.mark_price)::text,
    (batch.index_price)::text, (batch.open_interest)::text,
    (batch.open_interest_value)::text, (batch.single_open_interest)::text,
    (batch.single_open_interest_value)::text, (batch.turnover24h)::text,
    (batch.volume24h)::text, (batch.bid1_price)::text, (batch.bid1_size)::text,
    (batch.ask1_price)::text, (batch.ask1_size)::text,
    (batch.next_funding_time)::text, (batch.funding_rate)::text,
    (batch.funding_interval_hour)::text, (batch.funding_cap)::text,
    (batch.delivery_time)::text, (batch.basis_rate)::text,
    (batch.basis_rate_year)::text, (batch.delivery_fee_rate)::text,
    (batch.predicted_delivery_price)::text, (batch.basis)::text,
    (batch.pre_open_price)::text, (batch.pre_qty)::text,
    (batch.cur_pre_listing_phase)::text, (batch.usd_index_price)::text,
    (batch.bid1_iv)::text, (batch.ask1_iv)::text, (batch.mark_iv)::text,
    (batch.underlying_price)::text, (batch.total_volume)::text,
    (batch.total_turnover)::text, (batch.delta)::text, (batch.gamma)::text,
    (batch.vega)::text, (batch.theta)::text, (batch.change24h)::text
  ]::text[]) as offered
from unnest(
  $1::text[], $2::text[], $3::timestamptz[], $4::bigint[], $5::boolean[],
  $6::bigint[], $7::text[], $8::numeric[], $9::numeric[], $10::numeric[],
  $11::numeric[], $12::numeric[], $13::numeric[], $14::numeric[], $15::numeric[],
  $16::numeric[], $17::numeric[], $18::numeric[], $19::numeric[], $20::numeric[],
  $21::numeric[], $22::numeric[], $23::numeric[], $24::numeric[], $25::numeric[],
  $26::timestamptz[], $27::numeric[], $28::numeric[], $29::numeric[],
  $30::timestamptz[], $31::numeric[], $32::numeric[], $33::numeric[],
  $34::numeric[], $35::numeric[], $36::numeric[], $37::numeric[], $38::text[],
  $39::numeric[], $40::numeric[], $41::numeric[], $42::numeric[], $43::numeric[],
  $44::numeric[], $45::numeric[], $46::numeric[], $47::numeric[], $48::numeric[],
  $49::numeric[], $50::numeric[], $51::jsonb[], $52::text[]
) with ordinality as batch (
  category, symbol, exchange_ts, seq, is_snapshot, changed, tick_direction,
  last_price, price24h_pcnt, prev_price24h, high_price24h, low_price24h,
  prev_price1h, mark_price, index_price, open_interest, open_interest_value,
  single_open_interest, single_open_interest_value, turnover24h, volume24h,
  bid1_price, bid1_size, ask1_price, ask1_size, next_funding_time, funding_rate,
  funding_interval_hour, funding_cap, delivery_time, basis_rate, basis_rate_year,
  delivery_fee_rate, predicted_delivery_price, basis, pre_open_price, pre_qty,
  cur_pre_listing_phase, usd_index_price, bid1_iv, ask1_iv, mark_iv,
  underlying_price, total_volume, total_turnover, delta, gamma, vega, theta,
  change24h, extra, source, position
)
left join lateral (
  select
    category, symbol, exchange_ts, seq, is_snapshot, changed, tick_direction,
    last_price, price24h_pcnt, prev_price24h, high_price24h, low_price24h,
    prev_price1h, mark_price, index_price, open_interest, open_interest_value,
    single_open_interest, single_open_interest_value, turnover24h, volume24h,
    bid1_price, bid1_size, ask1_price, ask1_size, next_funding_time, funding_rate,
    funding_interval_hour, funding_cap, delivery_time, basis_rate, basis_rate_year,
    delivery_fee_rate, predicted_delivery_price, basis, pre_open_price, pre_qty,
    cur_pre_listing_phase, usd_index_price, bid1_iv, ask1_iv, mark_iv,
    underlying_price, total_volume, total_turnover, delta, gamma, vega, theta,
    change24h, extra, source
  from ticker_snapshots stored
  where stored.category = batch.category
    and stored.symbol = batch.symbol
    and stored.exchange_ts = batch.exchange_ts
    and stored.seq = batch.seq
    and stored.is_snapshot = batch.is_snapshot
    and ticker_stream_key(stored.category, stored.symbol) = ticker_stream_key(batch.category, batch.symbol)
    and ticker_second(stored.exchange_ts) = ticker_second(batch.exchange_ts)
    and ticker_id_key(stored.category, stored.symbol, stored.seq, stored.is_snapshot, stored.exchange_ts) = ticker_id_key(batch.category, batch.symbol, batch.seq, batch.is_snapshot, batch.exchange_ts)
    and stored.exchange_ts between $53::timestamptz and $54::timestamptz
  offset 0
) as stored on true
where stored.category is null
  or (batch.changed & ~stored.changed <> 0 and stored.changed is distinct from batch.changed)
  or ((stored.source = batch.source or exists (
  select
  from jsonb_each(stored.extra) as one
  join jsonb_each(batch.extra) as other using (key)
  where one.value <> other.value
)) and stored.extra is distinct from batch.extra)
  or (stored.changed & batch.changed & 1 <> 0 and stored.tick_direction is distinct from batch.tick_direction)
  or (stored.changed & batch.changed & 2 <> 0 and stored.last_price is distinct from batch.last_price)
  or (stored.changed & batch.changed & 4 <> 0 and stored.price24h_pcnt is distinct from batch.price24h_pcnt)
  or (stored.changed & batch.changed & 8 <> 0 and stored.prev_price24h is distinct from batch.prev_price24h)
  or (stored.changed & batch.changed & 16 <> 0 and stored.high_price24h is distinct from batch.high_price24h)
  or (stored.changed & batch.changed & 32 <> 0 and stored.low_price24h is distinct from batch.low_price24h)
  or (stored.changed & batch.changed & 64 <> 0 and stored.prev_price1h is distinct from batch.prev_price1h)
  or (stored.changed & batch.changed & 128 <> 0 and stored.mark_price is distinct from batch.mark_price)
  or (stored.changed & batch.changed & 256 <> 0 and stored.index_price is distinct from batch.index_price)
  or (stored.changed & batch.changed & 512 <> 0 and stored.open_interest is distinct from batch.open_interest)
  or (stored.changed & batch.changed & 1024 <> 0 and stored.open_interest_value is distinct from batch.open_interest_value)
  or (stored.changed & batch.changed & 2048 <> 0 and stored.single_open_interest is distinct from batch.single_open_interest)
  or (stored.changed & batch.changed & 4096 <> 0 and stored.single_open_interest_value is distinct from batch.single_open_interest_value)
  or (stored.changed & batch.changed & 8192 <> 0 and stored.turnover24h is distinct from batch.turnover24h)
  or (stored.changed & batch.changed & 16384 <> 0 and stored.volume24h is distinct from batch.volume24h)
  or (stored.changed & batch.changed & 32768 <> 0 and stored.bid1_price is distinct from batch.bid1_price)
  or (stored.changed & batch.changed & 65536 <> 0 and stored.bid1_size is distinct from batch.bid1_size)
  or (stored.changed & batch.changed & 131072 <> 0 and stored.ask1_price is distinct from batch.ask1_price)
  or (stored.changed & batch.changed & 262144 <> 0 and stored.ask1_size is distinct from batch.ask1_size)
  or (stored.changed & batch.changed & 524288 <> 0 and stored.next_funding_time is distinct from batch.next_funding_time)
  or (stored.changed & batch.changed & 1048576 <> 0 and stored.funding_rate is distinct from batch.funding_rate)
  or (stored.changed & batch.changed & 2097152 <> 0 and stored.funding_interval_hour is distinct from batch.funding_interval_hour)
  or (stored.changed & batch.changed & 4194304 <> 0 and stored.funding_cap is distinct from batch.funding_cap)
  or (stored.changed & batch.changed & 8388608 <> 0 and stored.delivery_time is distinct from batch.delivery_time)
  or (stored.changed & batch.changed & 16777216 <> 0 and stored.basis_rate is distinct from batch.basis_rate)
  or (stored.changed & batch.changed & 33554432 <> 0 and stored.basis_rate_year is distinct from batch.basis_rate_year)
  or (stored.changed & batch.changed & 67108864 <> 0 and stored.delivery_fee_rate is distinct from batch.delivery_fee_rate)
  or (stored.changed & batch.changed & 134217728 <> 0 and stored.predicted_delivery_price is distinct from batch.predicted_delivery_price)
  or (stored.changed & batch.changed & 268435456 <> 0 and stored.basis is distinct from batch.basis)
  or (stored.changed & batch.changed & 536870912 <> 0 and stored.pre_open_price is distinct from batch.pre_open_price)
  or (stored.changed & batch.changed & 1073741824 <> 0 and stored.pre_qty is distinct from batch.pre_qty)
  or (stored.changed & batch.changed & 2147483648 <> 0 and stored.cur_pre_listing_phase is distinct from batch.cur_pre_listing_phase)
  or (stored.changed & batch.changed & 4294967296 <> 0 and stored.usd_index_price is distinct from batch.usd_index_price)
  or (stored.changed & batch.changed & 8589934592 <> 0 and stored.bid1_iv is distinct from batch.bid1_iv)
  or (stored.changed & batch.changed & 17179869184 <> 0 and stored.ask1_iv is distinct from batch.ask1_iv)
  or (stored.changed & batch.changed & 34359738368 <> 0 and stored.mark_iv is distinct from batch.mark_iv)
  or (stored.changed & batch.changed & 68719476736 <> 0 and stored.underlying_price is distinct from batch.underlying_price)
  or (stored.changed & batch.changed & 137438953472 <> 0 and stored.total_volume is distinct from batch.total_volume)
  or (stored.changed & batch.changed & 274877906944 <> 0 and stored.total_turnover is distinct from batch.total_turnover)
  or (stored.changed & batch.changed & 549755813888 <> 0 and stored.delta is distinct from batch.delta)
  or (stored.changed & batch.changed & 1099511627776 <> 0 and stored.gamma is distinct from batch.gamma)
  or (stored.changed & batch.changed & 2199023255552 <> 0 and stored.vega is distinct from batch.vega)
  or (stored.changed & batch.changed & 4398046511104 <> 0 and stored.theta is distinct from batch.theta)
  or (stored.changed & batch.changed & 8796093022208 <> 0 and stored.change24h is distinct from batch.change24h)
order by position;
