import { z } from 'zod'
import { contentHash } from '../../values/content-hash.ts'
import type { Decimal } from '../../values/decimal.ts'
import { type JsonObject, type JsonValue, jsonObjectSchema } from '../../values/json.ts'
import { textSchema, type ValueKinds, valueShape } from '../../values/value-kind.ts'
import type { AccountEventBase, EventBase, OpenEnum } from '../channel.ts'
import {
  accountEventShape,
  contentHashSchema,
  eventBaseShape,
  nameSchema,
} from '../event-schema.ts'

/**
 * The state of one order after a change (topic `order`; REST `/v5/order/realtime` and
 * `/v5/order/history`).
 *
 * `exchangeTs` is its `updatedTime`. Several states may have the same millisecond and arrive in any
 * order: the newest is the one with the largest `cumExecQty`, then with the most final status.
 */
export interface OrderEvent extends EventBase, AccountEventBase, OrderValues {
  readonly channel: 'order'
  readonly orderId: string
  readonly orderStatus: OpenEnum<
    | 'New'
    | 'PartiallyFilled'
    | 'Untriggered'
    | 'Rejected'
    | 'PartiallyFilledCanceled'
    | 'Filled'
    | 'Cancelled'
    | 'Triggered'
    | 'Deactivated'
  >
  readonly side: OpenEnum<'Buy' | 'Sell'>
  /** Distinguishes states of one order and millisecond: {@link orderContentHash}. */
  readonly contentHash: string
  /** Keys that this version does not know, as sent; null when there are none. */
  readonly extra: JsonObject | null
}

/** The values of an order that may be unknown: null when absent or `""`. */
export interface OrderValues {
  /** The client's own id of the order. */
  readonly orderLinkId: string | null
  /** For an attached take profit or stop loss: the client's id of the order that it belongs to. */
  readonly parentOrderLinkId: string | null
  readonly blockTradeId: string | null
  readonly isLeverage: OpenEnum<'0' | '1'> | null
  /** 0 one-way, 1 long leg in hedge mode, 2 short leg in hedge mode. */
  readonly positionIdx: number | null
  readonly orderType: OpenEnum<'Market' | 'Limit' | 'UNKNOWN'> | null
  readonly timeInForce: OpenEnum<'GTC' | 'IOC' | 'FOK' | 'PostOnly' | 'RPI'> | null
  readonly createType: string | null
  readonly cancelType: string | null
  readonly rejectReason: string | null
  readonly price: Decimal | null
  readonly brokerOrderPrice: Decimal | null
  readonly qty: Decimal | null
  readonly avgPrice: Decimal | null
  /** Zero once the order is cancelled; the quantity that was not filled is `qty` − `cumExecQty`. */
  readonly leavesQty: Decimal | null
  readonly leavesValue: Decimal | null
  readonly cumExecQty: Decimal | null
  readonly cumExecValue: Decimal | null
  /** Deprecated by the exchange for linear and spot in favour of `cumFeeDetail`. */
  readonly cumExecFee: Decimal | null
  /** Fees so far, as a map from coin to decimal text. */
  readonly cumFeeDetail: JsonObject | null
  readonly closedPnl: Decimal | null
  readonly feeCurrency: string | null
  readonly stopOrderType: string | null
  readonly ocoTriggerBy: string | null
  readonly orderIv: Decimal | null
  readonly marketUnit: string | null
  readonly slippageToleranceType: string | null
  readonly slippageTolerance: Decimal | null
  readonly triggerPrice: Decimal | null
  /** 1 triggers on a rise, 2 on a fall, 0 not at all. */
  readonly triggerDirection: number | null
  readonly triggerBy: OpenEnum<'LastPrice' | 'IndexPrice' | 'MarkPrice' | 'UNKNOWN'> | null
  readonly takeProfit: Decimal | null
  readonly stopLoss: Decimal | null
  readonly tpslMode: OpenEnum<'Full' | 'Partial' | 'UNKNOWN'> | null
  readonly tpLimitPrice: Decimal | null
  readonly slLimitPrice: Decimal | null
  readonly tpTriggerBy: string | null
  readonly slTriggerBy: string | null
  readonly lastPriceOnCreated: Decimal | null
  /** Only for spot, by REST: corresponds to `lastPriceOnCreated`. */
  readonly basePrice: Decimal | null
  readonly reduceOnly: boolean | null
  readonly closeOnTrigger: boolean | null
  readonly placeType: string | null
  readonly smpType: OpenEnum<'None' | 'CancelMaker' | 'CancelTaker' | 'CancelBoth'> | null
  readonly smpGroup: number | null
  readonly smpOrderId: string | null
  /** Epoch milliseconds. */
  readonly createdTime: number | null
  readonly rpiTakerAccess: boolean | null
  readonly rpiMatchedQty: Decimal | null
  /** Taxes and similar fees, by REST. */
  readonly extraFees: JsonValue
}

/** The kind of each value of an order that may be null. */
export const ORDER_VALUES: ValueKinds<OrderValues> = {
  orderLinkId: 'text',
  parentOrderLinkId: 'text',
  blockTradeId: 'text',
  isLeverage: 'text',
  positionIdx: 'integer',
  orderType: 'text',
  timeInForce: 'text',
  createType: 'text',
  cancelType: 'text',
  rejectReason: 'text',
  price: 'decimal',
  brokerOrderPrice: 'decimal',
  qty: 'decimal',
  avgPrice: 'decimal',
  leavesQty: 'decimal',
  leavesValue: 'decimal',
  cumExecQty: 'decimal',
  cumExecValue: 'decimal',
  cumExecFee: 'decimal',
  cumFeeDetail: 'object',
  closedPnl: 'decimal',
  feeCurrency: 'text',
  stopOrderType: 'text',
  ocoTriggerBy: 'text',
  orderIv: 'decimal',
  marketUnit: 'text',
  slippageToleranceType: 'text',
  slippageTolerance: 'decimal',
  triggerPrice: 'decimal',
  triggerDirection: 'integer',
  triggerBy: 'text',
  takeProfit: 'decimal',
  stopLoss: 'decimal',
  tpslMode: 'text',
  tpLimitPrice: 'decimal',
  slLimitPrice: 'decimal',
  tpTriggerBy: 'text',
  slTriggerBy: 'text',
  lastPriceOnCreated: 'decimal',
  basePrice: 'decimal',
  reduceOnly: 'flag',
  closeOnTrigger: 'flag',
  placeType: 'text',
  smpType: 'text',
  smpGroup: 'integer',
  smpOrderId: 'text',
  createdTime: 'timestamp',
  rpiTakerAccess: 'flag',
  rpiMatchedQty: 'decimal',
  extraFees: 'json',
}

/** Validates an {@link OrderEvent}; unknown keys are refused. */
export const orderEventSchema: z.ZodType<OrderEvent> = z.strictObject({
  channel: z.literal('order'),
  ...eventBaseShape,
  ...accountEventShape,
  ...valueShape(ORDER_VALUES),
  orderId: nameSchema,
  orderStatus: textSchema,
  side: textSchema,
  contentHash: contentHashSchema,
  extra: jsonObjectSchema.nullable(),
})

/**
 * The fields that distinguish states of one order and that both socket and REST send. Left out are
 * fields that follow from these, such as fees, and fields that never change.
 */
const HASHED: readonly (keyof OrderEvent)[] = [
  'orderStatus',
  'cancelType',
  'rejectReason',
  'orderType',
  'timeInForce',
  'price',
  'qty',
  'avgPrice',
  'leavesQty',
  'cumExecQty',
  'cumExecValue',
  'stopOrderType',
  'orderIv',
  'triggerPrice',
  'triggerDirection',
  'triggerBy',
  'takeProfit',
  'stopLoss',
  'tpslMode',
  'tpLimitPrice',
  'slLimitPrice',
  'tpTriggerBy',
  'slTriggerBy',
  'reduceOnly',
  'closeOnTrigger',
]

/**
 * The hash of the content of an order's state: 32 hexadecimal digits, described in the README.
 *
 * @example
 * const event: OrderEvent = { ...values, contentHash: orderContentHash(values) }
 */
export function orderContentHash(event: Omit<OrderEvent, 'contentHash'>): string {
  return contentHash(event as OrderEvent, HASHED)
}

/**
 * The identity of an order's state: account, category, order, update time and content.
 *
 * @example
 * orderKey(order) // 'order|0b0e5c6e-…|linear|5a1c…|1760000000101|9f86…'
 */
export function orderKey(event: OrderEvent): string {
  const { accountId, category, orderId, exchangeTs } = event
  return `order|${accountId}|${category}|${orderId}|${exchangeTs}|${event.contentHash}`
}
