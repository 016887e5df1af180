-- $1 user, $2 coin, $3 account
with recursive series (key0, key1) as (
  (
    select wallet_snapshots.account_type, wallet_snapshots.coin
    from wallet_snapshots
    where wallet_snapshots.account_id = $3::uuid
    order by wallet_snapshots.account_type, wallet_snapshots.coin
    limit 1
  )
  union all
  select following.*
  from series
  cross join lateral (
    select wallet_snapshots.account_type, wallet_snapshots.coin
    from wallet_snapshots
    where wallet_snapshots.account_id = $3::uuid
      and (wallet_snapshots.account_type, wallet_snapshots.coin) > (series.key0, series.key1)
    order by wallet_snapshots.account_type, wallet_snapshots.coin
    limit 1
  ) as following
)
select
  account_id::text as account_id,
  account_type::text as account_type,
  coin::text as coin,
  (extract(epoch from exchange_ts) * 1000)::bigint::text as exchange_ts,
  (extract(epoch from local_ts) * 1000000)::bigint::text as local_ts,
  source::text as source,
  account_im_rate::text as account_im_rate,
  account_mm_rate::text as account_mm_rate,
  account_im_rate_by_mp::text as account_im_rate_by_mp,
  account_mm_rate_by_mp::text as account_mm_rate_by_mp,
  account_ltv::text as account_ltv,
  total_equity::text as total_equity,
  total_wallet_balance::text as total_wallet_balance,
  total_margin_balance::text as total_margin_balance,
  total_available_balance::text as total_available_balance,
  total_perp_upl::text as total_perp_upl,
  total_initial_margin::text as total_initial_margin,
  total_maintenance_margin::text as total_maintenance_margin,
  total_initial_margin_by_mp::text as total_initial_margin_by_mp,
  total_maintenance_margin_by_mp::text as total_maintenance_margin_by_mp,
  equity::text as equity,
  usd_value::text as usd_value,
  wallet_balance::text as wallet_balance,
  free::text as free,
  locked::text as locked,
  available_balance::text as available_balance,
  available_to_borrow::text as available_to_borrow,
  borrow_amount::text as borrow_amount,
  spot_borrow::text as spot_borrow,
  accrued_interest::text as accrued_interest,
  total_order_im::text as total_order_im,
  total_position_im::text as total_position_im,
  total_position_mm::text as total_position_mm,
  unrealised_pnl::text as unrealised_pnl,
  cum_realised_pnl::text as cum_realised_pnl,
  bonus::text as bonus,
  spot_hedging_qty::text as spot_hedging_qty,
  collateral_switch::text as collateral_switch,
  margin_collateral::text as margin_collateral,
  col_res::text as col_res,
  extra::text as extra,
  content_hash::text as content_hash,
  run_id::text as run_id
from series
cross join lateral (
  select wallet_snapshots.*
  from wallet_snapshots
  where wallet_snapshots.account_id = $3::uuid
    and (wallet_snapshots.account_type, wallet_snapshots.coin) = (series.key0, series.key1)
    and wallet_snapshots.account_id in (select account_id from bybit_accounts where user_id = $1::uuid)
      and wallet_snapshots.coin = $2::text
    and wallet_snapshots.exchange_ts >= coalesce(
      (
        select wallet_snapshots.exchange_ts
        from wallet_snapshots
        where wallet_snapshots.account_id = $3::uuid
          and (wallet_snapshots.account_type, wallet_snapshots.coin) = (series.key0, series.key1)
          and wallet_snapshots.account_id in (select account_id from bybit_accounts where user_id = $1::uuid)
            and wallet_snapshots.coin = $2::text
          and wallet_snapshots.exchange_ts <= wallet_snapshots.local_ts + interval '60 s'
        order by wallet_snapshots.exchange_ts desc
        limit 1
      ),
      '-infinity'
    )
  order by case when wallet_snapshots.exchange_ts <= wallet_snapshots.local_ts + interval '60 s'
    then wallet_snapshots.exchange_ts else wallet_snapshots.local_ts end desc, wallet_snapshots.local_ts desc, wallet_snapshots.content_hash
  limit 1
) as wallet_snapshots
order by wallet_snapshots.account_type, wallet_snapshots.coin;
