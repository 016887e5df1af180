import type { ExecutionEvent, PositionEvent, PrivateChannel, WalletEvent } from '@grid/core-events'
import { EXECUTIONS } from './account/executions.ts'
import { ARRIVED_ORDERS, type ArrivedOrder } from './account/orders.ts'
import { POSITIONS } from './account/positions.ts'
import { type AccountTransaction, TRANSACTIONS } from './account/transactions.ts'
import { WALLETS } from './account/wallets.ts'
import type { EventTable } from './shape/event-table.ts'

/** What a row of each account table is written from, by channel. */
interface AccountRows extends Record<PrivateChannel, unknown> {
  execution: ExecutionEvent
  order: ArrivedOrder
  position: PositionEvent
  wallet: WalletEvent
  /** Read over REST only. */
  transaction: AccountTransaction
}

/** The tables of what accounts did and have, by channel: the one place where a new one is listed. */
export const ACCOUNT_TABLES: {
  readonly [Name in keyof AccountRows]: EventTable<AccountRows[Name]>
} = {
  execution: EXECUTIONS,
  order: ARRIVED_ORDERS,
  position: POSITIONS,
  wallet: WALLETS,
  transaction: TRANSACTIONS,
}
