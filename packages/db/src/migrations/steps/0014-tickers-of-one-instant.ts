import { tickerSnapshotsOf } from './0011-narrow-tickers.ts'
import type { Migration } from './migration.ts'

/**
 * Makes rows whole, also those that have the millisecond of a base and come before it, when they are asked for from that
 * millisecond on: the function began at that base, so their carried values were null.
 */
export const tickersOfOneInstant: Migration = {
  name: '0014-tickers-of-one-instant',
  minReader: 11,
  minWriter: 11,
  statements: [`create or replace ${tickerSnapshotsOf('<')}`],
}
