import type { Category } from '@grid/core-events'
import { type Fixed, over, rounded, ZERO } from '../../base/fixed.ts'
import type { Desk } from '../../market/desk.ts'

/** The statuses of orders here. */
export type OrderStatus =
  | 'Untriggered'
  | 'Triggered'
  | 'New'
  | 'PartiallyFilled'
  | 'Filled'
  | 'Cancelled'
  | 'PartiallyFilledCanceled'
  | 'Rejected'
  | 'Deactivated'

/** Which side an order takes. */
export type Side = 'Buy' | 'Sell'

/** The leg of a position: 0 of an account with one leg a symbol, 1 the long and 2 the short one. */
export type PositionIdx = 0 | 1 | 2

/** An order as its account asks for it; decimals as texts. */
export interface OrderSpec {
  readonly category?: Category
  readonly symbol: string
  readonly side: Side
  readonly qty: string
  /** A limit order's; a market order has none. */
  readonly price?: string
  readonly orderLinkId?: string
  readonly timeInForce?: 'GTC' | 'IOC' | 'PostOnly'
  readonly reduceOnly?: boolean
  /** By default the leg that the side opens. */
  readonly positionIdx?: PositionIdx
  /** Makes it a conditional order, which waits for `trigger`. */
  readonly triggerPrice?: string
  /** Into how many executions what the market takes at once is cut; 1 by default. */
  readonly parts?: number
}

/** What never changes of an order. `Owner` is the account: its type is above orders, which it holds. */
export interface OrderTerms<Owner> {
  readonly account: Owner
  readonly orderId: string
  readonly orderLinkId: string
  readonly desk: Desk
  readonly side: Side
  readonly orderType: 'Limit' | 'Market'
  readonly timeInForce: string
  readonly reduceOnly: boolean
  readonly positionIdx: PositionIdx
  readonly createType: string
  /** Null for none. */
  readonly triggerPrice: Fixed | null
  readonly lastPriceOnCreated: Fixed
  readonly createdMs: number
}

/** One order and its state. */
export class Order<Owner> {
  readonly terms: OrderTerms<Owner>
  /** A market order's is the price that protects it. */
  price: Fixed
  qty: Fixed
  status: OrderStatus
  cancelType = 'UNKNOWN'
  rejectReason = 'EC_NoError'
  cumQty: Fixed = ZERO
  cumValue: Fixed = ZERO
  cumFee: Fixed = ZERO
  closedPnl: Fixed = ZERO
  updatedMs: number

  constructor(terms: OrderTerms<Owner>, price: Fixed, qty: Fixed) {
    this.terms = terms
    this.price = price
    this.qty = qty
    this.status = terms.triggerPrice === null ? 'New' : 'Untriggered'
    this.updatedMs = terms.createdMs
  }

  /** What is yet to be filled; nothing once it has ended. */
  get leaves(): Fixed {
    return this.isOpen ? this.qty - this.cumQty : ZERO
  }

  get isOpen(): boolean {
    return ['Untriggered', 'Triggered', 'New', 'PartiallyFilled'].includes(this.status)
  }

  /** Whether it waits in the book. */
  get rests(): boolean {
    return this.status === 'New' || this.status === 'PartiallyFilled'
  }

  /** The coin in which its fills pay their fees. */
  get feeCoin(): string {
    const { category, baseCoin, quoteCoin, settleCoin } = this.terms.desk.instrument
    if (category !== 'spot') return settleCoin
    return this.terms.side === 'Buy' ? baseCoin : quoteCoin
  }

  /** Null before the first fill. */
  get averagePrice(): Fixed | null {
    if (this.cumQty === ZERO) return null
    const isInverse = this.terms.desk.instrument.category === 'inverse'
    return rounded(isInverse ? over(this.cumQty, this.cumValue) : over(this.cumValue, this.cumQty))
  }
}
