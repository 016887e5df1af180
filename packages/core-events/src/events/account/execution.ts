import { z } from 'zod'
import { type Decimal, decimalSchema } from '../../values/decimal.ts'
import { type JsonObject, type JsonValue, jsonObjectSchema } from '../../values/json.ts'
import { textSchema, type ValueKinds, valueShape } from '../../values/value-kind.ts'
import type { AccountEventBase, EventBase, OpenEnum } from '../channel.ts'
import { accountEventShape, eventBaseShape, nameSchema, sequenceSchema } from '../event-schema.ts'

/**
 * One execution of an account: a fill, a funding, a liquidation or a delivery (topic `execution`; REST
 * `/v5/execution/list`).
 *
 * `exchangeTs` is its `execTime`. Order executions of one millisecond by `seq`, then by `execId`.
 */
export interface ExecutionEvent extends EventBase, AccountEventBase, ExecutionValues {
  readonly channel: 'execution'
  /** The exchange's id: a UUID on derivatives, a number on spot; always text here. */
  readonly execId: string
  /** The side of the account. */
  readonly side: OpenEnum<'Buy' | 'Sell'>
  readonly execPrice: Decimal
  readonly execQty: Decimal
  /** Cross sequence, shared by all fills of one match; −1 when unknown. */
  readonly seq: number
  /** Keys that this version does not know, as sent; null when there are none. */
  readonly extra: JsonObject | null
}

/** The values of an execution that may be unknown: null when absent or `""`. */
export interface ExecutionValues {
  /** Null when the exchange names no order. */
  readonly orderId: string | null
  /** The client's own id of the order. */
  readonly orderLinkId: string | null
  /** `CorporateAction` was issued from 23 July to 20 August 2026 only; the three after it replaced it. */
  readonly execType: OpenEnum<
    | 'Trade'
    | 'AdlTrade'
    | 'Funding'
    | 'BustTrade'
    | 'Delivery'
    | 'Settle'
    | 'BlockTrade'
    | 'MovePosition'
    | 'FutureSpread'
    | 'CorporateAction'
    | 'ForwardSplitSettle'
    | 'ReverseSplitSettle'
    | 'Dividend'
    | 'UNKNOWN'
  > | null
  readonly orderType: OpenEnum<'Market' | 'Limit' | 'UNKNOWN'> | null
  /** The limit; for a market order the exchange's protection price. */
  readonly orderPrice: Decimal | null
  readonly orderQty: Decimal | null
  readonly leavesQty: Decimal | null
  readonly execValue: Decimal | null
  /** Paid when positive, a rebate or received funding when negative; in `feeCurrency`. */
  readonly execFee: Decimal | null
  /** Only for future spreads, by REST. */
  readonly execFeeV2: Decimal | null
  readonly feeRate: Decimal | null
  readonly feeCurrency: string | null
  /** Profit realised by this execution; null when unknown, as in older messages and by REST. */
  readonly execPnl: Decimal | null
  /** The part that reduced the position. */
  readonly closedSize: Decimal | null
  readonly isMaker: boolean | null
  readonly isLeverage: OpenEnum<'0' | '1'> | null
  readonly createType: string | null
  readonly stopOrderType: string | null
  readonly blockTradeId: string | null
  readonly marketUnit: string | null
  readonly markPrice: Decimal | null
  /** Options only, like the next three. */
  readonly indexPrice: Decimal | null
  readonly underlyingPrice: Decimal | null
  readonly tradeIv: Decimal | null
  readonly markIv: Decimal | null
  /** Taxes and similar fees: objects with feeCoin, feeType, subFeeType, feeRate and fee. */
  readonly extraFees: JsonValue
}

/** The kind of each value of an execution that may be null. */
export const EXECUTION_VALUES: ValueKinds<ExecutionValues> = {
  orderId: 'text',
  orderLinkId: 'text',
  execType: 'text',
  orderType: 'text',
  orderPrice: 'decimal',
  orderQty: 'decimal',
  leavesQty: 'decimal',
  execValue: 'decimal',
  execFee: 'decimal',
  execFeeV2: 'decimal',
  feeRate: 'decimal',
  feeCurrency: 'text',
  execPnl: 'decimal',
  closedSize: 'decimal',
  isMaker: 'flag',
  isLeverage: 'text',
  createType: 'text',
  stopOrderType: 'text',
  blockTradeId: 'text',
  marketUnit: 'text',
  markPrice: 'decimal',
  indexPrice: 'decimal',
  underlyingPrice: 'decimal',
  tradeIv: 'decimal',
  markIv: 'decimal',
  extraFees: 'json',
}

/** Validates an {@link ExecutionEvent}; unknown keys are refused. */
export const executionEventSchema: z.ZodType<ExecutionEvent> = z.strictObject({
  channel: z.literal('execution'),
  ...eventBaseShape,
  ...accountEventShape,
  ...valueShape(EXECUTION_VALUES),
  execId: nameSchema,
  side: textSchema,
  execPrice: decimalSchema,
  execQty: decimalSchema,
  seq: sequenceSchema,
  extra: jsonObjectSchema.nullable(),
})

/**
 * The identity of an execution: account, category, symbol and id.
 *
 * @example
 * executionKey(execution) // 'execution|0b0e5c6e-…|linear|BTCUSDT|6f1d2a3b-…'
 */
export function executionKey({ accountId, category, symbol, execId }: ExecutionEvent): string {
  return `execution|${accountId}|${category}|${symbol}|${execId}`
}
