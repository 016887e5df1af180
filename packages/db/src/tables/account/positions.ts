import type { PositionEvent } from '@grid/core-events'
import { columnsOf } from '../../columns/column.ts'
import { compareValues, type EventTable } from '../shape/event-table.ts'
import { PlainLookup } from '../shape/plain-lookup.ts'
import { sameExtra } from '../shape/same-extra.ts'
import { sameOfSource } from '../shape/same-of-source.ts'

/** Where and how positions are stored. */
export const POSITIONS: EventTable<PositionEvent> = {
  channel: 'position',
  table: 'position_snapshots',
  columns: columnsOf<'position_snapshots', PositionEvent, 'channel'>({
    accountId: 'uuid',
    category: 'text',
    symbol: 'text',
    positionIdx: 'integer',
    exchangeTs: 'ms',
    localTsUs: 'us',
    source: 'text',
    side: 'text',
    size: 'numeric',
    seq: 'bigint',
    entryPrice: 'numeric',
    breakEvenPrice: 'numeric',
    sessionAvgPrice: 'numeric',
    markPrice: 'numeric',
    liqPrice: 'numeric',
    bustPrice: 'numeric',
    positionValue: 'numeric',
    positionBalance: 'numeric',
    leverage: 'numeric',
    riskId: 'integer',
    riskLimitValue: 'numeric',
    tradeMode: 'integer',
    autoAddMargin: 'integer',
    positionIM: 'numeric',
    positionMM: 'numeric',
    positionIMByMp: 'numeric',
    positionMMByMp: 'numeric',
    tpslMode: 'text',
    takeProfit: 'numeric',
    stopLoss: 'numeric',
    trailingStop: 'numeric',
    unrealisedPnl: 'numeric',
    curRealisedPnl: 'numeric',
    cumRealisedPnl: 'numeric',
    delta: 'numeric',
    gamma: 'numeric',
    vega: 'numeric',
    theta: 'numeric',
    positionStatus: 'text',
    adlRankIndicator: 'integer',
    isReduceOnly: 'boolean',
    createdTime: 'ms',
    updatedTime: 'ms',
    openTime: 'ms',
    mmrSysUpdatedTime: 'ms',
    leverageSysUpdatedTime: 'ms',
    netDeltaRatio: 'numeric',
    extra: 'jsonb',
    contentHash: 'text',
  }),
  key: ['accountId', 'category', 'symbol', 'positionIdx', 'exchangeTs', 'contentHash'],
  lookup: new PlainLookup(),
  compare: (a, b) =>
    compareValues(a.accountId, b.accountId) ||
    compareValues(a.category, b.category) ||
    compareValues(a.symbol, b.symbol) ||
    a.positionIdx - b.positionIdx ||
    a.exchangeTs - b.exchangeTs ||
    compareValues(a.contentHash, b.contentHash),
  order: [
    'position_snapshots.category',
    'position_snapshots.symbol',
    'position_snapshots.position_idx',
    'position_snapshots.seq',
    'position_snapshots.local_ts',
    'position_snapshots.content_hash',
  ],
  // The key has a hash of the content: the first fields would reveal two contents with one hash. The
  // others are not hashed, because they never change.
  immutable: [
    { field: 'side' },
    { field: 'size' },
    { field: 'entryPrice' },
    { field: 'bustPrice' },
    { field: 'positionBalance' },
    { field: 'tradeMode' },
    { field: 'tpslMode' },
    sameOfSource('netDeltaRatio'),
    sameExtra(),
  ],
  grants: { writer: 'select, insert, update', reader: 'select' },
}
