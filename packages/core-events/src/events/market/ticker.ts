import { z } from 'zod'
import type { Decimal } from '../../values/decimal.ts'
import { type JsonObject, jsonObjectSchema } from '../../values/json.ts'
import type { EventBase, OpenEnum } from '../channel.ts'
import { decimalSchema, eventBaseShape, nameSchema, sequenceSchema } from '../event-schema.ts'
import type { TickerFieldName } from './ticker-fields.ts'

/**
 * The state of one instrument's ticker after a message (topic `tickers.{symbol}`, on spot also
 * `orderbook.1.{symbol}`, REST `/v5/market/tickers`): the merge of the last snapshot and every
 * delta since.
 *
 * A field is null when the exchange has not sent it or said "not applicable". Only the fields named
 * by `changed` are fresh; the others are carried from earlier messages.
 */
export interface TickerEvent extends EventBase, TickerValues {
  readonly channel: 'ticker'
  /**
   * Cross sequence (`cs`; of a spot book `seq`); on options the counter in the frame's id, −1 when
   * there is none; 0 for REST.
   */
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
  /** Spot: the coin's index price in USD; null for coins that are no collateral. */
  readonly usdIndexPrice: Decimal | null
  /** Options: implied volatility at the best bid; the socket says `bidIv`. Ratio. */
  readonly bid1Iv: Decimal | null
  /** Options: implied volatility at the best ask; the socket says `askIv`. Ratio. */
  readonly ask1Iv: Decimal | null
  /** Options: implied volatility of the mark price; the socket says `markPriceIv`. Ratio. */
  readonly markIv: Decimal | null
  readonly underlyingPrice: Decimal | null
  /** Options: traded since the listing. */
  readonly totalVolume: Decimal | null
  readonly totalTurnover: Decimal | null
  readonly delta: Decimal | null
  readonly gamma: Decimal | null
  readonly vega: Decimal | null
  readonly theta: Decimal | null
  /** Options: ratio, 0.01 is 1 %. */
  readonly change24h: Decimal | null
}

const decimal = decimalSchema.nullable()
const text = nameSchema.nullable()
const timestamp = z.int().min(0).nullable()
/** A value that events written before its field existed do not have. */
const laterDecimal = decimal.default(null)

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
  usdIndexPrice: laterDecimal,
  bid1Iv: laterDecimal,
  ask1Iv: laterDecimal,
  markIv: laterDecimal,
  underlyingPrice: laterDecimal,
  totalVolume: laterDecimal,
  totalTurnover: laterDecimal,
  delta: laterDecimal,
  gamma: laterDecimal,
  vega: laterDecimal,
  theta: laterDecimal,
  change24h: laterDecimal,
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
