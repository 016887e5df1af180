import { type Fixed, fixedText, paddedText } from '../../base/fixed.ts'
import type { Desk } from '../../market/desk.ts'

/** Whether an instrument is spot: its rows keep trailing zeros, all others trim them. */
export function isSpot(desk: Desk): boolean {
  return desk.instrument.category === 'spot'
}

/** Whether rows carry `createType`: only those of contracts do. */
export function hasCreateType({ instrument }: Desk): boolean {
  return instrument.category === 'linear' || instrument.category === 'inverse'
}

/** A price as private rows write it: trimmed, except for spot. */
export function priceDigits(desk: Desk, price: Fixed): string {
  return isSpot(desk) ? paddedText(price, desk.instrument.priceDecimals) : fixedText(price)
}

/** A size as private rows write it: trimmed, except for spot. */
export function sizeDigits(desk: Desk, size: Fixed): string {
  return isSpot(desk) ? paddedText(size, desk.instrument.sizeDecimals) : fixedText(size)
}

/** A value as private rows write it: trimmed, for spot with eight places. */
export function amountText(desk: Desk, value: Fixed): string {
  return isSpot(desk) ? paddedText(value, 8) : fixedText(value)
}
