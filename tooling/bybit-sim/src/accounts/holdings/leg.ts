import { type Fixed, least, magnitude, over, rounded, times, ZERO } from '../../base/fixed.ts'
import type { Desk } from '../../market/desk.ts'
import type { PositionIdx, Side } from '../orders/order.ts'

/** What a fill changed in a position. */
export interface LegChange {
  /** The part of the fill that reduced the position. */
  readonly closedSize: Fixed
  /** The profit of the closed part, before fees. */
  readonly pnl: Fixed
  /** The fees that were paid to open the closed part. */
  readonly openFees: Fixed
  /** The value of the closed part when it was opened. */
  readonly entryValue: Fixed
}

/** One leg of an account's position in a symbol: the only one, the long one or the short one. */
export class Leg {
  readonly desk: Desk
  readonly positionIdx: PositionIdx
  readonly createdMs: number
  leverage: Fixed
  /** Positive when long. */
  size: Fixed = ZERO
  /** The value of the open size when it was opened; never negative. */
  entryValue: Fixed = ZERO
  openFees: Fixed = ZERO
  /** Realised profit since the leg was last flat. */
  curRealised: Fixed = ZERO
  cumRealised: Fixed = ZERO
  /** −1 before the first trade. */
  seq = -1
  updatedMs: number
  openedMs = 0
  status = 'Normal'

  constructor(desk: Desk, positionIdx: PositionIdx, leverage: Fixed, nowMs: number) {
    this.desk = desk
    this.positionIdx = positionIdx
    this.leverage = leverage
    this.createdMs = nowMs
    this.updatedMs = nowMs
  }

  /** Empty when flat. */
  get side(): Side | '' {
    if (this.size === ZERO) return ''
    return this.size > ZERO ? 'Buy' : 'Sell'
  }

  /** Zero when flat. */
  get entryPrice(): Fixed {
    if (this.size === ZERO) return ZERO
    const size = magnitude(this.size)
    return rounded(this.#isInverse ? over(size, this.entryValue) : over(this.entryValue, size))
  }

  /** The unrealised profit at a price. */
  unrealised(price: Fixed): Fixed {
    if (this.size === ZERO) return ZERO
    return this.#gain(this.entryValue, tradeValue(this.desk, price, magnitude(this.size)))
  }

  /** Applies a fill: a fill against the position closes it, and what is left over opens a new one. */
  fill(
    side: Side,
    qty: Fixed,
    price: Fixed,
    fee: Fixed,
    at: { ms: number; seq: number },
  ): LegChange {
    const isAgainst = this.side !== '' && this.side !== side
    const closedSize = isAgainst ? least(qty, magnitude(this.size)) : ZERO
    const closing = this.#close(closedSize, price)
    const opened = qty - closedSize
    const openFee = qty === ZERO ? ZERO : rounded(times(fee, over(opened, qty)))
    if (opened > ZERO) {
      if (this.size === ZERO) {
        this.curRealised = ZERO
        this.openedMs = at.ms
      }
      this.size += side === 'Buy' ? opened : -opened
      this.entryValue += tradeValue(this.desk, price, opened)
      this.openFees += openFee
    }
    this.realise(closing.pnl - fee)
    this.seq = at.seq
    this.updatedMs = at.ms
    return { closedSize, ...closing }
  }

  /** Adds to the realised profit. */
  realise(amount: Fixed): void {
    this.curRealised += amount
    this.cumRealised += amount
  }

  #close(qty: Fixed, price: Fixed): { pnl: Fixed; openFees: Fixed; entryValue: Fixed } {
    if (qty === ZERO) return { pnl: ZERO, openFees: ZERO, entryValue: ZERO }
    const size = magnitude(this.size)
    const share = (amount: Fixed): Fixed =>
      qty === size ? amount : rounded(times(amount, over(qty, size)))
    const entryValue = share(this.entryValue)
    const openFees = share(this.openFees)
    const pnl = this.#gain(entryValue, tradeValue(this.desk, price, qty))
    this.entryValue -= entryValue
    this.openFees -= openFees
    this.size += this.size > ZERO ? -qty : qty
    return { pnl, openFees, entryValue }
  }

  #gain(entryValue: Fixed, exitValue: Fixed): Fixed {
    // The higher the price, the fewer coins an inverse contract is worth.
    const isLongGain = this.size > ZERO !== this.#isInverse
    return rounded(isLongGain ? exitValue - entryValue : entryValue - exitValue)
  }

  get #isInverse(): boolean {
    return this.desk.instrument.category === 'inverse'
  }
}

/** The value of a trade: in the quote coin, for inverse contracts in the base coin. */
export function tradeValue(desk: Desk, price: Fixed, qty: Fixed): Fixed {
  if (desk.instrument.category !== 'inverse') return times(price, qty)
  return rounded(over(qty, price))
}
