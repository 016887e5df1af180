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
 * `exchangeTs` is the time of the message or reply, because a leg that was never traded has no time
 * of its own, and the same leg is sent again with other marks; `updatedTime` is the leg's.
 */
export interface PositionEvent extends EventBase, AccountEventBase, PositionValues {
  readonly channel: 'position'
  /** 0 one-way, 1 hedge long, 2 hedge short. */
  readonly positionIdx: number
  /** `''` when flat; older messages say `None`. */
  readonly side: OpenEnum<'Buy' | 'Sell' | '' | 'None'>
  /** Never negative; zero when flat. */
  readonly size: Decimal
  /** Cross sequence of the last change; −1 when unknown or never traded. */
  readonly seq: number
  /** What tells states of one leg and millisecond apart: {@link positionContentHash}. */
  readonly contentHash: string
  /** Keys that this version does not know, as sent; null when there are none. */
  readonly extra: JsonObject | null
}

/** The values of a position that may be unknown: null when absent or `""`. */
export interface PositionValues {
  /** Average entry price; REST says `avgPrice`. */
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
  /** By mark price, as is the next. */
  readonly positionIMByMp: Decimal | null
  readonly positionMMByMp: Decimal | null
  readonly tpslMode: string | null
  readonly takeProfit: Decimal | null
  readonly stopLoss: Decimal | null
  readonly trailingStop: Decimal | null
  readonly unrealisedPnl: Decimal | null
  readonly curRealisedPnl: Decimal | null
  readonly cumRealisedPnl: Decimal | null
  /** Options, as are the next three. */
  readonly delta: Decimal | null
  readonly gamma: Decimal | null
  readonly vega: Decimal | null
  readonly theta: Decimal | null
  readonly positionStatus: OpenEnum<'Normal' | 'Liq' | 'Adl'> | null
  /** 0 to 5. */
  readonly adlRankIndicator: number | null
  readonly isReduceOnly: boolean | null
  /** Epoch milliseconds, as are the next four: the first trade ever of the leg. */
  readonly createdTime: number | null
  /** Last change of the leg. */
  readonly updatedTime: number | null
  readonly openTime: number | null
  /** Older messages say `mmrSysUpdateTime`. */
  readonly mmrSysUpdatedTime: number | null
  readonly leverageSysUpdatedTime: number | null
}

/** The values of a position that may be null, and how each is written. */
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
}

/** Validates a {@link PositionEvent}; unknown keys are refused. */
export const positionEventSchema: z.ZodType<PositionEvent> = z.strictObject({
  channel: z.literal('position'),
  ...eventBaseShape,
  ...accountEventShape,
  ...valueShape(POSITION_VALUES),
  positionIdx: z.int().min(0),
  side: z.string().max(64),
  size: decimalSchema,
  seq: sequenceSchema,
  contentHash: contentHashSchema,
  extra: jsonObjectSchema.nullable(),
})

/** All that is said of a leg, but for the deprecated constants and what is the leg's identity. */
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

/** The hash of what a leg's state says; see the package's README for its form. */
export function positionContentHash(event: Omit<PositionEvent, 'contentHash'>): string {
  return contentHash(event as PositionEvent, HASHED)
}

/** The identity of a leg's state: account, category, symbol, leg, time of message and content. */
export function positionKey(event: PositionEvent): string {
  const { accountId, category, symbol, positionIdx, exchangeTs } = event
  return `position|${accountId}|${category}|${symbol}|${positionIdx}|${exchangeTs}|${event.contentHash}`
}
