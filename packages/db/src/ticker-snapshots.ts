import {
  TICKER_FIELD_NAMES,
  TICKER_FIELDS,
  type TickerEvent,
  type TickerFieldKind,
  type TickerFieldName,
} from '@grid/core-events'
import type { Kysely } from 'kysely'
import { type BulkInsertResult, bulkInsert } from './bulk-insert.ts'
import { columnsOf } from './column.ts'
import type { ColumnKindName } from './column-kind.ts'
import type { KindOf } from './column-of-schema.ts'
import { compareValues, type EventTable } from './event-table.ts'
import { readLastTs, type SymbolQuery, type SymbolsQuery } from './last-event.ts'
import { type RangeQuery, readRange } from './range.ts'
import type { GridDatabase } from './schema.ts'

const KINDS: { readonly [Kind in TickerFieldKind]: ColumnKindName } = {
  decimal: 'numeric',
  timestamp: 'ms',
  text: 'text',
}

// Sound: every name gets its kind; that these are the columns' is tested.
const VALUE_KINDS = Object.fromEntries(
  TICKER_FIELD_NAMES.map((name) => [name, KINDS[TICKER_FIELDS[name].kind]]),
) as { readonly [Name in TickerFieldName]: KindOf<'ticker_snapshots', TickerEvent, Name> }

/** Table `ticker_snapshots`. */
export const TICKER_SNAPSHOTS: EventTable<TickerEvent> = {
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
 * Stores and reads tickers, table `ticker_snapshots`.
 *
 * Decimals keep their digits; written in exponents or with leading zeros they come back plain.
 *
 * @example
 * const { inserted, duplicates } = await new TickerSnapshotRepository(db).bulkInsert(events)
 */
export class TickerSnapshotRepository {
  readonly #db: Kysely<GridDatabase>

  /** Works on a database or within a transaction. */
  constructor(db: Kysely<GridDatabase>) {
    this.#db = db
  }

  /**
   * Stores tickers of any number that are not stored yet, by one statement, and makes the
   * partitions of their days; errors as with `PublicTradeRepository.bulkInsert`.
   *
   * @example
   * const { inserted, duplicates, conflicts } = await tickers.bulkInsert(events)
   */
  bulkInsert(events: readonly TickerEvent[]): Promise<BulkInsertResult<TickerEvent>> {
    return bulkInsert(this.#db, TICKER_SNAPSHOTS, events)
  }

  /**
   * Reads the tickers of one instrument in total order (exchange time, seq, snapshot before delta),
   * page by page, however many.
   *
   * @example
   * for await (const ticker of tickers.range({ category: 'linear', symbol: 'BTCUSDT', from, to })) {}
   */
  range(query: RangeQuery): AsyncGenerator<TickerEvent, void, undefined> {
    return readRange(
      this.#db,
      { target: TICKER_SNAPSHOTS, category: query.category, symbols: [query.symbol] },
      query,
    )
  }

  /**
   * Gives the exchange time of an instrument's newest stored ticker, in epoch milliseconds; null when
   * none is stored.
   *
   * @example
   * const ts = await tickers.lastTs({ category: 'linear', symbol: 'BTCUSDT' })
   */
  async lastTs({ category, symbol }: SymbolQuery): Promise<number | null> {
    const last = await this.lastTsBySymbol({ category, symbols: [symbol] })
    return last.get(symbol) ?? null
  }

  /**
   * Gives the same of many instruments at once; one without a stored ticker is left out.
   *
   * Fast however many rows and days there are; only an instrument without a ticker is looked for in
   * every day.
   *
   * @example
   * const last = await tickers.lastTsBySymbol({ category: 'linear', symbols: ['BTCUSDT', 'ETHUSDT'] })
   */
  lastTsBySymbol(query: SymbolsQuery): Promise<ReadonlyMap<string, number>> {
    return readLastTs(this.#db, TICKER_SNAPSHOTS, query)
  }
}
