import { type Category, EARLIEST_EXCHANGE_TS, LATEST_EXCHANGE_TS } from '@grid/core-events'
import type { Interval } from '../partitions/stored-days.ts'
import type { StoredRow } from '../tables/shape/event-table.ts'

/** A row of an instrument. */
export interface SymbolRow extends StoredRow {
  readonly symbol: string
  /** Receive time in epoch microseconds. */
  readonly localTsUs: number
}

/** One instrument. */
export interface SymbolQuery {
  readonly category: Category
  readonly symbol: string
}

/** Instruments of one category. */
export interface SymbolsQuery {
  readonly category: Category
  readonly symbols: readonly string[]
}

/** Cuts an interval to the times that an event may have: PostgreSQL refuses some dates of JavaScript. */
export function possibleTimes({ from, to }: Partial<Interval>): Interval {
  return {
    from: Math.max(from ?? EARLIEST_EXCHANGE_TS, EARLIEST_EXCHANGE_TS),
    to: Math.min(to ?? LATEST_EXCHANGE_TS, LATEST_EXCHANGE_TS),
  }
}
