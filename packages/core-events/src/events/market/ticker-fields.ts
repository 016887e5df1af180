import { z } from 'zod'
import { type Decimal, decimalSchema } from '../../values/decimal.ts'
import type { OpenEnum } from '../channel.ts'
import { nameSchema } from '../event-schema.ts'

/** How a ticker value is written on the wire. */
export type TickerFieldKind = 'decimal' | 'timestamp' | 'text'

/** One ticker value: its bit in `changed`, and how it is written. */
export interface TickerField {
  /** Position in the bitmask. Append-only: a number is never used again for another field. */
  readonly bit: number
  readonly kind: TickerFieldKind
}

/**
 * Every ticker value under the exchange's name, with its bit; at most 53 fit the mask, which is a
 * JavaScript number.
 *
 * This is the one list of the values: the event's type and its schema follow from it, and the
 * compiler or a test finds each place that has to name a new one.
 */
export const TICKER_FIELDS = {
  tickDirection: { bit: 0, kind: 'text' },
  lastPrice: { bit: 1, kind: 'decimal' },
  /** Ratio: 0.01 is 1 %. */
  price24hPcnt: { bit: 2, kind: 'decimal' },
  prevPrice24h: { bit: 3, kind: 'decimal' },
  highPrice24h: { bit: 4, kind: 'decimal' },
  lowPrice24h: { bit: 5, kind: 'decimal' },
  prevPrice1h: { bit: 6, kind: 'decimal' },
  markPrice: { bit: 7, kind: 'decimal' },
  indexPrice: { bit: 8, kind: 'decimal' },
  /** Both sides summed. */
  openInterest: { bit: 9, kind: 'decimal' },
  openInterestValue: { bit: 10, kind: 'decimal' },
  /** One side; sent since June 2026. */
  singleOpenInterest: { bit: 11, kind: 'decimal' },
  singleOpenInterestValue: { bit: 12, kind: 'decimal' },
  turnover24h: { bit: 13, kind: 'decimal' },
  volume24h: { bit: 14, kind: 'decimal' },
  bid1Price: { bit: 15, kind: 'decimal' },
  bid1Size: { bit: 16, kind: 'decimal' },
  ask1Price: { bit: 17, kind: 'decimal' },
  ask1Size: { bit: 18, kind: 'decimal' },
  /** Epoch milliseconds. */
  nextFundingTime: { bit: 19, kind: 'timestamp' },
  fundingRate: { bit: 20, kind: 'decimal' },
  /** Hours between fundings. */
  fundingIntervalHour: { bit: 21, kind: 'decimal' },
  fundingCap: { bit: 22, kind: 'decimal' },
  /** Epoch milliseconds; dated futures only. */
  deliveryTime: { bit: 23, kind: 'timestamp' },
  basisRate: { bit: 24, kind: 'decimal' },
  basisRateYear: { bit: 25, kind: 'decimal' },
  deliveryFeeRate: { bit: 26, kind: 'decimal' },
  predictedDeliveryPrice: { bit: 27, kind: 'decimal' },
  basis: { bit: 28, kind: 'decimal' },
  preOpenPrice: { bit: 29, kind: 'decimal' },
  preQty: { bit: 30, kind: 'decimal' },
  curPreListingPhase: { bit: 31, kind: 'text' },
  /** Spot: the coin's index price in USD; null for coins that are no collateral. */
  usdIndexPrice: { bit: 32, kind: 'decimal' },
  /** Options: implied volatility at the best bid; the socket says `bidIv`. Ratio. */
  bid1Iv: { bit: 33, kind: 'decimal' },
  /** Options: implied volatility at the best ask; the socket says `askIv`. Ratio. */
  ask1Iv: { bit: 34, kind: 'decimal' },
  /** Options: implied volatility of the mark price; the socket says `markPriceIv`. Ratio. */
  markIv: { bit: 35, kind: 'decimal' },
  underlyingPrice: { bit: 36, kind: 'decimal' },
  /** Options: traded since the listing. */
  totalVolume: { bit: 37, kind: 'decimal' },
  totalTurnover: { bit: 38, kind: 'decimal' },
  delta: { bit: 39, kind: 'decimal' },
  gamma: { bit: 40, kind: 'decimal' },
  vega: { bit: 41, kind: 'decimal' },
  theta: { bit: 42, kind: 'decimal' },
  /** Options: ratio, 0.01 is 1 %. */
  change24h: { bit: 43, kind: 'decimal' },
} as const

/** The name of a ticker value. */
export type TickerFieldName = keyof typeof TICKER_FIELDS

/** The values of a ticker, named as the exchange names them. */
export type TickerValues = {
  readonly [Name in keyof typeof TICKER_FIELDS]: TickerValue<Name>
}

type TickerValue<Name extends TickerFieldName> = Name extends 'tickDirection'
  ? OpenEnum<'PlusTick' | 'ZeroPlusTick' | 'MinusTick' | 'ZeroMinusTick'> | null
  : ValueOfKind[(typeof TICKER_FIELDS)[Name]['kind']]

interface ValueOfKind {
  readonly decimal: Decimal | null
  /** Epoch milliseconds. */
  readonly timestamp: number | null
  readonly text: string | null
}

/** The names of all ticker values, in the order of their bits. */
export const TICKER_FIELD_NAMES: readonly TickerFieldName[] = (
  Object.keys(TICKER_FIELDS) as TickerFieldName[]
).sort((a, b) => TICKER_FIELDS[a].bit - TICKER_FIELDS[b].bit)

const SCHEMA_OF_KIND: { readonly [Kind in TickerFieldKind]: z.ZodType<ValueOfKind[Kind]> } = {
  decimal: decimalSchema.nullable(),
  timestamp: z.int().min(0).nullable(),
  text: nameSchema.nullable(),
}

/** Version 1 of the codec began with the bits before this one: its events lack the later values. */
const FIRST_LATER_BIT = 32

/** One schema a ticker value, to be spread into the event's own. */
export const tickerValueShape: { [Name in TickerFieldName]: z.ZodType<TickerValues[Name]> } =
  // Sound: every field gets the schema of its kind.
  Object.fromEntries(
    TICKER_FIELD_NAMES.map((name) => {
      const { bit, kind } = TICKER_FIELDS[name]
      const schema: z.ZodType = SCHEMA_OF_KIND[kind]
      return [name, bit < FIRST_LATER_BIT ? schema : schema.default(null)]
    }),
  ) as { [Name in TickerFieldName]: z.ZodType<TickerValues[Name]> }

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
