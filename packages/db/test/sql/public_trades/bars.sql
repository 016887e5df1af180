-- $1 category, $2 symbol, $3 from, $4 to, $5 length of a bin
select count(*)::text as page_rows,
  encode(array_send(array_agg(page.start_ts)), 'base64') as start_ts,
  string_agg(coalesce(page.open::text, ''), ',') as open,
  string_agg(coalesce(page.high::text, ''), ',') as high,
  string_agg(coalesce(page.low::text, ''), ',') as low,
  string_agg(coalesce(page.close::text, ''), ',') as close,
  string_agg(coalesce(page.volume::text, ''), ',') as volume,
  string_agg(coalesce(page.turnover::text, ''), ',') as turnover,
  string_agg(coalesce(page.count::text, 'null'), ',') as count
from (
  select bar.start_ts, first.price as open, bar.high, bar.low, last.price as close,
    bar.volume, bar.turnover, bar.count
  from (
    select date_bin($5::interval, exchange_ts, timestamptz 'epoch') as start_ts,
      min(exchange_ts) as first_ts, max(exchange_ts) as last_ts,
      max(price) as high, min(price) as low,
      sum(size) as volume, sum(price * size) as turnover, count(*) as count
    from public_trades_wide as public_trades
    where trade_stream_key(category, symbol) = trade_stream_key($1::text, $2)
      and trade_second(exchange_ts)
        between trade_second($3::timestamptz) and trade_second($4::timestamptz)
      and exchange_ts >= $3::timestamptz and exchange_ts < $4::timestamptz
      and case when category = $1::text and symbol = $2 then true else false end
    group by 1
  ) as bar
  cross join lateral (
    select price
    from public_trades_wide as public_trades
    where trade_stream_key(category, symbol) = trade_stream_key($1::text, $2)
      and trade_second(exchange_ts)
        between trade_second($3::timestamptz) and trade_second($4::timestamptz)
      and exchange_ts >= $3::timestamptz and exchange_ts < $4::timestamptz
      and case when category = $1::text and symbol = $2 then true else false end
      and exchange_ts = bar.first_ts and trade_second(exchange_ts) = trade_second(bar.first_ts)
    order by public_trades.seq, public_trades.match_index, public_trades.trade_id
    limit 1
  ) as first
  cross join lateral (
    select price
    from public_trades_wide as public_trades
    where trade_stream_key(category, symbol) = trade_stream_key($1::text, $2)
      and trade_second(exchange_ts)
        between trade_second($3::timestamptz) and trade_second($4::timestamptz)
      and exchange_ts >= $3::timestamptz and exchange_ts < $4::timestamptz
      and case when category = $1::text and symbol = $2 then true else false end
      and exchange_ts = bar.last_ts and trade_second(exchange_ts) = trade_second(bar.last_ts)
    order by public_trades.seq desc, public_trades.match_index desc, public_trades.trade_id desc
    limit 1
  ) as last
  order by bar.start_ts
) as page;
