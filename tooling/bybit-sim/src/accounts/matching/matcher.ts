import { nowMs } from '@grid/core-events'
import { SimError } from '../../base/errors.ts'
import { type Fixed, fixedOf, least, magnitude, ONE, ZERO } from '../../base/fixed.ts'
import type { Random } from '../../base/random.ts'
import type { ServerClock } from '../../base/server-clock.ts'
import type { Desk } from '../../market/desk.ts'
import { priceText } from '../../market/instrument.ts'
import type { Market } from '../../market/market.ts'
import { tradeIds } from '../../market/trade-id.ts'
import type { Account, AccountOrder } from '../holdings/account.ts'
import type { OrderSpec } from '../orders/order.ts'
import type { Batch } from './batch.ts'
import { newOrder } from './new-order.ts'
import { checkCloses, readPrice, readQty } from './read-order.ts'
import { type Fill, settleFill } from './settle-fill.ts'

/** How often a match reports every state of its taker's order, rather than the last one only. */
const CHATTY = 0.4
const BY_USER = { createType: 'CreateByUser', execType: 'Trade' } as const

/** The time and the cross sequence of something that happens. */
export interface Moment {
  readonly timeMs: number
  readonly seq: number
}

/**
 * Matches orders: first with resting orders of other accounts, by price and time, then with the market,
 * which takes any size at its last price. A resting order waits for another account's order, or `fill`.
 */
export class Matcher {
  readonly #market: Market
  readonly #clock: ServerClock
  readonly #random: Random
  readonly #resting = new Map<Desk, Set<AccountOrder>>()
  readonly #ids = new Map<string, () => string>()

  constructor(options: { market: Market; clock: ServerClock; random: Random }) {
    this.#market = options.market
    this.#clock = options.clock
    this.#random = options.random
  }

  /** Places an order: it is matched at once, rests, waits for its trigger, or ends. */
  place(
    account: Account,
    spec: OrderSpec,
    batch: Batch,
    forced: { createType: string; execType: Fill['execType'] } = BY_USER,
  ): AccountOrder {
    const desk = this.#market.desk(spec.category ?? 'linear', spec.symbol)
    const order = newOrder(account, desk, spec, {
      orderId: this.nextId(desk),
      createType: forced.createType,
      lastPrice: this.lastPrice(desk),
      nowMs: nowMs(this.#clock),
    })
    account.add(order)
    if (order.status === 'Untriggered') batch.reportOrder(order)
    else this.enter(order, batch, spec.parts, forced.execType)
    return order
  }

  /** Matches an order, and lets the rest of it rest or end. */
  enter(order: AccountOrder, batch: Batch, parts = 1, execType: Fill['execType'] = 'Trade'): void {
    const moment = this.moment(order.terms.desk)
    const wouldTake = this.#opposite(order).length > 0 || this.#crossesMarket(order)
    if (order.terms.timeInForce === 'PostOnly' && wouldTake) {
      const isSpot = order.terms.desk.instrument.category === 'spot'
      end(order, isSpot ? 'Rejected' : 'Cancelled', moment.timeMs)
      order.rejectReason = 'EC_PostOnlyWillTakeLiquidity'
      batch.reportOrder(order)
      return
    }
    const isChatty = this.#random.chance(CHATTY)
    order.updatedMs = moment.timeMs
    if (isChatty || !wouldTake) batch.reportOrder(order)
    this.#take(order, batch, { moment, parts, execType, isChatty })
    if (wouldTake && order.cumQty > ZERO && !isChatty) batch.reportOrder(order)
    if (!order.isOpen) return
    if (order.terms.timeInForce !== 'IOC') {
      this.#rest(order)
      return
    }
    const isPartlySpot = order.terms.desk.instrument.category === 'spot' && order.cumQty > ZERO
    end(order, isPartlySpot ? 'PartiallyFilledCanceled' : 'Cancelled', moment.timeMs)
    order.rejectReason = 'EC_NoImmediateQtyToFill'
    batch.reportOrder(order)
  }

  /** Fills a resting order at a price. */
  fill(order: AccountOrder, batch: Batch, qty: Fixed, price: Fixed): void {
    if (!order.rests || qty > order.leaves) {
      throw new SimError(
        'SIM_BAD_INPUT',
        `order ${order.terms.orderId} has less than that left to fill`,
      )
    }
    const moment = this.moment(order.terms.desk)
    this.#settle(order, batch, { price, qty, isMaker: true, execType: 'Trade', moment })
    batch.reportOrder(order)
    this.#leaveIfDone(order)
  }

  /** Changes an open order's price or size. */
  amend(order: AccountOrder, batch: Batch, changes: { price?: string; qty?: string }): void {
    const { desk } = order.terms
    if (!order.isOpen) throw notOpen(order)
    if (changes.price !== undefined) order.price = readPrice(desk, 'price', changes.price)
    if (changes.qty !== undefined) {
      const qty = readQty(desk, changes.qty)
      if (qty <= order.cumQty) {
        throw new SimError('SIM_BAD_INPUT', `qty ${changes.qty} is filled already`)
      }
      checkCloses(order.terms.account, order.terms, qty - order.qty)
      order.qty = qty
    }
    order.updatedMs = this.moment(desk).timeMs
    batch.reportOrder(order)
  }

  /**
   * Cancels an order. If it is filled already, reports `Filled` once more, with the refusal of the
   * cancel, as the exchange documents for this race.
   */
  cancel(order: AccountOrder, batch: Batch, cancelType = 'CancelByUser'): void {
    if (order.status === 'Filled') {
      order.cancelType = cancelType
      order.rejectReason = 'EC_OrigClOrdIDDoesNotExist'
      batch.reportOrder(order)
      return
    }
    if (!order.isOpen) throw notOpen(order)
    const { timeMs } = this.moment(order.terms.desk)
    const isPartlySpot = order.terms.desk.instrument.category === 'spot' && order.cumQty > ZERO
    const wasWaiting = order.status === 'Untriggered'
    order.cancelType = cancelType
    if (!wasWaiting) order.rejectReason = 'EC_PerCancelRequest'
    const ended = isPartlySpot ? 'PartiallyFilledCanceled' : 'Cancelled'
    end(order, wasWaiting ? 'Deactivated' : ended, timeMs)
    this.#resting.get(order.terms.desk)?.delete(order)
    batch.reportOrder(order)
  }

  /** Triggers a conditional order. */
  trigger(order: AccountOrder, batch: Batch): void {
    if (order.status !== 'Untriggered') throw notOpen(order)
    order.status = 'Triggered'
    order.updatedMs = this.moment(order.terms.desk).timeMs
    batch.reportOrder(order)
    order.status = 'New'
    this.enter(order, batch)
  }

  /** The present time, with the symbol's next cross sequence. */
  moment(desk: Desk): Moment {
    return { timeMs: nowMs(this.#clock), seq: desk.tape.advance(this.#random) }
  }

  /** A new id in the form of the category's orders and executions. */
  nextId(desk: Desk): string {
    const { category, symbol } = desk.instrument
    const key = `${category} ${symbol}`
    let next = this.#ids.get(key)
    if (next === undefined) {
      next = tradeIds(category, symbol, this.#random)
      this.#ids.set(key, next)
    }
    return next()
  }

  /** The last price of the market. */
  lastPrice(desk: Desk): Fixed {
    return fixedOf(priceText(desk.instrument, desk.tape.state.price))
  }

  #take(
    order: AccountOrder,
    batch: Batch,
    how: { moment: Moment; parts: number; execType: Fill['execType']; isChatty: boolean },
  ): void {
    const { moment, execType, isChatty } = how
    const settle = (price: Fixed, qty: Fixed, maker: AccountOrder | null): void => {
      const execId = this.nextId(order.terms.desk)
      const fill = { price, qty, execType, moment, execId }
      this.#settle(order, batch, { ...fill, isMaker: false })
      if (isChatty) batch.reportOrder(order)
      if (maker === null) return
      this.#settle(maker, batch, { ...fill, isMaker: true })
      batch.reportOrder(maker)
      this.#leaveIfDone(maker)
    }
    for (const maker of this.#opposite(order)) {
      if (order.leaves === ZERO) return
      // An earlier fill of this loop may have cancelled it: it was reduce-only.
      if (maker.leaves === ZERO) continue
      settle(maker.price, least(order.leaves, maker.leaves), maker)
    }
    if (order.leaves === ZERO || !this.#crossesMarket(order)) return
    const lot = lotOf(order.terms.desk)
    const lots = order.leaves / lot
    const parts = BigInt(Math.max(1, how.parts)) > lots ? lots : BigInt(Math.max(1, how.parts))
    const part = (lots / parts) * lot
    const price = this.lastPrice(order.terms.desk)
    for (let left = parts; left > 1n; left--) settle(price, part, null)
    settle(price, order.leaves, null)
  }

  #settle(
    order: AccountOrder,
    batch: Batch,
    fill: Pick<Fill, 'price' | 'qty' | 'isMaker' | 'execType'> & {
      moment: Moment
      execId?: string
    },
  ): void {
    const { desk } = order.terms
    const { moment, execId = this.nextId(desk), ...rest } = fill
    settleFill(order, { ...rest, execId, markPrice: this.lastPrice(desk), ...moment }, batch)
    this.#endSurplus(order, batch)
  }

  /** Cancels reduce-only orders that would close more than the position still has, newest first. */
  #endSurplus(filled: AccountOrder, batch: Batch): void {
    const { account, desk, positionIdx } = filled.terms
    const { category, symbol } = desk.instrument
    if (category === 'spot' || positionIdx !== 0) return
    const leg = account.leg(desk, positionIdx)
    let left = magnitude(leg.size)
    for (const order of account.openOrders(category, symbol)) {
      if (!order.terms.reduceOnly || order === filled) continue
      const closes = leg.side !== '' && leg.side !== order.terms.side
      if (closes && order.leaves <= left) left -= order.leaves
      else this.cancel(order, batch, 'CancelByReduceOnly')
    }
  }

  /** The resting orders of other accounts that an order can match, the best first. */
  #opposite(order: AccountOrder): AccountOrder[] {
    const { desk, side, account, orderType } = order.terms
    const isBuy = side === 'Buy'
    return [...(this.#resting.get(desk) ?? [])]
      .filter(({ terms, price }) => {
        const isCrossed = isBuy ? price <= order.price : price >= order.price
        const isOther = terms.side !== side && terms.account !== account
        return isOther && (isCrossed || orderType === 'Market')
      })
      .sort((a, b) => (a.price === b.price ? 0 : a.price < b.price === isBuy ? -1 : 1))
  }

  #crossesMarket({ terms, price }: AccountOrder): boolean {
    if (terms.orderType === 'Market') return true
    const last = this.lastPrice(terms.desk)
    return terms.side === 'Buy' ? price > last : price < last
  }

  #rest(order: AccountOrder): void {
    const resting = this.#resting.get(order.terms.desk) ?? new Set()
    this.#resting.set(order.terms.desk, resting)
    resting.add(order)
  }

  #leaveIfDone(order: AccountOrder): void {
    if (!order.isOpen) this.#resting.get(order.terms.desk)?.delete(order)
  }
}

/** The smallest size of an instrument. */
export function lotOf(desk: Desk): Fixed {
  return ONE / 10n ** BigInt(desk.instrument.sizeDecimals)
}

function end(order: AccountOrder, status: AccountOrder['status'], timeMs: number): void {
  order.status = status
  order.updatedMs = timeMs
}

function notOpen({ terms, status }: AccountOrder): SimError {
  return new SimError('SIM_BAD_INPUT', `order ${terms.orderId} is ${status}`)
}
