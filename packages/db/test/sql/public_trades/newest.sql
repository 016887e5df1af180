-- $1 category, $2 symbols, $3 from, $4 to
select count(*)::text as page_rows,
  json_agg(page.category)::text as category,
  json_agg(page.symbol)::text as symbol,
  encode(array_send(array_agg(page.exchange_ts)), 'base64') as exchange_ts,
  json_agg(page.trade_id)::text as trade_id,
  encode(array_send(array_agg(page.local_ts)), 'base64') as local_ts,
  json_agg(page.side)::text as side,
  string_agg(coalesce(page.price::text, ''), ',') as price,
  string_agg(coalesce(page.size::text, ''), ',') as size,
  json_agg(page.tick_direction)::text as tick_direction,
  string_agg(coalesce(page.is_block_trade::text, 'null'), ',') as is_block_trade,
  string_agg(coalesce(page.is_rpi_trade::text, 'null'), ',') as is_rpi_trade,
  string_agg(coalesce(page.seq::text, 'null'), ',') as seq,
  string_agg(coalesce(page.match_index::text, 'null'), ',') as match_index,
  string_agg(coalesce(page.mark_price::text, ''), ',') as mark_price,
  string_agg(coalesce(page.index_price::text, ''), ',') as index_price,
  string_agg(coalesce(page.mark_iv::text, ''), ',') as mark_iv,
  string_agg(coalesce(page.iv::text, ''), ',') as iv,
  json_agg(page.source)::text as source
from (
  select newest.*
  from unnest($2::text[]) as wanted (symbol)
  cross join lateral (
    select within.exchange_ts, within.local_ts
    from (
      select trade_second(exchange_ts) as second
      from public_trades
      where trade_stream_key(category, symbol) = trade_stream_key($1::text, wanted.symbol)
        and trade_second(exchange_ts)
          between trade_second($3::timestamptz) and trade_second($4::timestamptz)
        and exchange_ts >= $3::timestamptz and exchange_ts < $4::timestamptz
        and case when category = $1::text and symbol = wanted.symbol then true else false end
      order by trade_second(exchange_ts) desc
      limit 1
    ) as edge
    cross join lateral (
      select exchange_ts, local_ts
      from public_trades
      where trade_stream_key(category, symbol) = trade_stream_key($1::text, wanted.symbol)
        and trade_second(exchange_ts)
          between trade_second($3::timestamptz) and trade_second($4::timestamptz)
        and exchange_ts >= $3::timestamptz and exchange_ts < $4::timestamptz
        and case when category = $1::text and symbol = wanted.symbol then true else false end
        and trade_second(exchange_ts) = edge.second
      order by exchange_ts desc
      limit 1
    ) as within
  ) as last (ts)
  cross join lateral (
    select
      category, symbol, exchange_ts, trade_id, local_ts, side, price, size,
      tick_direction, is_block_trade, is_rpi_trade, seq, match_index, mark_price,
      index_price, mark_iv, iv, source
    from public_trades_wide as public_trades
    where trade_stream_key(category, symbol) = trade_stream_key($1::text, wanted.symbol)
      and trade_second(exchange_ts)
        between trade_second($3::timestamptz) and trade_second($4::timestamptz)
      and exchange_ts >= $3::timestamptz and exchange_ts < $4::timestamptz
      and case when category = $1::text and symbol = wanted.symbol then true else false end
      and exchange_ts = last.ts and trade_second(exchange_ts) = trade_second(last.ts)
    order by public_trades.seq desc, public_trades.match_index desc, public_trades.trade_id desc
    limit 1
  ) as newest
) as page;
