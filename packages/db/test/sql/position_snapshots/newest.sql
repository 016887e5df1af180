-- $1 user, $2 symbol, $3 time, $4 account
with recursive series (key0, key1, key2) as (
  (
    select position_snapshots.category, position_snapshots.symbol, position_snapshots.position_idx
    from position_snapshots
    where position_snapshots.account_id = $4::uuid
    order by position_snapshots.category, position_snapshots.symbol, position_snapshots.position_idx
    limit 1
  )
  union all
  select following.*
  from series
  cross join lateral (
    select position_snapshots.category, position_snapshots.symbol, position_snapshots.position_idx
    from position_snapshots
    where position_snapshots.account_id = $4::uuid
      and (position_snapshots.category, position_snapshots.symbol, position_snapshots.position_idx) > (series.key0, series.key1, series.key2)
    order by position_snapshots.category, position_snapshots.symbol, position_snapshots.position_idx
    limit 1
  ) as following
)
select
  account_id::text as account_id,
  category::text as category,
  symbol::text as symbol,
  position_idx::text as position_idx,
  (extract(epoch from exchange_ts) * 1000)::bigint::text as exchange_ts,
  (extract(epoch from local_ts) * 1000000)::bigint::text as local_ts,
  source::text as source,
  side::text as side,
  size::text as size,
  seq::text as seq,
  entry_price::text as entry_price,
  break_even_price::text as break_even_price,
  session_avg_price::text as session_avg_price,
  mark_price::text as mark_price,
  liq_price::text as liq_price,
  bust_price::text as bust_price,
  position_value::text as position_value,
  position_balance::text as position_balance,
  leverage::text as leverage,
  risk_id::text as risk_id,
  risk_limit_value::text as risk_limit_value,
  trade_mode::text as trade_mode,
  auto_add_margin::text as auto_add_margin,
  position_im::text as position_im,
  position_mm::text as position_mm,
  position_im_by_mp::text as position_im_by_mp,
  position_mm_by_mp::text as position_mm_by_mp,
  tpsl_mode::text as tpsl_mode,
  take_profit::text as take_profit,
  stop_loss::text as stop_loss,
  trailing_stop::text as trailing_stop,
  unrealised_pnl::text as unrealised_pnl,
  cur_realised_pnl::text as cur_realised_pnl,
  cum_realised_pnl::text as cum_realised_pnl,
  delta::text as delta,
  gamma::text as gamma,
  vega::text as vega,
  theta::text as theta,
  position_status::text as position_status,
  adl_rank_indicator::text as adl_rank_indicator,
  is_reduce_only::text as is_reduce_only,
  (extract(epoch from created_time) * 1000)::bigint::text as created_time,
  (extract(epoch from updated_time) * 1000)::bigint::text as updated_time,
  (extract(epoch from open_time) * 1000)::bigint::text as open_time,
  (extract(epoch from mmr_sys_updated_time) * 1000)::bigint::text as mmr_sys_updated_time,
  (extract(epoch from leverage_sys_updated_time) * 1000)::bigint::text as leverage_sys_updated_time,
  net_delta_ratio::text as net_delta_ratio,
  extra::text as extra,
  content_hash::text as content_hash,
  run_id::text as run_id
from series
cross join lateral (
  select position_snapshots.*
  from position_snapshots
  where position_snapshots.account_id = $4::uuid
    and (position_snapshots.category, position_snapshots.symbol, position_snapshots.position_idx) = (series.key0, series.key1, series.key2)
    and position_snapshots.account_id in (select account_id from bybit_accounts where user_id = $1::uuid)
      and position_snapshots.symbol = $2::text
      and position_snapshots.exchange_ts <= $3::timestamptz
    and position_snapshots.exchange_ts >= coalesce(
      (
        select position_snapshots.exchange_ts
        from position_snapshots
        where position_snapshots.account_id = $4::uuid
          and (position_snapshots.category, position_snapshots.symbol, position_snapshots.position_idx) = (series.key0, series.key1, series.key2)
          and position_snapshots.account_id in (select account_id from bybit_accounts where user_id = $1::uuid)
            and position_snapshots.symbol = $2::text
            and position_snapshots.exchange_ts <= $3::timestamptz
          and position_snapshots.exchange_ts <= position_snapshots.local_ts + interval '60 s'
        order by position_snapshots.exchange_ts desc
        limit 1
      ),
      '-infinity'
    )
  order by case when position_snapshots.exchange_ts <= position_snapshots.local_ts + interval '60 s'
    then position_snapshots.exchange_ts else position_snapshots.local_ts end desc, position_snapshots.seq desc, position_snapshots.local_ts desc, position_snapshots.content_hash
  limit 1
) as position_snapshots
order by position_snapshots.category, position_snapshots.symbol, position_snapshots.position_idx;
