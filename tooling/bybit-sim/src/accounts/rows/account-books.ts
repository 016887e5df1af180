import type { WireRow } from '../../base/wire-row.ts'
import type { Account } from '../holdings/account.ts'
import type { MarketPrices } from '../holdings/market-prices.ts'
import { executionRow } from './execution-row.ts'
import { orderRow } from './order-row.ts'
import { positionRow } from './position-row.ts'
import { walletRow } from './wallet-row.ts'

/** The truth about one account, as rows of its private topics. */
export interface AccountBooks {
  readonly uid: string
  /** Every execution once, in order, as rows of the `execution` topic. */
  readonly executions: readonly WireRow[]
  /** Every reported state of every order, each once, in order, as rows of the `order` topic. */
  readonly orderHistory: readonly WireRow[]
  /** Every order as it is now, in the order of placing. */
  readonly orders: readonly WireRow[]
  /**
   * Every leg that was ever reported, as it is now. `markPrice`, `unrealisedPnl` and margins are those
   * of this moment, not of the last message.
   */
  readonly positions: readonly WireRow[]
  /** The account with all its coins as it is now. Values that depend on prices are those of this moment. */
  readonly wallet: WireRow
}

/** Writes an account's books. */
export function booksOf(account: Account, prices: MarketPrices): AccountBooks {
  return {
    uid: account.uid,
    executions: account.executions.map(executionRow),
    orderHistory: [...account.orderHistory],
    orders: [...account.orders.values()].map(orderRow),
    positions: account.legs
      .filter(({ desk }) => account.reportedDesks.has(desk))
      .map((leg) => positionRow(leg, prices.mark(leg.desk))),
    wallet: walletRow(account, [...account.coins.keys()], prices),
  }
}
