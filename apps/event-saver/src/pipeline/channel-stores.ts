import type { ChannelEvents, PrivateChannel, PublicChannel } from '@grid/core-events'
import {
  type BulkInsertResult,
  ExecutionRepository,
  type GridDatabase,
  OrderRepository,
  PositionSnapshotRepository,
  PublicTradeRepository,
  type SymbolsQuery,
  TickerSnapshotRepository,
  WalletSnapshotRepository,
} from '@grid/db'
import type { Kysely } from 'kysely'

/** What a channel's writer needs of its repository. */
export interface ChannelStore<Event> {
  bulkInsert(events: readonly Event[]): Promise<BulkInsertResult<Event>>
}

/** What the capture of market data needs beside. */
export interface PublicChannelStore<Event> extends ChannelStore<Event> {
  /** Exchange times of the last stored events, in epoch milliseconds; without symbols never stored. */
  lastTsBySymbol(query: SymbolsQuery): Promise<ReadonlyMap<string, number>>
}

type StoreOf<Name extends keyof ChannelEvents> = Name extends PublicChannel
  ? PublicChannelStore<ChannelEvents[Name]>
  : ChannelStore<ChannelEvents[Name]>

/** The repository of each channel of an account. */
interface AccountRepositories {
  readonly execution: ExecutionRepository
  readonly order: OrderRepository
  readonly position: PositionSnapshotRepository
  readonly wallet: WalletSnapshotRepository
}

/** Makes the repository of each channel of an account. */
export const ACCOUNT_REPOSITORIES: {
  readonly [Name in PrivateChannel]: (db: Kysely<GridDatabase>) => AccountRepositories[Name]
} = {
  execution: (db) => new ExecutionRepository(db),
  order: (db) => new OrderRepository(db),
  position: (db) => new PositionSnapshotRepository(db),
  wallet: (db) => new WalletSnapshotRepository(db),
}

/** The repository of each channel: one line for a new channel. */
export const CHANNEL_STORES: {
  readonly [Name in keyof ChannelEvents]: (db: Kysely<GridDatabase>) => StoreOf<Name>
} = {
  ...ACCOUNT_REPOSITORIES,
  ticker: (db) => new TickerSnapshotRepository(db),
  publicTrade: (db) => new PublicTradeRepository(db),
}
