import { z } from 'zod'
import { type Decimal, decimalSchema } from '../../values/decimal.ts'
import type { EventBase, OpenEnum } from '../channel.ts'
import { eventBaseShape, nameSchema, sequenceSchema } from '../event-schema.ts'

/**
 * One public trade (topic `publicTrade.{symbol}`, for options `publicTrade.{baseCoin}`; REST
 * `/v5/market/recent-trade`; daily archive).
 *
 * Trades of a symbol are ordered by `exchangeTs`, `seq`, `matchIndex` and `tradeId`.
 */
export interface PublicTradeEvent extends EventBase {
  readonly channel: 'publicTrade'
  /** The exchange's id (`i`): a UUID on derivatives, a number on spot; always text here. */
  readonly tradeId: string
  /** Taker side (`S`). */
  readonly side: OpenEnum<'Buy' | 'Sell'>
  /** Price (`p`), in quote currency. */
  readonly price: Decimal
  /** Size (`v`): base quantity on linear and spot, USD contracts on inverse. */
  readonly size: Decimal
  /** Tick direction (`L`); null for spot and options, which have none. */
  readonly tickDirection: OpenEnum<
    'PlusTick' | 'ZeroPlusTick' | 'MinusTick' | 'ZeroMinusTick'
  > | null
  /** Block trade flag (`BT`); null when unknown. */
  readonly isBlockTrade: boolean | null
  /** Retail price improvement flag (`RPI`); null when unknown. */
  readonly isRpiTrade: boolean | null
  /** Cross sequence (`seq`), shared by all trades of one match; −1 when unknown. */
  readonly seq: number
  /** Position within the trades of one (symbol, seq), counted across frames; −1 when unknown. */
  readonly matchIndex: number
  /** Options: mark price (`mP`) at the trade. */
  readonly markPrice: Decimal | null
  /** Options: index price (`iP`) at the trade. */
  readonly indexPrice: Decimal | null
  /** Options: implied volatility of the mark price (`mIv`). Ratio. */
  readonly markIv: Decimal | null
  /** Options: implied volatility of the trade (`iv`). Ratio. */
  readonly iv: Decimal | null
}

/** A field that older events do not have. */
const laterDecimal = decimalSchema.nullable().default(null)

/** Validates a {@link PublicTradeEvent}; unknown keys are refused. */
export const publicTradeEventSchema: z.ZodType<PublicTradeEvent> = z.strictObject({
  channel: z.literal('publicTrade'),
  ...eventBaseShape,
  tradeId: nameSchema,
  side: nameSchema,
  price: decimalSchema,
  size: decimalSchema,
  tickDirection: nameSchema.nullable(),
  isBlockTrade: z.boolean().nullable(),
  isRpiTrade: z.boolean().nullable(),
  seq: sequenceSchema,
  matchIndex: sequenceSchema,
  markPrice: laterDecimal,
  indexPrice: laterDecimal,
  markIv: laterDecimal,
  iv: laterDecimal,
})

/**
 * The identity of a trade: category, symbol, exchange time and id.
 *
 * @example
 * publicTradeKey(trade) // 'publicTrade|linear|BTCUSDT|1760000000101|6f1d2a3b-…'
 */
export function publicTradeKey(event: PublicTradeEvent): string {
  return `publicTrade|${event.category}|${event.symbol}|${event.exchangeTs}|${event.tradeId}`
}
