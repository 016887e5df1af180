import { unitsOf } from '../decimal-text.ts'
import type { Desk } from '../desk.ts'
import { SimError } from '../errors.ts'
import type { Account } from './account.ts'
import { type Fixed, fixedOf, magnitude, ZERO } from './fixed.ts'
import type { OrderSpec, PositionIdx } from './order.ts'

/** Reads a price on the instrument's grid; throws `SIM_BAD_INPUT` for one that is not. */
export function readPrice(desk: Desk, name: string, text: string): Fixed {
  const { priceDecimals, tick, symbol } = desk.instrument
  const units = unitsOf(text, priceDecimals)
  if (units === null || units === 0 || units % tick !== 0) {
    throw new SimError('SIM_BAD_INPUT', `${name} ${text} is no price of ${symbol}`)
  }
  return fixedOf(text)
}

/** Reads a size on the instrument's grid; throws `SIM_BAD_INPUT` for one that is not. */
export function readQty(desk: Desk, text: string): Fixed {
  const units = unitsOf(text, desk.instrument.sizeDecimals)
  if (units === null || units === 0) {
    throw new SimError('SIM_BAD_INPUT', `qty ${text} is no size of ${desk.instrument.symbol}`)
  }
  return fixedOf(text)
}

/** The leg that an order is for; throws `SIM_BAD_INPUT` for one that the account does not have. */
export function readLeg(account: Account, desk: Desk, spec: OrderSpec): PositionIdx {
  const isHedge = account.positionMode === 'hedge' && desk.instrument.category !== 'spot'
  const opens = (spec.side === 'Buy') !== (spec.reduceOnly === true) ? 1 : 2
  const idx = spec.positionIdx ?? (isHedge ? opens : 0)
  if ((idx === 0) === isHedge) {
    throw new SimError('SIM_BAD_INPUT', `position idx ${idx} does not match the position mode`)
  }
  return idx
}

/** Throws `SIM_BAD_INPUT` for an order that would close more than there is. */
export function checkCloses(account: Account, desk: Desk, spec: OrderSpec, qty: Fixed): void {
  const idx = readLeg(account, desk, spec)
  const isClosing = idx === 0 ? spec.reduceOnly === true : (idx === 1) === (spec.side === 'Sell')
  if (!isClosing) return
  const { size, side } = account.leg(desk, idx)
  const open = side === '' || side === spec.side ? ZERO : magnitude(size)
  const claimed = account
    .openOrders(desk.instrument.category, desk.instrument.symbol)
    .filter(({ terms }) => terms.positionIdx === idx && terms.side === spec.side)
    .reduce(
      (sum, order) => sum + (idx === 0 && !order.terms.reduceOnly ? ZERO : order.leaves),
      ZERO,
    )
  if (qty + claimed > open) {
    throw new SimError('SIM_BAD_INPUT', `qty ${spec.qty} would close more than is open`)
  }
}
