import type { WireRow } from '../../base/wire-row.ts'
import type { Account } from '../holdings/account.ts'
import type { MarketPrices } from '../holdings/market-prices.ts'
import { executionRow } from './execution-row.ts'
import { orderRow } from './order-row.ts'
import { positionRow } from './position-row.ts'
import { walletRow } from './wallet-row.ts'

/** Everything that is true of one account, in the words of its private topics. */
export interface AccountBooks {
  readonly uid: string
  /** Every execution once, in the order of happening, as rows of the `execution` topic. */
  readonly executions: readonly WireRow[]
  /** Every state of every order that was told of, each once, in order: rows of the `order` topic. */
  readonly orderHistory: readonly WireRow[]
  /** Every order as it is now, in the order of their placing. */
  readonly orders: readonly WireRow[]
  /**
   * Every leg of every symbol that the account was ever told of, as it is now. `markPrice`,
   * `unrealisedPnl` and margins are of this moment, not of the last message.
   */
  readonly positions: readonly WireRow[]
  /** The account as it is now, with all its coins. What depends on prices is of this moment. */
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
      .filter(({ desk }) => account.toldDesks.has(desk))
      .map((leg) => positionRow(leg, prices.mark(leg.desk))),
    wallet: walletRow(account, [...account.coins.keys()], prices),
  }
}
