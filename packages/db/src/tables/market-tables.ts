import type { PublicChannel, PublicChannelEvents } from '@grid/core-events'
import { PUBLIC_TRADES } from './market/public-trades.ts'
import { TICKER_SNAPSHOTS } from './market/ticker-snapshots.ts'
import type { DailyTable } from './shape/event-table.ts'

/**
 * The tables of market data by channel: the one place where a new one is listed. Partitions, reads,
 * retention, grants and repositories follow from it.
 *
 * This file exports nothing else, so that a test can add a channel by replacing it.
 */
export const MARKET_TABLES: {
  readonly [Name in PublicChannel]: DailyTable<PublicChannelEvents[Name]>
} = {
  publicTrade: PUBLIC_TRADES,
  ticker: TICKER_SNAPSHOTS,
}
