-- one array a column, in the order of the columns
with written as (
  insert into private_executions as stored (
    account_id, category, symbol, exec_id, exchange_ts, local_ts, source, side,
    exec_price, exec_qty, seq, order_id, order_link_id, exec_type, order_type,
    order_price, order_qty, leaves_qty, exec_value, exec_fee, exec_fee_v2, fee_rate,
    fee_currency, closed_pnl, closed_size, is_maker, is_leverage, create_type,
    stop_order_type, block_trade_id, market_unit, mark_price, index_price,
    underlying_price, trade_iv, mark_iv, extra_fees, extra
  )
  select
    ($1::uuid[])[1],
    ($2::text[])[1],
    ($3::text[])[1],
    unnest($4::text[]),
    unnest($5::timestamptz[]),
    ($6::timestamptz[])[1],
    ($7::text[])[1],
    ($8::text[])[1],
    ($9::numeric[])[1],
    ($10::numeric[])[1],
    ($11::bigint[])[1],
    ($12::text[])[1],
    ($13::text[])[1],
    ($14::text[])[1],
    ($15::text[])[1],
    ($16::numeric[])[1],
    ($17::numeric[])[1],
    ($18::numeric[])[1],
    ($19::numeric[])[1],
    ($20::numeric[])[1],
    ($21::numeric[])[1],
    ($22::numeric[])[1],
    ($23::text[])[1],
    ($24::numeric[])[1],
    ($25::numeric[])[1],
    ($26::boolean[])[1],
    ($27::text[])[1],
    ($28::text[])[1],
    ($29::text[])[1],
    ($30::text[])[1],
    ($31::text[])[1],
    ($32::numeric[])[1],
    ($33::numeric[])[1],
    ($34::numeric[])[1],
    ($35::numeric[])[1],
    ($36::numeric[])[1],
    ($37::jsonb[])[1],
    ($38::jsonb[])[1]
  on conflict (account_id, category, symbol, exec_id) do update set
    order_id = coalesce(stored.order_id, excluded.order_id),
    order_link_id = coalesce(stored.order_link_id, excluded.order_link_id),
    exec_type = coalesce(stored.exec_type, excluded.exec_type),
    order_type = coalesce(nullif(stored.order_type, 'UNKNOWN'), nullif(excluded.order_type, 'UNKNOWN'), stored.order_type, excluded.order_type),
    order_price = coalesce(stored.order_price, excluded.order_price),
    order_qty = coalesce(stored.order_qty, excluded.order_qty),
    leaves_qty = coalesce(stored.leaves_qty, excluded.leaves_qty),
    exec_value = coalesce(stored.exec_value, excluded.exec_value),
    exec_fee = coalesce(stored.exec_fee, excluded.exec_fee),
    exec_fee_v2 = coalesce(stored.exec_fee_v2, excluded.exec_fee_v2),
    fee_rate = coalesce(stored.fee_rate, excluded.fee_rate),
    fee_currency = coalesce(stored.fee_currency, excluded.fee_currency),
    closed_pnl = coalesce(stored.closed_pnl, excluded.closed_pnl),
    closed_size = coalesce(stored.closed_size, excluded.closed_size),
    is_maker = coalesce(stored.is_maker, excluded.is_maker),
    is_leverage = coalesce(stored.is_leverage, excluded.is_leverage),
    create_type = coalesce(nullif(stored.create_type, 'UNKNOWN'), nullif(excluded.create_type, 'UNKNOWN'), stored.create_type, excluded.create_type),
    stop_order_type = coalesce(nullif(stored.stop_order_type, 'UNKNOWN'), nullif(excluded.stop_order_type, 'UNKNOWN'), stored.stop_order_type, excluded.stop_order_type),
    block_trade_id = coalesce(stored.block_trade_id, excluded.block_trade_id),
    market_unit = coalesce(stored.market_unit, excluded.market_unit),
    mark_price = coalesce(nullif(stored.mark_price, 0), nullif(excluded.mark_price, 0), stored.mark_price, excluded.mark_price),
    index_price = coalesce(nullif(stored.index_price, 0), nullif(excluded.index_price, 0), stored.index_price, excluded.index_price),
    underlying_price = coalesce(nullif(stored.underlying_price, 0), nullif(excluded.underlying_price, 0), stored.underlying_price, excluded.underlying_price),
    trade_iv = coalesce(nullif(stored.trade_iv, 0), nullif(excluded.trade_iv, 0), stored.trade_iv, excluded.trade_iv),
    mark_iv = coalesce(nullif(stored.mark_iv, 0), nullif(excluded.mark_iv, 0), stored.mark_iv, excluded.mark_iv),
    extra_fees = coalesce(stored.extra_fees, excluded.extra_fees),
    extra = coalesce(stored.extra, excluded.extra)
  where (
    stored.order_id is null and excluded.order_id is not null
    or stored.order_link_id is null and excluded.order_link_id is not null
    or stored.exec_type is null and excluded.exec_type is not null
    or stored.order_type is distinct from coalesce(nullif(stored.order_type, 'UNKNOWN'), nullif(excluded.order_type, 'UNKNOWN'), stored.order_type, excluded.order_type)
    or stored.order_price is null and excluded.order_price is not null
    or stored.order_qty is null and excluded.order_qty is not null
    or stored.leaves_qty is null and excluded.leaves_qty is not null
    or stored.exec_value is null and excluded.exec_value is not null
    or stored.exec_fee is null and excluded.exec_fee is not null
    or stored.exec_fee_v2 is null and excluded.exec_fee_v2 is not null
    or stored.fee_rate is null and excluded.fee_rate is not null
    or stored.fee_currency is null and excluded.fee_currency is not null
    or stored.closed_pnl is null and excluded.closed_pnl is not null
    or stored.closed_size is null and excluded.closed_size is not null
    or stored.is_maker is null and excluded.is_maker is not null
    or stored.is_leverage is null and excluded.is_leverage is not null
    or stored.create_type is distinct from coalesce(nullif(stored.create_type, 'UNKNOWN'), nullif(excluded.create_type, 'UNKNOWN'), stored.create_type, excluded.create_type)
    or stored.stop_order_type is distinct from coalesce(nullif(stored.stop_order_type, 'UNKNOWN'), nullif(excluded.stop_order_type, 'UNKNOWN'), stored.stop_order_type, excluded.stop_order_type)
    or stored.block_trade_id is null and excluded.block_trade_id is not null
    or stored.market_unit is null and excluded.market_unit is not null
    or stored.mark_price is distinct from coalesce(nullif(stored.mark_price, 0), nullif(excluded.mark_price, 0), stored.mark_price, excluded.mark_price)
    or stored.index_price is distinct from coalesce(nullif(stored.index_price, 0), nullif(excluded.index_price, 0), stored.index_price, excluded.index_price)
    or stored.underlying_price is distinct from coalesce(nullif(stored.underlying_price, 0), nullif(excluded.underlying_price, 0), stored.underlying_price, excluded.underlying_price)
    or stored.trade_iv is distinct from coalesce(nullif(stored.trade_iv, 0), nullif(excluded.trade_iv, 0), stored.trade_iv, excluded.trade_iv)
    or stored.mark_iv is distinct from coalesce(nullif(stored.mark_iv, 0), nullif(excluded.mark_iv, 0), stored.mark_iv, excluded.mark_iv)
    or stored.extra_fees is null and excluded.extra_fees is not null
    or stored.extra is null and excluded.extra is not null
  ) and (
    false
    or stored.exchange_ts <> excluded.exchange_ts
    or stored.side <> excluded.side
    or stored.exec_price <> excluded.exec_price
    or stored.exec_qty <> excluded.exec_qty
    or stored.exec_value <> excluded.exec_value
    or stored.exec_fee <> excluded.exec_fee
    or stored.fee_rate <> excluded.fee_rate
    or stored.fee_currency <> excluded.fee_currency
    or stored.closed_pnl <> excluded.closed_pnl
    or stored.closed_size <> excluded.closed_size
    or stored.leaves_qty <> excluded.leaves_qty
    or stored.exec_type <> excluded.exec_type
    or stored.order_price <> excluded.order_price
    or stored.order_qty <> excluded.order_qty
    or (stored.order_type <> 'UNKNOWN' and excluded.order_type <> 'UNKNOWN' and stored.order_type is distinct from excluded.order_type)
    or (stored.create_type <> 'UNKNOWN' and excluded.create_type <> 'UNKNOWN' and stored.create_type is distinct from excluded.create_type)
    or (stored.stop_order_type <> 'UNKNOWN' and excluded.stop_order_type <> 'UNKNOWN' and stored.stop_order_type is distinct from excluded.stop_order_type)
    or stored.exec_fee_v2 <> excluded.exec_fee_v2
    or stored.market_unit <> excluded.market_unit
    or (stored.mark_price <> 0 and excluded.mark_price <> 0 and stored.mark_price is distinct from excluded.mark_price)
    or (stored.index_price <> 0 and excluded.index_price <> 0 and stored.index_price is distinct from excluded.index_price)
    or (stored.underlying_price <> 0 and excluded.underlying_price <> 0 and stored.underlying_price is distinct from excluded.underlying_price)
    or (stored.trade_iv <> 0 and excluded.trade_iv <> 0 and stored.trade_iv is distinct from excluded.trade_iv)
    or (stored.mark_iv <> 0 and excluded.mark_iv <> 0 and stored.mark_iv is distinct from excluded.mark_iv)
    or stored.order_id <> excluded.order_id
    or stored.order_link_id <> excluded.order_link_id
    or stored.block_trade_id <> excluded.block_trade_id
    or stored.is_maker <> excluded.is_maker
    or (stored.seq >= 0 and excluded.seq >= 0 and stored.seq is distinct from excluded.seq)
    or (stored.source = excluded.source and stored.is_leverage is not null and excluded.is_leverage is not null and stored.is_leverage is distinct from excluded.is_leverage)
    or (stored.source = excluded.source and stored.extra_fees is not null and excluded.extra_fees is not null and stored.extra_fees is distinct from excluded.extra_fees)
    or ((stored.source = excluded.source or exists (
      select
      from jsonb_each(stored.extra) as one
      join jsonb_each(excluded.extra) as other using (key)
      where one.value <> other.value
    )) and stored.extra is distinct from excluded.extra)
  ) is not true
  returning xmax = 0 as is_new
)
select count(*) filter (where is_new)::integer as inserted,
  count(*) filter (where not is_new)::integer as merged
from written;
