import type { TickerValues } from './ticker.ts'

/** The name of a ticker value. */
export type TickerFieldName = keyof TickerValues
/** How a ticker value is written on the wire. */
export type TickerFieldKind = 'decimal' | 'timestamp' | 'text'

/** One ticker value: its bit in `changed`, and how it is written. */
export interface TickerField {
  /** Position in the bitmask. Append-only: a number is never used again for another field. */
  readonly bit: number
  readonly kind: TickerFieldKind
}

/** Every ticker value with its bit; at most 53 fit the mask, which is a JavaScript number. */
export const TICKER_FIELDS: { readonly [Name in TickerFieldName]: TickerField } = {
  tickDirection: { bit: 0, kind: 'text' },
  lastPrice: { bit: 1, kind: 'decimal' },
  price24hPcnt: { bit: 2, kind: 'decimal' },
  prevPrice24h: { bit: 3, kind: 'decimal' },
  highPrice24h: { bit: 4, kind: 'decimal' },
  lowPrice24h: { bit: 5, kind: 'decimal' },
  prevPrice1h: { bit: 6, kind: 'decimal' },
  markPrice: { bit: 7, kind: 'decimal' },
  indexPrice: { bit: 8, kind: 'decimal' },
  openInterest: { bit: 9, kind: 'decimal' },
  openInterestValue: { bit: 10, kind: 'decimal' },
  singleOpenInterest: { bit: 11, kind: 'decimal' },
  singleOpenInterestValue: { bit: 12, kind: 'decimal' },
  turnover24h: { bit: 13, kind: 'decimal' },
  volume24h: { bit: 14, kind: 'decimal' },
  bid1Price: { bit: 15, kind: 'decimal' },
  bid1Size: { bit: 16, kind: 'decimal' },
  ask1Price: { bit: 17, kind: 'decimal' },
  ask1Size: { bit: 18, kind: 'decimal' },
  nextFundingTime: { bit: 19, kind: 'timestamp' },
  fundingRate: { bit: 20, kind: 'decimal' },
  fundingIntervalHour: { bit: 21, kind: 'decimal' },
  fundingCap: { bit: 22, kind: 'decimal' },
  deliveryTime: { bit: 23, kind: 'timestamp' },
  basisRate: { bit: 24, kind: 'decimal' },
  basisRateYear: { bit: 25, kind: 'decimal' },
  deliveryFeeRate: { bit: 26, kind: 'decimal' },
  predictedDeliveryPrice: { bit: 27, kind: 'decimal' },
  basis: { bit: 28, kind: 'decimal' },
  preOpenPrice: { bit: 29, kind: 'decimal' },
  preQty: { bit: 30, kind: 'decimal' },
  curPreListingPhase: { bit: 31, kind: 'text' },
  usdIndexPrice: { bit: 32, kind: 'decimal' },
  bid1Iv: { bit: 33, kind: 'decimal' },
  ask1Iv: { bit: 34, kind: 'decimal' },
  markIv: { bit: 35, kind: 'decimal' },
  underlyingPrice: { bit: 36, kind: 'decimal' },
  totalVolume: { bit: 37, kind: 'decimal' },
  totalTurnover: { bit: 38, kind: 'decimal' },
  delta: { bit: 39, kind: 'decimal' },
  gamma: { bit: 40, kind: 'decimal' },
  vega: { bit: 41, kind: 'decimal' },
  theta: { bit: 42, kind: 'decimal' },
  change24h: { bit: 43, kind: 'decimal' },
}

/** The names of all ticker values, in the order of their bits. */
export const TICKER_FIELD_NAMES: readonly TickerFieldName[] = (
  Object.keys(TICKER_FIELDS) as TickerFieldName[]
).sort((a, b) => TICKER_FIELDS[a].bit - TICKER_FIELDS[b].bit)

/**
 * The names of the fields that a `changed` bitmask marks as fresh.
 *
 * The mask may exceed 32 bits, so bitwise operators do not serve; bits of fields that this version
 * does not know are passed over.
 *
 * @example
 * changedFields(event.changed) // ['markPrice', 'indexPrice']
 */
export function changedFields(changed: number): TickerFieldName[] {
  return TICKER_FIELD_NAMES.filter(
    (name) => Math.floor(changed / 2 ** TICKER_FIELDS[name].bit) % 2 === 1,
  )
}
