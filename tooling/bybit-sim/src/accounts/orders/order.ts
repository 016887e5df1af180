import type { Category } from '@grid/core-events'
import { type Fixed, over, rounded, ZERO } from '../../base/fixed.ts'
import type { Desk } from '../../market/desk.ts'

/** The order statuses that the simulator uses. */
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

/** The leg of a position: 0 in one-way mode; in hedge mode 1 is the long and 2 the short leg. */
export type PositionIdx = 0 | 1 | 2

/** An order to place; decimals are texts. */
export interface OrderSpec {
  /** Default `linear`. */
  readonly category?: Category
  readonly symbol: string
  readonly side: Side
  readonly qty: string
  /** The limit; without it the order is a market order. */
  readonly price?: string
  readonly orderLinkId?: string
  readonly timeInForce?: 'GTC' | 'IOC' | 'PostOnly'
  readonly reduceOnly?: boolean
  /** Default: the leg that the side opens, or closes when `reduceOnly`. */
  readonly positionIdx?: PositionIdx
  /** Makes it a conditional order, which waits for `triggerOrder`. */
  readonly triggerPrice?: string
  /** Into how many executions an immediate fill is split. Default 1. */
  readonly parts?: number
}

/**
 * What never changes about an order.
 *
 * `Owner` is the type of its account. It is a parameter because the account's type names this one.
 */
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
  /** Null for an order without a trigger. */
  readonly triggerPrice: Fixed | null
  readonly lastPriceOnCreated: Fixed
  readonly createdMs: number
}

/** One order and its state. */
export class Order<Owner> {
  readonly terms: OrderTerms<Owner>
  /** The limit; for a market order the price that protects it. */
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

  /** The quantity still to be filled; zero once the order has ended. */
  get leaves(): Fixed {
    return this.isOpen ? this.qty - this.cumQty : ZERO
  }

  get isOpen(): boolean {
    return ['Untriggered', 'Triggered', 'New', 'PartiallyFilled'].includes(this.status)
  }

  /** Whether it waits in the order book. */
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
