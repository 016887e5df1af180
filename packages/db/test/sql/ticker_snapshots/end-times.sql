-- $1 category, $2 symbols, $3 from, $4 to
select wanted.symbol, (extract(epoch from exchange_ts) * 1000)::bigint::text as ts,
  (extract(epoch from case when found.exchange_ts <= found.local_ts + interval '60 s'
    then found.exchange_ts else found.local_ts end) * 1000)::bigint::text as believable
from unnest($2::text[]) as wanted (symbol)
cross join lateral (
  select within.exchange_ts, within.local_ts
  from (
    select ticker_second(exchange_ts) as second
    from ticker_snapshots
    where ticker_stream_key(category, symbol) = ticker_stream_key($1::text, wanted.symbol)
      and ticker_second(exchange_ts)
        between ticker_second($3::timestamptz) and ticker_second($4::timestamptz)
      and exchange_ts >= $3::timestamptz and exchange_ts < $4::timestamptz
      and case when category = $1::text and symbol = wanted.symbol then true else false end
    order by ticker_second(exchange_ts) desc
    limit 1
  ) as edge
  cross join lateral (
    select exchange_ts, local_ts
    from ticker_snapshots
    where ticker_stream_key(category, symbol) = ticker_stream_key($1::text, wanted.symbol)
      and ticker_second(exchange_ts)
        between ticker_second($3::timestamptz) and ticker_second($4::timestamptz)
      and exchange_ts >= $3::timestamptz and exchange_ts < $4::timestamptz
      and case when category = $1::text and symbol = wanted.symbol then true else false end
      and ticker_second(exchange_ts) = edge.second
    order by exchange_ts desc
    limit 1
  ) as within
) as found;

select wanted.symbol, (extract(epoch from exchange_ts) * 1000)::bigint::text as ts,
  (extract(epoch from case when found.exchange_ts <= found.local_ts + interval '60 s'
    then found.exchange_ts else found.local_ts end) * 1000)::bigint::text as believable
from unnest($2::text[]) as wanted (symbol)
cross join lateral (
  select within.exchange_ts, within.local_ts
  from (
    select ticker_second(exchange_ts) as second
    from ticker_snapshots
    where ticker_stream_key(category, symbol) = ticker_stream_key($1::text, wanted.symbol)
      and ticker_second(exchange_ts)
        between ticker_second($3::timestamptz) and ticker_second($4::timestamptz)
      and exchange_ts >= $3::timestamptz and exchange_ts < $4::timestamptz
      and case when category = $1::text and symbol = wanted.symbol then true else false end
    order by ticker_second(exchange_ts) asc
    limit 1
  ) as edge
  cross join lateral (
    select exchange_ts, local_ts
    from ticker_snapshots
    where ticker_stream_key(category, symbol) = ticker_stream_key($1::text, wanted.symbol)
      and ticker_second(exchange_ts)
        between ticker_second($3::timestamptz) and ticker_second($4::timestamptz)
      and exchange_ts >= $3::timestamptz and exchange_ts < $4::timestamptz
      and case when category = $1::text and symbol = wanted.symbol then true else false end
      and ticker_second(exchange_ts) = edge.second
    order by exchange_ts asc
    limit 1
  ) as within
) as found;
