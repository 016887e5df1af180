import { unitsOf } from '../../base/decimal-text.ts'
import { SimError } from '../../base/errors.ts'
import { type Fixed, fixedOf, magnitude, ZERO } from '../../base/fixed.ts'
import type { Desk } from '../../market/desk.ts'
import type { Account } from '../holdings/account.ts'
import type { OrderSpec, PositionIdx, Side } from '../orders/order.ts'

/** Reads a price; throws `SIM_BAD_INPUT` unless it lies on the instrument's grid. */
export function readPrice(desk: Desk, name: string, text: string): Fixed {
  const { priceDecimals, tick, symbol } = desk.instrument
  const units = unitsOf(text, priceDecimals)
  if (units === null || units === 0 || units % tick !== 0) {
    throw new SimError('SIM_BAD_INPUT', `${name} ${text} is not a price of ${symbol}`)
  }
  return fixedOf(text)
}

/** Reads a size; throws `SIM_BAD_INPUT` unless it lies on the instrument's grid. */
export function readQty(desk: Desk, text: string): Fixed {
  const units = unitsOf(text, desk.instrument.sizeDecimals)
  if (units === null || units === 0) {
    throw new SimError('SIM_BAD_INPUT', `qty ${text} is not a size of ${desk.instrument.symbol}`)
  }
  return fixedOf(text)
}

/** The leg that an order is for; throws `SIM_BAD_INPUT` when it does not fit the position mode. */
export function readLeg(account: Account, desk: Desk, spec: OrderSpec): PositionIdx {
  const isHedge = account.positionMode === 'hedge' && desk.instrument.category !== 'spot'
  const opens = (spec.side === 'Buy') !== (spec.reduceOnly === true) ? 1 : 2
  const idx = spec.positionIdx ?? (isHedge ? opens : 0)
  if ((idx === 0) === isHedge) {
    throw new SimError('SIM_BAD_INPUT', `position idx ${idx} does not match the position mode`)
  }
  return idx
}

/** Throws `SIM_BAD_INPUT` for an order that would close more than is open. */
export function checkCloses(
  account: Account,
  { desk, side, reduceOnly, positionIdx }: Closing,
  qty: Fixed,
): void {
  const { category, symbol } = desk.instrument
  const isClosing = positionIdx === 0 ? reduceOnly : (positionIdx === 1) === (side === 'Sell')
  if (category === 'spot' || !isClosing) return
  const leg = account.leg(desk, positionIdx)
  const open = leg.side === '' || leg.side === side ? ZERO : magnitude(leg.size)
  const claimed = account
    .openOrders(category, symbol)
    .filter(({ terms }) => terms.positionIdx === positionIdx && terms.side === side)
    .filter(({ terms }) => positionIdx !== 0 || terms.reduceOnly)
    .reduce((sum, order) => sum + order.leaves, ZERO)
  if (qty + claimed > open) {
    throw new SimError('SIM_BAD_INPUT', `the order would close more of ${symbol} than is open`)
  }
}

/** The parts of an order that decide whether it closes a position. */
interface Closing {
  readonly desk: Desk
  readonly side: Side
  readonly reduceOnly: boolean
  readonly positionIdx: PositionIdx
}
