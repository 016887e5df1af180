import type { ExecutionEvent } from '@grid/core-events'
import { columnsOf } from '../../columns/column.ts'
import { compareValues, type EventTable } from '../shape/event-table.ts'
import { PlainLookup } from '../shape/plain-lookup.ts'

/** Values that a message may leave out and a later one may bring. */
const VALUES = {
  orderId: 'text',
  orderLinkId: 'text',
  execType: 'text',
  orderType: 'text',
  orderPrice: 'numeric',
  orderQty: 'numeric',
  leavesQty: 'numeric',
  execValue: 'numeric',
  execFee: 'numeric',
  execFeeV2: 'numeric',
  feeRate: 'numeric',
  feeCurrency: 'text',
  execPnl: 'numeric',
  closedSize: 'numeric',
  isMaker: 'boolean',
  isLeverage: 'text',
  createType: 'text',
  stopOrderType: 'text',
  blockTradeId: 'text',
  marketUnit: 'text',
  markPrice: 'numeric',
  indexPrice: 'numeric',
  underlyingPrice: 'numeric',
  tradeIv: 'numeric',
  markIv: 'numeric',
  extraFees: 'jsonb',
} as const

/** Where and how executions are stored. */
export const EXECUTIONS: EventTable<ExecutionEvent> = {
  channel: 'execution',
  table: 'private_executions',
  columns: columnsOf<'private_executions', ExecutionEvent, 'channel'>({
    accountId: 'uuid',
    category: 'text',
    symbol: 'text',
    execId: 'text',
    exchangeTs: 'ms',
    localTsUs: 'us',
    source: 'text',
    side: 'text',
    execPrice: 'numeric',
    execQty: 'numeric',
    seq: 'bigint',
    ...VALUES,
    extra: 'jsonb',
  }),
  key: ['accountId', 'category', 'symbol', 'execId'],
  lookup: new PlainLookup(),
  compare: (a, b) =>
    compareValues(a.accountId, b.accountId) ||
    compareValues(a.category, b.category) ||
    compareValues(a.symbol, b.symbol) ||
    compareValues(a.execId, b.execId),
  order: ['private_executions.seq', 'private_executions.exec_id'],
  // Fields that socket and REST give alike. Not those that one of them calls UNKNOWN.
  immutable: [
    { field: 'exchangeTs' },
    { field: 'side' },
    { field: 'execPrice' },
    { field: 'execQty' },
    { field: 'execValue' },
    { field: 'execFee' },
    { field: 'feeRate' },
    { field: 'feeCurrency' },
    { field: 'execPnl' },
    { field: 'closedSize' },
    { field: 'leavesQty' },
    { field: 'execType' },
    { field: 'orderId' },
    { field: 'orderLinkId' },
    { field: 'blockTradeId' },
    { field: 'isMaker' },
    { field: 'seq', bothKnow: (stored, offered) => `${stored}.seq >= 0 and ${offered}.seq >= 0` },
  ],
  fills: [...(Object.keys(VALUES) as (keyof typeof VALUES)[]), 'extra'],
  comparison: 'each',
  grants: { writer: 'select, insert, update', reader: 'select' },
}
