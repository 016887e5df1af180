import type { PositionEvent } from '@grid/core-events'
import type { Kysely } from 'kysely'
import { columnsOf } from '../columns/column.ts'
import type { GridDatabase } from '../schema/database.ts'
import type { TenantScope } from '../schema/tenant-scope.ts'
import { compareValues, type EventTable } from '../tables/event-table.ts'
import { AccountEventRepository } from './account-event-repository.ts'
import { type Attributed, instant } from './account-rows.ts'
import { readNewestRows } from './newest-rows.ts'

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
    extra: 'jsonb',
    contentHash: 'text',
  }),
  key: ['accountId', 'category', 'symbol', 'positionIdx', 'exchangeTs', 'contentHash'],
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
  // Equal content was hashed alike; these would tell a hash that two contents share.
  immutable: [{ field: 'side' }, { field: 'size' }, { field: 'entryPrice' }],
  comparison: 'each',
}

/** The legs of an account's positions. */
export interface PositionQuery {
  readonly accountId: string
  readonly category?: string
  readonly symbol?: string
  /** 0 one-way, 1 hedge long, 2 hedge short. */
  readonly positionIdx?: number
  readonly side?: string
  readonly runId?: string
  /** The newest until then, in epoch milliseconds, inclusive. Left out, the newest of all. */
  readonly at?: number
}

/**
 * Stores and reads positions of accounts, table `position_snapshots`, in the order of exchange time,
 * category, symbol, leg and seq.
 *
 * @example
 * const [leg] = await new PositionSnapshotRepository(db).latest({ userId }, { accountId, symbol: 'BTCUSDT' })
 */
export class PositionSnapshotRepository extends AccountEventRepository<PositionEvent> {
  readonly #db: Kysely<GridDatabase>

  /** Works on a database or within a transaction. */
  constructor(db: Kysely<GridDatabase>) {
    super(db, POSITIONS, 'symbol')
    this.#db = db
  }

  /**
   * Gives the newest state of each leg, now or at a time, flat ones included, by category, symbol
   * and leg.
   *
   * @example
   * const legs = await positions.latest({ userId }, { accountId, symbol: 'BTCUSDT', at })
   */
  latest(scope: TenantScope, query: PositionQuery): Promise<Attributed<PositionEvent>[]> {
    const { accountId, at } = query
    return readNewestRows(this.#db, POSITIONS, scope, {
      accountId,
      series: ['category', 'symbol', 'position_idx'],
      conditions: [
        { column: 'category', type: 'text', value: query.category },
        { column: 'symbol', type: 'text', value: query.symbol },
        { column: 'position_idx', type: 'integer', value: query.positionIdx },
        { column: 'side', type: 'text', value: query.side },
        { column: 'run_id', type: 'uuid', value: query.runId },
        {
          column: 'exchange_ts',
          type: 'timestamptz',
          operator: '<=',
          value: at === undefined ? undefined : instant(at),
        },
      ],
      newest: [
        'position_snapshots.seq desc',
        'position_snapshots.local_ts desc',
        'position_snapshots.content_hash',
      ],
    })
  }
}
