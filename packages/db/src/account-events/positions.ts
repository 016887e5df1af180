import type { PositionEvent } from '@grid/core-events'
import type { Kysely } from 'kysely'
import type { GridDatabase } from '../schema/database.ts'
import type { TenantScope } from '../schema/tenant-scope.ts'
import { POSITIONS } from '../tables/account/positions.ts'
import { AccountEventRepository } from './account-event-repository.ts'
import { type Attributed, instant } from './account-rows.ts'
import { readNewestOfSeries } from './newest-of-series.ts'

/** The legs of an account's positions. */
export interface PositionQuery {
  readonly accountId: string
  readonly category?: string
  readonly symbol?: string
  /** 0 one-way, 1 hedge long, 2 hedge short. */
  readonly positionIdx?: number
  readonly side?: string
  readonly runId?: string
  /** Gives the state at this time, in epoch milliseconds, inclusive. Default: the newest state. */
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
   * Gives the state of each leg, now or at a time, also of flat ones, by category, symbol and leg.
   *
   * @example
   * const legs = await positions.latest({ userId }, { accountId, symbol: 'BTCUSDT', at })
   */
  latest(scope: TenantScope, query: PositionQuery): Promise<Attributed<PositionEvent>[]> {
    const { accountId, at } = query
    return readNewestOfSeries(this.#db, POSITIONS, scope, {
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
