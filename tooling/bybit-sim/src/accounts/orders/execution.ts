import type { Fixed } from '../../base/fixed.ts'
import type { Desk } from '../../market/desk.ts'
import type { OptionMarks } from '../../truth/trade-truth.ts'
import type { Side } from './order.ts'

/** One execution of one account: a fill of one of its orders, a funding payment, a dividend or a split. */
export interface Execution {
  readonly desk: Desk
  readonly execId: string
  readonly execType:
    | 'Trade'
    | 'Funding'
    | 'BustTrade'
    | 'AdlTrade'
    | 'Dividend'
    | 'ForwardSplitSettle'
    | 'ReverseSplitSettle'
  readonly orderId: string
  readonly orderLinkId: string
  readonly orderType: string
  readonly orderPrice: Fixed
  readonly orderQty: Fixed
  readonly leavesQty: Fixed
  readonly createType: string
  readonly side: Side
  readonly price: Fixed
  readonly qty: Fixed
  readonly value: Fixed
  /** Positive when paid. */
  readonly fee: Fixed
  readonly feeRate: Fixed
  readonly feeCoin: string
  /** Profit of the closed part, before fees. */
  readonly pnl: Fixed
  readonly closedSize: Fixed
  readonly markPrice: Fixed
  /** Null for all categories but options. */
  readonly marks: OptionMarks | null
  readonly isMaker: boolean
  readonly seq: number
  /** Epoch milliseconds. */
  readonly timeMs: number
}
