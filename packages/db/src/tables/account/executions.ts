import type { ExecutionEvent } from '@grid/core-events'
import { columnsOf } from '../../columns/column.ts'
import { compareValues, type EventTable, type ImmutableField } from '../shape/event-table.ts'
import { PlainLookup } from '../shape/plain-lookup.ts'
import { sameExtra } from '../shape/same-extra.ts'
import { sameOfSource } from '../shape/same-of-source.ts'

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

/** A text that says nothing where it is `UNKNOWN`, as one source writes what the other leaves out. */
function worded(field: keyof typeof VALUES, column: string): ImmutableField<ExecutionEvent> {
  return said(field, column, "'UNKNOWN'")
}

/** A number that says nothing where it is zero, likewise. */
function measured(field: keyof typeof VALUES, column: string): ImmutableField<ExecutionEvent> {
  return said(field, column, '0')
}

function said(
  field: keyof typeof VALUES,
  column: string,
  nothing: string,
): ImmutableField<ExecutionEvent> {
  const bothKnow = (stored: string, offered: string): string =>
    `${stored}.${column} <> ${nothing} and ${offered}.${column} <> ${nothing}`
  return { field, bothKnow, nothing }
}

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
  // All that an execution is. A value that one delivery lacks, or calls UNKNOWN, is unlike none.
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
    { field: 'orderPrice' },
    { field: 'orderQty' },
    worded('orderType', 'order_type'),
    worded('createType', 'create_type'),
    worded('stopOrderType', 'stop_order_type'),
    { field: 'execFeeV2' },
    { field: 'marketUnit' },
    measured('markPrice', 'mark_price'),
    measured('indexPrice', 'index_price'),
    measured('underlyingPrice', 'underlying_price'),
    measured('tradeIv', 'trade_iv'),
    measured('markIv', 'mark_iv'),
    { field: 'orderId' },
    { field: 'orderLinkId' },
    { field: 'blockTradeId' },
    { field: 'isMaker' },
    { field: 'seq', bothKnow: (stored, offered) => `${stored}.seq >= 0 and ${offered}.seq >= 0` },
    sameOfSource('isLeverage'),
    sameOfSource('extraFees'),
    sameExtra(),
  ],
  fills: [...(Object.keys(VALUES) as (keyof typeof VALUES)[]), 'extra'],
  grants: { writer: 'select, insert, update', reader: 'select' },
}
