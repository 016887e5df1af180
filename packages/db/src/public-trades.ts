import type { PublicTradeEvent } from '@grid/core-events'
import type { Kysely } from 'kysely'
import { type BulkInsertResult, bulkInsert } from './bulk-insert.ts'
import { columnsOf } from './column.ts'
import { compareValues, type EventTable } from './event-table.ts'
import { readLastTs, type SymbolQuery, type SymbolsQuery } from './last-event.ts'
import { type RangeQuery, readRange } from './range.ts'
import type { GridDatabase } from './schema.ts'

/** Table `public_trades`. */
export const PUBLIC_TRADES: EventTable<PublicTradeEvent> = {
  channel: 'publicTrade',
  table: 'public_trades',
  columns: columnsOf<'public_trades', PublicTradeEvent, 'channel'>({
    category: 'text',
    symbol: 'text',
    exchangeTs: 'ms',
    tradeId: 'text',
    localTsUs: 'us',
    side: 'text',
    price: 'numeric',
    size: 'numeric',
    tickDirection: 'text',
    isBlockTrade: 'boolean',
    isRpiTrade: 'boolean',
    seq: 'bigint',
    matchIndex: 'integer',
    markPrice: 'numeric',
    indexPrice: 'numeric',
    markIv: 'numeric',
    iv: 'numeric',
    source: 'text',
  }),
  key: ['category', 'symbol', 'exchangeTs', 'tradeId'],
  compare: (a, b) =>
    compareValues(a.category, b.category) ||
    compareValues(a.symbol, b.symbol) ||
    a.exchangeTs - b.exchangeTs ||
    compareValues(a.tradeId, b.tradeId),
  order: ['public_trades.seq', 'public_trades.match_index', 'public_trades.trade_id'],
  // Not match_index: a collector that joined amid a match counts from there.
  immutable: [
    { field: 'side' },
    { field: 'price' },
    { field: 'size' },
    { field: 'isBlockTrade' },
    { field: 'isRpiTrade' },
    { field: 'seq', bothKnow: (stored, offered) => `${stored}.seq >= 0 and ${offered}.seq >= 0` },
  ],
}

/**
 * Stores and reads public trades, table `public_trades`.
 *
 * Decimals keep their digits; written in exponents or with leading zeros they come back plain.
 *
 * @example
 * const { inserted, duplicates } = await new PublicTradeRepository(db).bulkInsert(events)
 */
export class PublicTradeRepository {
  readonly #db: Kysely<GridDatabase>

  /** Works on a database or within a transaction. */
  constructor(db: Kysely<GridDatabase>) {
    this.#db = db
  }

  /**
   * Stores trades of any number that are not stored yet, by one statement, and makes the partitions
   * of their days.
   *
   * An error concerns the whole batch: tell by `classifyDatabaseError` whether to try again or to
   * look for the row at fault. Throws `TIME_OUT_OF_RANGE` for a time before 2019 or after tomorrow;
   * in a transaction `PARTITION_MISSING` when a known day was removed.
   *
   * @example
   * const { inserted, duplicates, conflicts } = await trades.bulkInsert(events)
   */
  bulkInsert(events: readonly PublicTradeEvent[]): Promise<BulkInsertResult<PublicTradeEvent>> {
    return bulkInsert(this.#db, PUBLIC_TRADES, events)
  }

  /**
   * Reads the trades of one instrument in total order (exchange time, seq, match index, trade id),
   * page by page, however many.
   *
   * @example
   * for await (const trade of trades.range({ category: 'linear', symbol: 'BTCUSDT', from, to })) {}
   */
  range(query: RangeQuery): AsyncGenerator<PublicTradeEvent, void, undefined> {
    return readRange(
      this.#db,
      { target: PUBLIC_TRADES, category: query.category, symbols: [query.symbol] },
      query,
    )
  }

  /**
   * Gives the exchange time of an instrument's newest stored trade, in epoch milliseconds; null when
   * none is stored.
   *
   * @example
   * const ts = await trades.lastTs({ category: 'linear', symbol: 'BTCUSDT' })
   */
  async lastTs({ category, symbol }: SymbolQuery): Promise<number | null> {
    const last = await this.lastTsBySymbol({ category, symbols: [symbol] })
    return last.get(symbol) ?? null
  }

  /**
   * Gives the same of many instruments at once; one without a stored trade is left out.
   *
   * Fast however many rows and days there are; only an instrument without a trade is looked for in
   * every day.
   *
   * @example
   * const last = await trades.lastTsBySymbol({ category: 'linear', symbols: ['BTCUSDT', 'ETHUSDT'] })
   */
  lastTsBySymbol(query: SymbolsQuery): Promise<ReadonlyMap<string, number>> {
    return readLastTs(this.#db, PUBLIC_TRADES, query)
  }
}
