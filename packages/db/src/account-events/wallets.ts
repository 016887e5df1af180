import type { WalletEvent } from '@grid/core-events'
import type { Kysely } from 'kysely'
import type { GridDatabase } from '../schema/database.ts'
import type { TenantScope } from '../schema/tenant-scope.ts'
import { WALLETS } from '../tables/account/wallets.ts'
import { AccountEventRepository } from './account-event-repository.ts'
import { type Attributed, instant } from './account-rows.ts'
import { readNewestOfSeries } from './newest-of-series.ts'

/** The coins of an account. */
export interface WalletQuery {
  readonly accountId: string
  readonly accountType?: string
  readonly coin?: string
  readonly runId?: string
  /** Gives the state at this time, in epoch milliseconds, inclusive. Default: the newest state. */
  readonly at?: number
}

/**
 * Stores and reads wallets of accounts, table `wallet_snapshots`, in the order of exchange time,
 * account type and coin.
 *
 * @example
 * const [usdt] = await new WalletSnapshotRepository(db).latest({ userId }, { accountId, coin: 'USDT' })
 */
export class WalletSnapshotRepository extends AccountEventRepository<WalletEvent, 'coin'> {
  readonly #db: Kysely<GridDatabase>

  /** Works on a database or within a transaction. */
  constructor(db: Kysely<GridDatabase>) {
    super(db, WALLETS, 'coin')
    this.#db = db
  }

  /**
   * Gives the state of each coin, now or at a time, by account type and coin. The coin `''` has the
   * totals of messages that listed no coin.
   *
   * @example
   * const coins = await wallets.latest({ userId }, { accountId, at })
   */
  latest(scope: TenantScope, query: WalletQuery): Promise<Attributed<WalletEvent>[]> {
    const { accountId, at } = query
    return readNewestOfSeries(this.#db, WALLETS, scope, {
      accountId,
      series: ['account_type', 'coin'],
      conditions: [
        { column: 'account_type', type: 'text', value: query.accountType },
        { column: 'coin', type: 'text', value: query.coin },
        { column: 'run_id', type: 'uuid', value: query.runId },
        {
          column: 'exchange_ts',
          type: 'timestamptz',
          operator: '<=',
          value: at === undefined ? undefined : instant(at),
        },
      ],
      newest: ['wallet_snapshots.local_ts desc', 'wallet_snapshots.content_hash'],
    })
  }
}
