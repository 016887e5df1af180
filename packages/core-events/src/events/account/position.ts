import { z } from 'zod'
import { contentHash } from '../../values/content-hash.ts'
import { type Decimal, decimalSchema } from '../../values/decimal.ts'
import { type JsonObject, jsonObjectSchema } from '../../values/json.ts'
import { type ValueKinds, valueShape } from '../../values/value-kind.ts'
import type { AccountEventBase, EventBase, OpenEnum } from '../channel.ts'
import {
  accountEventShape,
  contentHashSchema,
  eventBaseShape,
  sequenceSchema,
} from '../event-schema.ts'

/**
 * The state of one leg of a position (topic `position`; REST `/v5/position/list`).
 *
 * `exchangeTs` is the time of the message or reply, because a leg that was never traded has no time of
 * its own, and an unchanged leg is sent again with other mark prices. `updatedTime` is the leg's own.
 */
export interface PositionEvent extends EventBase, AccountEventBase, PositionValues {
  readonly channel: 'position'
  /** 0 one-way, 1 long leg in hedge mode, 2 short leg in hedge mode. */
  readonly positionIdx: number
  /** `''` when flat; `None` in older messages. */
  readonly side: OpenEnum<'Buy' | 'Sell' | '' | 'None'>
  /** Never negative; zero when flat. */
  readonly size: Decimal
  /** Cross sequence of the last change; −1 when unknown or never traded. */
  readonly seq: number
  /** Distinguishes states of one leg and millisecond: {@link positionContentHash}. */
  readonly contentHash: string
  /** Keys that this version does not know, as sent; null when there are none. */
  readonly extra: JsonObject | null
}

/** The values of a position that may be unknown: null when absent or `""`. */
export interface PositionValues {
  /** Average entry price; `avgPrice` in REST. */
  readonly entryPrice: Decimal | null
  readonly breakEvenPrice: Decimal | null
  readonly sessionAvgPrice: Decimal | null
  readonly markPrice: Decimal | null
  readonly liqPrice: Decimal | null
  readonly bustPrice: Decimal | null
  readonly positionValue: Decimal | null
  readonly positionBalance: Decimal | null
  readonly leverage: Decimal | null
  readonly riskId: number | null
  readonly riskLimitValue: Decimal | null
  readonly tradeMode: number | null
  readonly autoAddMargin: number | null
  readonly positionIM: Decimal | null
  readonly positionMM: Decimal | null
  /** By mark price, like the next. */
  readonly positionIMByMp: Decimal | null
  readonly positionMMByMp: Decimal | null
  readonly tpslMode: string | null
  readonly takeProfit: Decimal | null
  readonly stopLoss: Decimal | null
  readonly trailingStop: Decimal | null
  readonly unrealisedPnl: Decimal | null
  readonly curRealisedPnl: Decimal | null
  readonly cumRealisedPnl: Decimal | null
  /** Options only, like the next three. */
  readonly delta: Decimal | null
  readonly gamma: Decimal | null
  readonly vega: Decimal | null
  readonly theta: Decimal | null
  readonly positionStatus: OpenEnum<'Normal' | 'Liq' | 'Adl'> | null
  /** Rank in the auto-deleveraging queue, 0 to 5. */
  readonly adlRankIndicator: number | null
  readonly isReduceOnly: boolean | null
  /** First trade of the leg. Epoch milliseconds, like the next four. */
  readonly createdTime: number | null
  /** Last change of the leg. */
  readonly updatedTime: number | null
  readonly openTime: number | null
  /** `mmrSysUpdateTime` in older messages. */
  readonly mmrSysUpdatedTime: number | null
  readonly leverageSysUpdatedTime: number | null
  /** Sent since autumn 2026. */
  readonly netDeltaRatio: Decimal | null
}

/** The kind of each value of a position that may be null. */
export const POSITION_VALUES: ValueKinds<PositionValues> = {
  entryPrice: 'decimal',
  breakEvenPrice: 'decimal',
  sessionAvgPrice: 'decimal',
  markPrice: 'decimal',
  liqPrice: 'decimal',
  bustPrice: 'decimal',
  positionValue: 'decimal',
  positionBalance: 'decimal',
  leverage: 'decimal',
  riskId: 'integer',
  riskLimitValue: 'decimal',
  tradeMode: 'integer',
  autoAddMargin: 'integer',
  positionIM: 'decimal',
  positionMM: 'decimal',
  positionIMByMp: 'decimal',
  positionMMByMp: 'decimal',
  tpslMode: 'text',
  takeProfit: 'decimal',
  stopLoss: 'decimal',
  trailingStop: 'decimal',
  unrealisedPnl: 'decimal',
  curRealisedPnl: 'decimal',
  cumRealisedPnl: 'decimal',
  delta: 'decimal',
  gamma: 'decimal',
  vega: 'decimal',
  theta: 'decimal',
  positionStatus: 'text',
  adlRankIndicator: 'integer',
  isReduceOnly: 'flag',
  createdTime: 'timestamp',
  updatedTime: 'timestamp',
  openTime: 'timestamp',
  mmrSysUpdatedTime: 'timestamp',
  leverageSysUpdatedTime: 'timestamp',
  netDeltaRatio: 'decimal',
}

/** Validates a {@link PositionEvent}; unknown keys are refused. */
export const positionEventSchema: z.ZodType<PositionEvent> = z.strictObject({
  channel: z.literal('position'),
  ...eventBaseShape,
  ...accountEventShape,
  ...valueShape(POSITION_VALUES),
  // Events that were written before the exchange had it lack it.
  netDeltaRatio: decimalSchema.nullable().default(null),
  positionIdx: z.int().min(0),
  side: z.string().max(64),
  size: decimalSchema,
  seq: sequenceSchema,
  contentHash: contentHashSchema,
  extra: jsonObjectSchema.nullable(),
})

/**
 * All fields of a leg, except its identity, deprecated fields that never change, and `netDeltaRatio`,
 * which moves with the prices of other positions.
 */
const HASHED: readonly (keyof PositionEvent)[] = [
  'side',
  'size',
  'entryPrice',
  'breakEvenPrice',
  'sessionAvgPrice',
  'markPrice',
  'liqPrice',
  'positionValue',
  'leverage',
  'riskId',
  'riskLimitValue',
  'autoAddMargin',
  'positionIM',
  'positionMM',
  'positionIMByMp',
  'positionMMByMp',
  'takeProfit',
  'stopLoss',
  'trailingStop',
  'unrealisedPnl',
  'curRealisedPnl',
  'cumRealisedPnl',
  'delta',
  'gamma',
  'vega',
  'theta',
  'positionStatus',
  'adlRankIndicator',
  'isReduceOnly',
  'createdTime',
  'updatedTime',
  'openTime',
  'mmrSysUpdatedTime',
  'leverageSysUpdatedTime',
  'seq',
]

/**
 * The hash of the content of a leg's state: 32 hexadecimal digits, described in the README.
 *
 * @example
 * const event: PositionEvent = { ...values, contentHash: positionContentHash(values) }
 */
export function positionContentHash(event: Omit<PositionEvent, 'contentHash'>): string {
  return contentHash(event as PositionEvent, HASHED)
}

/**
 * The identity of a leg's state: account, category, symbol, leg, time of the message and content.
 *
 * @example
 * positionKey(position) // 'position|0b0e5c6e-…|linear|BTCUSDT|0|1760000000101|9f86…'
 */
export function positionKey(event: PositionEvent): string {
  const { accountId, category, symbol, positionIdx, exchangeTs } = event
  return `position|${accountId}|${category}|${symbol}|${positionIdx}|${exchangeTs}|${event.contentHash}`
}
