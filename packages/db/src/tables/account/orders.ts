import type { OrderEvent } from '@grid/core-events'
import { type Column, columnsOf } from '../../columns/column.ts'
import { compareValues, type EventTable } from '../shape/event-table.ts'
import { PlainLookup } from '../shape/plain-lookup.ts'
import { sameExtra } from '../shape/same-extra.ts'
import { sameOfSource } from '../shape/same-of-source.ts'
import { orderStatesSql } from './order-states-sql.ts'

const COLUMNS = columnsOf<'orders', OrderEvent, 'channel'>({
  accountId: 'uuid',
  category: 'text',
  symbol: 'text',
  orderId: 'text',
  exchangeTs: 'ms',
  localTsUs: 'us',
  source: 'text',
  orderStatus: 'text',
  side: 'text',
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
  price: 'numeric',
  brokerOrderPrice: 'numeric',
  qty: 'numeric',
  avgPrice: 'numeric',
  leavesQty: 'numeric',
  leavesValue: 'numeric',
  cumExecQty: 'numeric',
  cumExecValue: 'numeric',
  cumExecFee: 'numeric',
  cumFeeDetail: 'jsonb',
  closedPnl: 'numeric',
  feeCurrency: 'text',
  stopOrderType: 'text',
  ocoTriggerBy: 'text',
  orderIv: 'numeric',
  marketUnit: 'text',
  slippageToleranceType: 'text',
  slippageTolerance: 'numeric',
  triggerPrice: 'numeric',
  triggerDirection: 'integer',
  triggerBy: 'text',
  takeProfit: 'numeric',
  stopLoss: 'numeric',
  tpslMode: 'text',
  tpLimitPrice: 'numeric',
  slLimitPrice: 'numeric',
  tpTriggerBy: 'text',
  slTriggerBy: 'text',
  lastPriceOnCreated: 'numeric',
  basePrice: 'numeric',
  reduceOnly: 'boolean',
  closeOnTrigger: 'boolean',
  placeType: 'text',
  smpType: 'text',
  smpGroup: 'integer',
  smpOrderId: 'text',
  createdTime: 'ms',
  rpiTakerAccess: 'boolean',
  rpiMatchedQty: 'numeric',
  extraFees: 'jsonb',
  extra: 'jsonb',
  contentHash: 'text',
})

/** What the hash of a state leaves out, because it follows from the rest or never changes. */
const NOT_HASHED = [
  'isLeverage',
  'createType',
  'brokerOrderPrice',
  'leavesValue',
  'cumExecFee',
  'cumFeeDetail',
  'closedPnl',
  'feeCurrency',
  'ocoTriggerBy',
  'slippageToleranceType',
  'slippageTolerance',
  'lastPriceOnCreated',
  'basePrice',
  'placeType',
  'smpType',
  'smpGroup',
  'smpOrderId',
  'rpiTakerAccess',
  'rpiMatchedQty',
  'extraFees',
] as const satisfies readonly (keyof OrderEvent)[]

/** The states of orders as they are read: without their place in the batch. */
export const ORDERS: EventTable<OrderEvent> = {
  channel: 'order',
  table: 'orders',
  columns: COLUMNS,
  key: ['accountId', 'category', 'orderId', 'exchangeTs', 'contentHash'],
  lookup: new PlainLookup(),
  compare: (a, b) =>
    compareValues(a.accountId, b.accountId) ||
    compareValues(a.category, b.category) ||
    compareValues(a.orderId, b.orderId) ||
    a.exchangeTs - b.exchangeTs ||
    compareValues(a.contentHash, b.contentHash),
  order: [
    'orders.local_ts',
    'orders.arrival',
    'orders.category',
    'orders.order_id',
    'orders.content_hash',
  ],
  // Fields that are the same in every delivery of one state.
  immutable: [
    { field: 'symbol' },
    { field: 'side' },
    { field: 'orderStatus' },
    { field: 'orderLinkId' },
    { field: 'createdTime' },
    { field: 'cumExecQty' },
    { field: 'positionIdx' },
    { field: 'parentOrderLinkId' },
    { field: 'blockTradeId' },
    { field: 'marketUnit' },
    ...NOT_HASHED.map((field) => sameOfSource<OrderEvent>(field)),
    sameExtra(),
  ],
  grants: { writer: 'select, insert, update', reader: 'select' },
}

/** A state with its place in its batch, which orders two states that one message brought. */
export interface ArrivedOrder extends OrderEvent {
  readonly arrival: number
}

const ARRIVED_COLUMNS: readonly Column<ArrivedOrder>[] = [
  ...COLUMNS,
  { name: 'arrival', field: 'arrival', kind: 'integer' },
]

/** Where and how states of orders are stored. */
export const ARRIVED_ORDERS: EventTable<ArrivedOrder> = {
  ...ORDERS,
  columns: ARRIVED_COLUMNS,
  derives: {
    table: 'order_states',
    key: ['account_id', 'category', 'order_id'],
    sql: orderStatesSql(ARRIVED_COLUMNS.map(({ name }) => name)),
  },
}
