import { z } from 'zod'
import type { EventBase, OpenEnum } from './channel.ts'
import type { Decimal } from './decimal.ts'
import { decimalSchema, eventBaseShape, nameSchema, sequenceSchema } from './event-schema.ts'
import { type JsonObject, jsonObjectSchema } from './json.ts'
import type { TickerFieldName } from './ticker-fields.ts'

/**
 * The state of one instrument's ticker after a message (topic `tickers.{symbol}`, REST
 * `/v5/market/tickers`): the merge of the last snapshot and every delta since.
 *
 * A field is null when the exchange has not sent it or said "not applicable". Only the fields named
 * by `changed` are fresh; the others are carried from earlier messages.
 */
export interface TickerEvent extends EventBase, TickerValues {
  readonly channel: 'ticker'
  /** Cross sequence (`cs`); 0 for REST. */
  readonly seq: number
  /** Whether the message was a snapshot rather than a delta. */
  readonly isSnapshot: boolean
  /** Bitmask of the fields that this message carried; read it with `changedFields`. */
  readonly changed: number
  /** Keys of this message that this version does not know, as sent; null when there are none. */
  readonly extra: JsonObject | null
}

/** The values of a ticker, named as the exchange names them. */
export interface TickerValues {
  readonly tickDirection: OpenEnum<
    'PlusTick' | 'ZeroPlusTick' | 'MinusTick' | 'ZeroMinusTick'
  > | null
  readonly lastPrice: Decimal | null
  /** Ratio: 0.01 is 1 %. */
  readonly price24hPcnt: Decimal | null
  readonly prevPrice24h: Decimal | null
  readonly highPrice24h: Decimal | null
  readonly lowPrice24h: Decimal | null
  readonly prevPrice1h: Decimal | null
  readonly markPrice: Decimal | null
  readonly indexPrice: Decimal | null
  /** Both sides summed. */
  readonly openInterest: Decimal | null
  readonly openInterestValue: Decimal | null
  /** One side; sent since June 2026. */
  readonly singleOpenInterest: Decimal | null
  readonly singleOpenInterestValue: Decimal | null
  readonly turnover24h: Decimal | null
  readonly volume24h: Decimal | null
  readonly bid1Price: Decimal | null
  readonly bid1Size: Decimal | null
  readonly ask1Price: Decimal | null
  readonly ask1Size: Decimal | null
  /** Epoch milliseconds. */
  readonly nextFundingTime: number | null
  readonly fundingRate: Decimal | null
  /** Hours between fundings. */
  readonly fundingIntervalHour: Decimal | null
  readonly fundingCap: Decimal | null
  /** Epoch milliseconds; dated futures only. */
  readonly deliveryTime: number | null
  readonly basisRate: Decimal | null
  readonly basisRateYear: Decimal | null
  readonly deliveryFeeRate: Decimal | null
  readonly predictedDeliveryPrice: Decimal | null
  readonly basis: Decimal | null
  readonly preOpenPrice: Decimal | null
  readonly preQty: Decimal | null
  readonly curPreListingPhase: string | null
}

const decimal = decimalSchema.nullable()
const text = nameSchema.nullable()
const timestamp = z.int().min(0).nullable()

/** Typed by name, so that a field added to the interface cannot be forgotten here. */
const valueShape: { [Name in TickerFieldName]: z.ZodType<TickerValues[Name]> } = {
  tickDirection: text,
  lastPrice: decimal,
  price24hPcnt: decimal,
  prevPrice24h: decimal,
  highPrice24h: decimal,
  lowPrice24h: decimal,
  prevPrice1h: decimal,
  markPrice: decimal,
  indexPrice: decimal,
  openInterest: decimal,
  openInterestValue: decimal,
  singleOpenInterest: decimal,
  singleOpenInterestValue: decimal,
  turnover24h: decimal,
  volume24h: decimal,
  bid1Price: decimal,
  bid1Size: decimal,
  ask1Price: decimal,
  ask1Size: decimal,
  nextFundingTime: timestamp,
  fundingRate: decimal,
  fundingIntervalHour: decimal,
  fundingCap: decimal,
  deliveryTime: timestamp,
  basisRate: decimal,
  basisRateYear: decimal,
  deliveryFeeRate: decimal,
  predictedDeliveryPrice: decimal,
  basis: decimal,
  preOpenPrice: decimal,
  preQty: decimal,
  curPreListingPhase: text,
}

/** Validates a {@link TickerEvent}; unknown keys are refused. */
export const tickerEventSchema: z.ZodType<TickerEvent> = z.strictObject({
  channel: z.literal('ticker'),
  ...eventBaseShape,
  ...valueShape,
  seq: sequenceSchema,
  isSnapshot: z.boolean(),
  changed: z.int().min(0),
  extra: jsonObjectSchema.nullable(),
})

/** The identity of a ticker row: category, symbol, exchange time, cross sequence and kind. */
export function tickerKey(event: TickerEvent): string {
  const kind = event.isSnapshot ? 'snapshot' : 'delta'
  return `ticker|${event.category}|${event.symbol}|${event.exchangeTs}|${event.seq}|${kind}`
}
