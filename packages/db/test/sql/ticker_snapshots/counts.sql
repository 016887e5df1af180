-- $1 category, $2 symbol, $3 from, $4 to, $5 length of a bin
select count(*)::text as page_rows,
  encode(array_send(array_agg(page.start_ts)), 'base64') as start_ts,
  string_agg(coalesce(page.count::text, 'null'), ',') as count
from (
  select date_bin($5::interval, exchange_ts, timestamptz 'epoch') as start_ts, count(*) as count
  from ticker_snapshots
  where ticker_stream_key(category, symbol) = ticker_stream_key($1::text, $2)
    and ticker_second(exchange_ts)
      between ticker_second($3::timestamptz) and ticker_second($4::timestamptz)
    and exchange_ts >= $3::timestamptz and exchange_ts < $4::timestamptz
    and case when category = $1::text and symbol = $2 then true else false end
  group by start_ts
  order by start_ts
) as page;
