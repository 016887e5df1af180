import type { WalletEvent } from '@grid/core-events'
import type { Kysely } from 'kysely'
import { columnsOf } from '../columns/column.ts'
import type { GridDatabase } from '../schema/database.ts'
import type { TenantScope } from '../schema/tenant-scope.ts'
import { compareValues, type EventTable } from '../tables/event-table.ts'
import { AccountEventRepository } from './account-event-repository.ts'
import { type Attributed, instant } from './account-rows.ts'
import { readNewestRows } from './newest-rows.ts'

/** Where and how wallets are stored. */
export const WALLETS: EventTable<WalletEvent> = {
  channel: 'wallet',
  table: 'wallet_snapshots',
  columns: columnsOf<'wallet_snapshots', WalletEvent, 'channel'>({
    accountId: 'uuid',
    accountType: 'text',
    coin: 'text',
    exchangeTs: 'ms',
    localTsUs: 'us',
    source: 'text',
    accountIMRate: 'numeric',
    accountMMRate: 'numeric',
    accountIMRateByMp: 'numeric',
    accountMMRateByMp: 'numeric',
    accountLTV: 'numeric',
    totalEquity: 'numeric',
    totalWalletBalance: 'numeric',
    totalMarginBalance: 'numeric',
    totalAvailableBalance: 'numeric',
    totalPerpUPL: 'numeric',
    totalInitialMargin: 'numeric',
    totalMaintenanceMargin: 'numeric',
    totalInitialMarginByMp: 'numeric',
    totalMaintenanceMarginByMp: 'numeric',
    equity: 'numeric',
    usdValue: 'numeric',
    walletBalance: 'numeric',
    free: 'numeric',
    locked: 'numeric',
    availableToWithdraw: 'numeric',
    availableToBorrow: 'numeric',
    borrowAmount: 'numeric',
    spotBorrow: 'numeric',
    accruedInterest: 'numeric',
    totalOrderIM: 'numeric',
    totalPositionIM: 'numeric',
    totalPositionMM: 'numeric',
    unrealisedPnl: 'numeric',
    cumRealisedPnl: 'numeric',
    bonus: 'numeric',
    spotHedgingQty: 'numeric',
    collateralSwitch: 'boolean',
    marginCollateral: 'boolean',
    colRes: 'text',
    extra: 'jsonb',
    contentHash: 'text',
  }),
  key: ['accountId', 'accountType', 'coin', 'exchangeTs', 'contentHash'],
  compare: (a, b) =>
    compareValues(a.accountId, b.accountId) ||
    compareValues(a.accountType, b.accountType) ||
    compareValues(a.coin, b.coin) ||
    a.exchangeTs - b.exchangeTs ||
    compareValues(a.contentHash, b.contentHash),
  order: [
    'wallet_snapshots.account_type',
    'wallet_snapshots.coin',
    'wallet_snapshots.local_ts',
    'wallet_snapshots.content_hash',
  ],
  // Equal content was hashed alike; these would tell a hash that two contents share.
  immutable: [{ field: 'walletBalance' }, { field: 'equity' }],
  comparison: 'each',
}

/** The coins of an account. */
export interface WalletQuery {
  readonly accountId: string
  readonly accountType?: string
  readonly coin?: string
  readonly runId?: string
  /** The newest until then, in epoch milliseconds, inclusive. Left out, the newest of all. */
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
   * Gives the newest state of each coin, now or at a time, by account type and coin. The coin `''`
   * holds the totals of messages that listed none.
   *
   * @example
   * const coins = await wallets.latest({ userId }, { accountId, at })
   */
  latest(scope: TenantScope, query: WalletQuery): Promise<Attributed<WalletEvent>[]> {
    const { accountId, at } = query
    return readNewestRows(this.#db, WALLETS, scope, {
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
