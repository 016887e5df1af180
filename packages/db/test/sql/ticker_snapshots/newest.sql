-- $1 category, $2 symbols, $3 from, $4 to
select count(*)::text as page_rows,
  json_agg(page.category)::text as category,
  json_agg(page.symbol)::text as symbol,
  encode(array_send(array_agg(page.exchange_ts)), 'base64') as exchange_ts,
  string_agg(coalesce(page.seq::text, 'null'), ',') as seq,
  string_agg(coalesce(page.is_snapshot::text, 'null'), ',') as is_snapshot,
  encode(array_send(array_agg(page.local_ts)), 'base64') as local_ts,
  string_agg(coalesce(page.changed::text, 'null'), ',') as changed,
  json_agg(page.tick_direction)::text as tick_direction,
  string_agg(coalesce(page.last_price::text, ''), ',') as last_price,
  string_agg(coalesce(page.price24h_pcnt::text, ''), ',') as price24h_pcnt,
  string_agg(coalesce(page.prev_price24h::text, ''), ',') as prev_price24h,
  string_agg(coalesce(page.high_price24h::text, ''), ',') as high_price24h,
  string_agg(coalesce(page.low_price24h::text, ''), ',') as low_price24h,
  string_agg(coalesce(page.prev_price1h::text, ''), ',') as prev_price1h,
  string_agg(coalesce(page.mark_price::text, ''), ',') as mark_price,
  string_agg(coalesce(page.index_price::text, ''), ',') as index_price,
  string_agg(coalesce(page.open_interest::text, ''), ',') as open_interest,
  string_agg(coalesce(page.open_interest_value::text, ''), ',') as open_interest_value,
  string_agg(coalesce(page.single_open_interest::text, ''), ',') as single_open_interest,
  string_agg(coalesce(page.single_open_interest_value::text, ''), ',') as single_open_interest_value,
  string_agg(coalesce(page.turnover24h::text, ''), ',') as turnover24h,
  string_agg(coalesce(page.volume24h::text, ''), ',') as volume24h,
  string_agg(coalesce(page.bid1_price::text, ''), ',') as bid1_price,
  string_agg(coalesce(page.bid1_size::text, ''), ',') as bid1_size,
  string_agg(coalesce(page.ask1_price::text, ''), ',') as ask1_price,
  string_agg(coalesce(page.ask1_size::text, ''), ',') as ask1_size,
  encode(array_send(array_agg(page.next_funding_time)), 'base64') as next_funding_time,
  string_agg(coalesce(page.funding_rate::text, ''), ',') as funding_rate,
  string_agg(coalesce(page.funding_interval_hour::text, ''), ',') as funding_interval_hour,
  string_agg(coalesce(page.funding_cap::text, ''), ',') as funding_cap,
  encode(array_send(array_agg(page.delivery_time)), 'base64') as delivery_time,
  string_agg(coalesce(page.basis_rate::text, ''), ',') as basis_rate,
  string_agg(coalesce(page.basis_rate_year::text, ''), ',') as basis_rate_year,
  string_agg(coalesce(page.delivery_fee_rate::text, ''), ',') as delivery_fee_rate,
  string_agg(coalesce(page.predicted_delivery_price::text, ''), ',') as predicted_delivery_price,
  string_agg(coalesce(page.basis::text, ''), ',') as basis,
  string_agg(coalesce(page.pre_open_price::text, ''), ',') as pre_open_price,
  string_agg(coalesce(page.pre_qty::text, ''), ',') as pre_qty,
  json_agg(page.cur_pre_listing_phase)::text as cur_pre_listing_phase,
  string_agg(coalesce(page.usd_index_price::text, ''), ',') as usd_index_price,
  string_agg(coalesce(page.bid1_iv::text, ''), ',') as bid1_iv,
  string_agg(coalesce(page.ask1_iv::text, ''), ',') as ask1_iv,
  string_agg(coalesce(page.mark_iv::text, ''), ',') as mark_iv,
  string_agg(coalesce(page.underlying_price::text, ''), ',') as underlying_price,
  string_agg(coalesce(page.total_volume::text, ''), ',') as total_volume,
  string_agg(coalesce(page.total_turnover::text, ''), ',') as total_turnover,
  string_agg(coalesce(page.delta::text, ''), ',') as delta,
  string_agg(coalesce(page.gamma::text, ''), ',') as gamma,
  string_agg(coalesce(page.vega::text, ''), ',') as vega,
  string_agg(coalesce(page.theta::text, ''), ',') as theta,
  string_agg(coalesce(page.change24h::text, ''), ',') as change24h,
  json_agg(page.extra)::text as extra,
  json_agg(page.source)::text as source,
  string_agg(coalesce(page.form::text, 'null'), ',') as form
from (
  select needed.*
  from unnest($2::text[]) as wanted (symbol)
  cross join lateral (
    select
      category, symbol, exchange_ts, seq, is_snapshot, local_ts, changed,
      tick_direction, last_price, price24h_pcnt, prev_price24h, high_price24h,
      low_price24h, prev_price1h, mark_price, index_price, open_interest,
      open_interest_value, single_open_interest, single_open_interest_value,
      turnover24h, volume24h, bid1_price, bid1_size, ask1_price, ask1_size,
      next_funding_time, funding_rate, funding_interval_hour, funding_cap,
      delivery_time, basis_rate, basis_rate_year, delivery_fee_rate,
      predicted_delivery_price, basis, pre_open_price, pre_qty, cur_pre_listing_phase,
      usd_index_price, bid1_iv, ask1_iv, mark_iv, underlying_price, total_volume,
      total_turnover, delta, gamma, vega, theta, change24h, extra, source, form
    from (
      select exchange_ts
      from ticker_snapshots
      where category = $1::text and symbol = wanted.symbol
        and form = 0
        and exchange_ts >= $3::timestamptz and exchange_ts < $4::timestamptz
      order by exchange_ts desc
      limit 1
    ) as base (ts)
    cross join lateral (
      select *, row_number() over newer as place, bit_or(told) over newer as told_later
      from (
        select
          category, symbol, exchange_ts, seq, is_snapshot, local_ts, changed,
          tick_direction, last_price, price24h_pcnt, prev_price24h, high_price24h,
          low_price24h, prev_price1h, mark_price, index_price, open_interest,
          open_interest_value, single_open_interest, single_open_interest_value,
          turnover24h, volume24h, bid1_price, bid1_size, ask1_price, ask1_size,
          next_funding_time, funding_rate, funding_interval_hour, funding_cap,
          delivery_time, basis_rate, basis_rate_year, delivery_fee_rate,
          predicted_delivery_price, basis, pre_open_price, pre_qty, cur_pre_listing_phase,
          usd_index_price, bid1_iv, ask1_iv, mark_iv, underlying_price, total_volume,
          total_turnover, delta, gamma, vega, theta, change24h, extra, source, form,
          case form when 1 then changed when 2 then 0 else -1 end as told
        from ticker_snapshots
        where ticker_stream_key(category, symbol) = ticker_stream_key($1::text, wanted.symbol)
          and ticker_second(exchange_ts)
            between ticker_second(base.ts) and ticker_second($4::timestamptz)
          and exchange_ts >= base.ts and exchange_ts < $4::timestamptz
          and case when category = $1::text and symbol = wanted.symbol then true else false end
          and exchange_ts >= $3::timestamptz
      ) as ticker_snapshots
      window newer as (order by exchange_ts desc, ticker_snapshots.seq desc, ticker_snapshots.is_snapshot rows between unbounded preceding and 1 preceding)
    ) as row
    where place = 1 or told & ~coalesce(told_later, 0) <> 0
  ) as needed
) as page;
