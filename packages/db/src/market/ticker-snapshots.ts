import type { TickerEvent } from '@grid/core-events'
import type { Kysely } from 'kysely'
import type { GridDatabase } from '../schema/database.ts'
import { TICKER_SNAPSHOTS } from '../tables/market/ticker-snapshots.ts'
import { MarketRepository } from './market-repository.ts'

/**
 * Stores and reads tickers, table `ticker_snapshots`, in the order of exchange time, seq, and snapshot
 * before delta.
 *
 * A row is the whole state after its message, so `asOf` gives what was known at a time. Decimals keep
 * all digits; an exponent or leading zeros come back as plain digits.
 *
 * @example
 * const { inserted, duplicates } = await new TickerSnapshotRepository(db).bulkInsert(events)
 */
export class TickerSnapshotRepository extends MarketRepository<TickerEvent> {
  /** Works on a database or within a transaction. */
  constructor(db: Kysely<GridDatabase>) {
    super(db, TICKER_SNAPSHOTS)
  }
}
