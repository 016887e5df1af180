import type { WalletEvent } from '@grid/core-events'
import { columnsOf } from '../../columns/column.ts'
import { compareValues, type EventTable } from '../shape/event-table.ts'
import { PlainLookup } from '../shape/plain-lookup.ts'
import { sameExtra } from '../shape/same-extra.ts'

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
  lookup: new PlainLookup(),
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
  // The key has a hash of the content: the first fields would reveal two contents with one hash. The
  // others are not hashed, because they never change.
  immutable: [
    { field: 'walletBalance' },
    { field: 'equity' },
    { field: 'accountLTV' },
    { field: 'free' },
    { field: 'availableToWithdraw' },
    { field: 'availableToBorrow' },
    sameExtra(),
  ],
  grants: { writer: 'select, insert, update', reader: 'select' },
}
