import { z } from 'zod'
import { type Decimal, decimalSchema } from '../../values/decimal.ts'
import type { OpenEnum } from '../channel.ts'
import { nameSchema } from '../event-schema.ts'

/** How the exchange writes a ticker value; `timestamp` is in epoch milliseconds. */
export type TickerFieldKind = 'decimal' | 'timestamp' | 'text'

/** One ticker value: its bit in `changed`, and its kind. */
export interface TickerField {
  /** Position in the bitmask. Stored rows contain it: never change it or use it for another field. */
  readonly bit: number
  readonly kind: TickerFieldKind
}

/**
 * Every ticker value, by the exchange's name.
 *
 * This is the only list of the values: the event's type and schema follow from it, and the compiler or
 * a test finds every other place that must name a new value. The mask is a JavaScript number, so there
 * can be at most 53.
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
  /** Sum of both sides. */
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
  /** Spot: the coin's index price in USD; null for coins that cannot be collateral. */
  usdIndexPrice: { bit: 32, kind: 'decimal' },
  /** Options: implied volatility at the best bid (`bidIv` on the socket). Ratio. */
  bid1Iv: { bit: 33, kind: 'decimal' },
  /** Options: implied volatility at the best ask (`askIv` on the socket). Ratio. */
  ask1Iv: { bit: 34, kind: 'decimal' },
  /** Options: implied volatility of the mark price (`markPriceIv` on the socket). Ratio. */
  markIv: { bit: 35, kind: 'decimal' },
  underlyingPrice: { bit: 36, kind: 'decimal' },
  /** Options: volume since the listing. */
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

/** The values of a ticker, by the exchange's names; null when unknown or not applicable. */
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

/** Values from this bit on were added later: old events of version 1 do not have them. */
const FIRST_LATER_BIT = 32

/** The schema of each ticker value, to be spread into the event's schema. */
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
 * Bits of fields that this version does not know are ignored. Do not use bitwise operators on the mask:
 * it can exceed 32 bits.
 *
 * @example
 * changedFields(event.changed) // ['markPrice', 'indexPrice']
 */
export function changedFields(changed: number): TickerFieldName[] {
  return TICKER_FIELD_NAMES.filter(
    (name) => Math.floor(changed / 2 ** TICKER_FIELDS[name].bit) % 2 === 1,
  )
}
