import type { Category, PublicChannel, PublicChannelEvents, PublicEvent } from '@grid/core-events'
import type { Kysely } from 'kysely'
import type { Column } from '../columns/column.ts'
import { type BulkInsertOptions, type BulkInsertResult, bulkInsert } from '../insert/bulk-insert.ts'
import { readEndTimes, readLastBelievable } from '../read/end-times.ts'
import { readLatestRows, readNewestRows } from '../read/newest-rows.ts'
import { type RangeQuery, readRange } from '../read/range.ts'
import { countTarget, type RowCount } from '../read/row-counts.ts'
import { readSymbols } from '../read/stored-symbols.ts'
import { possibleTimes, type SymbolQuery, type SymbolsQuery } from '../read/symbol-query.ts'
import { type BinLength, type BinsQuery, readBins } from '../read/time-bins.ts'
import type { GridDatabase } from '../schema/database.ts'
import { MARKET_TABLES } from '../tables/market-tables.ts'
import type { DailyTable } from '../tables/shape/event-table.ts'

/** Instruments, and the time at which their state is wanted. */
export interface AsOfQuery extends SymbolsQuery {
  /** Epoch milliseconds, inclusive. */
  readonly at: number
  /** Oldest event that counts, in milliseconds before `at`. Default: any age. */
  readonly maxAgeMs?: number
}

/** Instruments of one category, and which of their events count. */
export interface LastTsQuery extends SymbolsQuery {
  /** Only those received before this time, in epoch microseconds. Default: all. */
  readonly receivedBeforeUs?: number | undefined
}

/** A category, and times in epoch milliseconds, `from` inclusive and `to` exclusive. */
export interface CategoryQuery {
  readonly category: Category
  readonly from: number
  readonly to: number
}

/** First and last stored exchange time, in epoch milliseconds. */
export interface EndTimes {
  readonly firstTs: number
  readonly lastTs: number
}

/** Stores and reads the events of one channel of market data. {@link marketRepository} gives one. */
export class MarketRepository<Event extends PublicEvent> {
  readonly #db: Kysely<GridDatabase>
  readonly #target: DailyTable<Event>
  /** The table's columns in their order, each with the field of an event that it holds. */
  readonly columns: readonly Column<Event>[]

  /** Works on a database or within a transaction. */
  constructor(db: Kysely<GridDatabase>, target: DailyTable<Event>) {
    this.#db = db
    this.#target = target
    this.columns = target.columns
  }

  /**
   * Stores the events that are not stored yet, in one statement for any number of them, and makes the
   * partitions of their days.
   *
   * An error concerns the whole batch: `classifyDatabaseError` tells whether to try again or to look
   * for the row at fault. Throws `TIME_OUT_OF_RANGE` for a time before 2019 or after tomorrow; in a
   * transaction `PARTITION_MISSING` when a day was removed meanwhile.
   *
   * @example
   * const { inserted, duplicates, conflicts } = await trades.bulkInsert(events)
   *
   * @example
   * await trades.bulkInsert(events, { beside: async (trx) => { await positions.move(trx, move) } })
   */
  bulkInsert(
    events: readonly Event[],
    options?: BulkInsertOptions<Event>,
  ): Promise<BulkInsertResult<Event>> {
    return bulkInsert(this.#db, this.#target, events, options)
  }

  /**
   * Reads the events of one instrument in total order, page by page, however many there are. Except in
   * a transaction, the next page is fetched while the events of this one are consumed.
   *
   * @example
   * for await (const trade of trades.range({ category: 'linear', symbol: 'BTCUSDT', from, to })) {}
   */
  range(query: RangeQuery): AsyncGenerator<Event, void, undefined> {
    const { category, symbol } = query
    return readRange(this.#db, { target: this.#target, category, symbols: [symbol] }, query)
  }

  /**
   * Gives the newest stored event of each instrument, by symbol; an instrument without events is left out.
   *
   * An event whose exchange time is ahead of its receipt by more than a minute counts as of its receipt.
   *
   * @example
   * const newest = await tickers.latest({ category: 'linear', symbols: ['BTCUSDT', 'ETHUSDT'] })
   */
  latest(query: SymbolsQuery): Promise<ReadonlyMap<string, Event>> {
    return readLatestRows(this.#db, this.#target, query)
  }

  /**
   * Gives each instrument's last event at or before a time, by symbol; an instrument without such an
   * event is left out.
   *
   * @example
   * const tickers = await tickers.asOf({ category: 'linear', symbols: ['BTCUSDT'], at, maxAgeMs: 60_000 })
   */
  asOf({ at, maxAgeMs = Infinity, ...query }: AsOfQuery): Promise<ReadonlyMap<string, Event>> {
    const interval = possibleTimes({ from: at - maxAgeMs, to: at + 1 })
    return readNewestRows(this.#db, this.#target, query, interval)
  }

  /**
   * Gives the exchange time of an instrument's newest stored event, in epoch milliseconds; null when
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
   * Gives the exchange time of each instrument's newest stored event, by symbol; an instrument without
   * events is left out. An event whose exchange time is ahead of its receipt by more than a minute counts
   * as of its receipt: one absurd time does not hide the later events.
   *
   * Fast however many rows and days there are; only an instrument without events is searched for in
   * every day.
   *
   * @example
   * const last = await trades.lastTsBySymbol({ category: 'linear', symbols: ['BTCUSDT', 'ETHUSDT'] })
   */
  lastTsBySymbol({
    receivedBeforeUs,
    ...query
  }: LastTsQuery): Promise<ReadonlyMap<string, number>> {
    return readLastBelievable(this.#db, this.#target, query, possibleTimes({}), receivedBeforeUs)
  }

  /**
   * Gives the first and the last stored exchange time of each instrument, by symbol; an instrument
   * without events is left out.
   *
   * @example
   * const { firstTs, lastTs } = (await trades.endTimes({ category, symbols: ['BTCUSDT'] })).get('BTCUSDT')
   */
  async endTimes(query: SymbolsQuery): Promise<ReadonlyMap<string, EndTimes>> {
    const last = await readEndTimes(this.#db, this.#target, query, possibleTimes({}), 'last')
    const found = { ...query, symbols: [...last.keys()] }
    const first = await readEndTimes(this.#db, this.#target, found, possibleTimes({}), 'first')
    return new Map(
      [...last].flatMap(([symbol, lastTs]): [string, EndTimes][] => {
        const firstTs = first.get(symbol)
        return firstTs === undefined ? [] : [[symbol, { firstTs, lastTs }]]
      }),
    )
  }

  /**
   * Gives the symbols of a category that have events in an interval, sorted by code point.
   *
   * @example
   * const symbols = await trades.symbols({ category: 'linear', from, to })
   */
  symbols({ category, ...interval }: CategoryQuery): Promise<readonly string[]> {
    return readSymbols(this.#db, this.#target, category, possibleTimes(interval))
  }

  /**
   * Counts an instrument's events by minute, or by another length that divides a day, in order of time;
   * an interval without events is left out. Lengths as in `PublicTradeRepository.bars`.
   *
   * @example
   * for await (const { startTs, count } of trades.counts({ category, symbol, from, to })) {}
   */
  counts(query: BinsQuery, length: BinLength = '1m'): AsyncGenerator<RowCount, void, undefined> {
    return readBins(this.#db, countTarget(this.#target), query, length)
  }
}

/**
 * Gives the repository of a channel of market data, on a database or within a transaction.
 *
 * @example
 * const { inserted } = await marketRepository(db, 'publicTrade').bulkInsert(trades)
 */
export function marketRepository<Name extends PublicChannel>(
  db: Kysely<GridDatabase>,
  channel: Name,
): MarketRepository<PublicChannelEvents[Name]> {
  return new MarketRepository<PublicChannelEvents[Name]>(db, MARKET_TABLES[channel])
}
