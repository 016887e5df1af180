import type { PublicChannel, PublicChannelEvents } from '@grid/core-events'
import {
  type BulkInsertResult,
  type GridDatabase,
  PublicTradeRepository,
  type SymbolsQuery,
  TickerSnapshotRepository,
} from '@grid/db'
import type { Kysely } from 'kysely'

/** What a channel's writer needs of its repository. */
export interface ChannelStore<Event> {
  bulkInsert(events: readonly Event[]): Promise<BulkInsertResult<Event>>
  /** Exchange times of the last stored events, in epoch milliseconds; without symbols never stored. */
  lastTsBySymbol(query: SymbolsQuery): Promise<ReadonlyMap<string, number>>
}

/** The repository of each channel: one line for a new channel. */
export const CHANNEL_STORES: {
  readonly [Name in PublicChannel]: (
    db: Kysely<GridDatabase>,
  ) => ChannelStore<PublicChannelEvents[Name]>
} = {
  ticker: (db) => new TickerSnapshotRepository(db),
  publicTrade: (db) => new PublicTradeRepository(db),
}
