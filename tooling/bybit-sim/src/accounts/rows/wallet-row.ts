import { type Fixed, fixedText, over, rounded, times, ZERO } from '../../base/fixed.ts'
import type { WireRow } from '../../base/wire-row.ts'
import type { Account } from '../holdings/account.ts'
import type { CoinBalance } from '../holdings/coin-balance.ts'
import type { MarketPrices } from '../holdings/market-prices.ts'
import { marginsOf } from './position-row.ts'

interface CoinState {
  readonly equity: Fixed
  readonly usdValue: Fixed
  readonly unrealised: Fixed
  readonly initial: Fixed
  readonly maintenance: Fixed
}

const TOTALS = [
  'accountIMRate',
  'accountMMRate',
  'accountIMRateByMp',
  'accountMMRateByMp',
  'totalEquity',
  'totalWalletBalance',
  'totalMarginBalance',
  'totalAvailableBalance',
  'totalPerpUPL',
  'totalInitialMargin',
  'totalMaintenanceMargin',
  'totalInitialMarginByMp',
  'totalMaintenanceMarginByMp',
] as const

/** The row of a `wallet` message: the account's totals and the given coins. */
export function walletRow(
  account: Account,
  coins: readonly string[],
  prices: MarketPrices,
): WireRow {
  const totals = totalsOf(account, prices)
  const named = coins.map((name) => account.coin(name))
  return {
    ...Object.fromEntries(TOTALS.map((key) => [key, fixedText(totals[key])])),
    coin: named.map((balance) => coinRow(account, balance, prices)),
    accountLTV: '0',
    accountType: 'UNIFIED',
  }
}

/** The row of `wallet-balance`: with the given coins, or with null those that have a balance. */
export function restWalletRow(
  account: Account,
  coins: readonly string[] | null,
  prices: MarketPrices,
): WireRow {
  const held = [...account.coins.values()].filter(({ balance }) => balance !== ZERO)
  const row = walletRow(account, coins ?? held.map(({ coin }) => coin), prices)
  const keys = [
    ...['totalEquity', 'accountIMRate', 'accountIMRateByMp', 'totalMarginBalance'],
    ...['totalInitialMargin', 'totalInitialMarginByMp', 'accountType', 'totalAvailableBalance'],
    ...['accountMMRate', 'accountMMRateByMp', 'totalPerpUPL', 'totalWalletBalance', 'accountLTV'],
    ...['totalMaintenanceMargin', 'totalMaintenanceMarginByMp'],
  ]
  const named = row['coin'] as WireRow[]
  return {
    ...Object.fromEntries(keys.map((key) => [key, row[key]])),
    coin: named.map((coin) =>
      Object.fromEntries(REST_COIN_KEYS.map((key) => [key, coin[key] ?? ''])),
    ),
  }
}

/** The keys of a coin in `wallet-balance`, in the documented order. */
const REST_COIN_KEYS: readonly string[] = [
  ...['availableToBorrow', 'bonus', 'accruedInterest', 'availableToWithdraw', 'totalOrderIM'],
  ...['equity', 'totalPositionMM', 'usdValue', 'spotHedgingQty', 'unrealisedPnl'],
  ...['collateralSwitch', 'borrowAmount', 'totalPositionIM', 'walletBalance', 'cumRealisedPnl'],
  ...['locked', 'marginCollateral', 'coin', 'spotBorrow', 'colRes'],
]

function coinRow(account: Account, balance: CoinBalance, prices: MarketPrices): WireRow {
  const state = coinState(account, balance, prices)
  return {
    coin: balance.coin,
    equity: fixedText(state.equity),
    usdValue: fixedText(state.usdValue),
    walletBalance: fixedText(balance.balance),
    availableToWithdraw: '',
    availableToBorrow: '',
    borrowAmount: '0',
    accruedInterest: '0',
    totalOrderIM: '0',
    totalPositionIM: fixedText(state.initial),
    totalPositionMM: fixedText(state.maintenance),
    unrealisedPnl: fixedText(state.unrealised),
    cumRealisedPnl: fixedText(balance.cumRealised),
    bonus: '0',
    collateralSwitch: true,
    marginCollateral: true,
    locked: '0',
    spotHedgingQty: '0',
    spotBorrow: '0',
    colRes: '0',
  }
}

function coinState(
  account: Account,
  { coin, balance }: CoinBalance,
  prices: MarketPrices,
): CoinState {
  let unrealised = ZERO
  let initial = ZERO
  let maintenance = ZERO
  for (const leg of account.legs) {
    if (leg.size === ZERO || leg.desk.instrument.settleCoin !== coin) continue
    const mark = prices.mark(leg.desk)
    const margins = marginsOf(leg, mark)
    unrealised += leg.unrealised(mark)
    initial += margins.initial
    maintenance += margins.maintenance
  }
  const equity = balance + unrealised
  const usdValue = rounded(times(equity, prices.usd(coin)))
  return { equity, usdValue, unrealised, initial, maintenance }
}

function totalsOf(account: Account, prices: MarketPrices): Record<(typeof TOTALS)[number], Fixed> {
  let [equity, wallet, unrealised, initial, maintenance] = [ZERO, ZERO, ZERO, ZERO, ZERO]
  for (const balance of account.coins.values()) {
    const usd = prices.usd(balance.coin)
    const state = coinState(account, balance, prices)
    equity += state.usdValue
    wallet += rounded(times(balance.balance, usd))
    unrealised += rounded(times(state.unrealised, usd))
    initial += rounded(times(state.initial, usd))
    maintenance += rounded(times(state.maintenance, usd))
  }
  const rate = (amount: Fixed): Fixed => (equity <= ZERO ? ZERO : rounded(over(amount, equity), 4))
  return {
    accountIMRate: rate(initial),
    accountMMRate: rate(maintenance),
    accountIMRateByMp: rate(initial),
    accountMMRateByMp: rate(maintenance),
    totalEquity: equity,
    totalWalletBalance: wallet,
    totalMarginBalance: equity,
    totalAvailableBalance: equity - initial,
    totalPerpUPL: unrealised,
    totalInitialMargin: initial,
    totalMaintenanceMargin: maintenance,
    totalInitialMarginByMp: initial,
    totalMaintenanceMarginByMp: maintenance,
  }
}
