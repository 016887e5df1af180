import {
  TICKER_FIELD_NAMES,
  TICKER_FIELDS,
  type TickerEvent,
  type TickerFieldKind,
  type TickerFieldName,
} from '@grid/core-events'
import type { Kysely } from 'kysely'
import { columnsOf } from '../columns/column.ts'
import type { ColumnKindName } from '../columns/column-kind.ts'
import type { KindOf } from '../columns/column-of-schema.ts'
import type { GridDatabase } from '../schema/database.ts'
import { compareValues, type DailyTable } from '../tables/event-table.ts'
import { MarketRepository } from './market-repository.ts'

const KINDS: { readonly [Kind in TickerFieldKind]: ColumnKindName } = {
  decimal: 'numeric',
  timestamp: 'ms',
  text: 'text',
}

// Sound: every name gets its kind; that these are the columns' is tested.
const VALUE_KINDS = Object.fromEntries(
  TICKER_FIELD_NAMES.map((name) => [name, KINDS[TICKER_FIELDS[name].kind]]),
) as { readonly [Name in TickerFieldName]: KindOf<'ticker_snapshots', TickerEvent, Name> }

/** Where and how tickers are stored. */
export const TICKER_SNAPSHOTS: DailyTable<TickerEvent> = {
  channel: 'ticker',
  table: 'ticker_snapshots',
  columns: columnsOf<'ticker_snapshots', TickerEvent, 'channel'>({
    category: 'text',
    symbol: 'text',
    exchangeTs: 'ms',
    seq: 'bigint',
    isSnapshot: 'boolean',
    localTsUs: 'us',
    changed: 'bigint',
    ...VALUE_KINDS,
    extra: 'jsonb',
    source: 'text',
  }),
  key: ['category', 'symbol', 'exchangeTs', 'seq', 'isSnapshot'],
  compare: (a, b) =>
    compareValues(a.category, b.category) ||
    compareValues(a.symbol, b.symbol) ||
    a.exchangeTs - b.exchangeTs ||
    a.seq - b.seq ||
    Number(a.isSnapshot) - Number(b.isSnapshot),
  // A snapshot before the delta of the same instant.
  order: ['ticker_snapshots.seq', 'ticker_snapshots.is_snapshot desc'],
  // Carried values may differ between collectors of which one missed a delta; fresh ones may not.
  immutable: [
    { field: 'changed' },
    ...TICKER_FIELD_NAMES.map((field) => ({
      field,
      bothKnow: (stored: string, offered: string) =>
        `${stored}.changed & ${offered}.changed & ${2 ** TICKER_FIELDS[field].bit} <> 0`,
    })),
  ],
}

/**
 * Stores and reads tickers, table `ticker_snapshots`. Their total order is that of exchange time, seq,
 * and snapshot before delta.
 *
 * Each row is the whole state after its message, so that `asOf` gives what was known at a time.
 * Decimals keep their digits; written in exponents or with leading zeros they come back plain.
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
