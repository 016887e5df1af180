import type { Category } from '@grid/core-events'
import type { Kysely } from 'kysely'
import type { GridDatabase } from '../schema/database.ts'
import { ContentHashes } from './content-hashes.ts'
import type {
  InstrumentList,
  InstrumentState,
  LastList,
  Listing,
  ListReading,
  RecordedList,
} from './instrument-list.ts'
import { listingsOf } from './listings.ts'
import {
  type CoinsQuery,
  type InstrumentQuery,
  type RecordedCoins,
  readCoins,
  readFirstKnown,
  readLastLists,
  readStates,
} from './read-instruments.ts'
import { recordList } from './record-list.ts'

/** Which instruments' history to read: those that meet all conditions that are given. */
export interface HistoryQuery extends InstrumentQuery {
  /** Only states that held at this time or later, in epoch milliseconds. */
  readonly from?: number
  /** Only states that held before this time, in epoch milliseconds. */
  readonly to?: number
}

/**
 * What the exchange listed and when, table `instruments`: tick and lot sizes, multipliers, funding
 * intervals, without which stored prices and sizes mean little.
 *
 * @example
 * const [btc] = await instruments.asOf(Date.now(), { category: 'linear', symbols: ['BTCUSDT'] })
 * btc?.instrument.priceFilter?.tickSize // '0.10'
 */
export class InstrumentRepository {
  readonly #db: Kysely<GridDatabase>
  readonly #hashes = new ContentHashes()

  /** Works on a database or within a transaction. */
  constructor(db: Kysely<GridDatabase>) {
    this.#db = db
  }

  /**
   * Records what a list of a category changes: a row for each instrument that is new or differs, and
   * the end of those that two complete lists lack. Several collectors may record their lists; a list
   * that is older than the newest recorded one changes nothing.
   *
   * @example
   * await instruments.record(
   *   { category: 'linear', instruments: items, isComplete: end === 'last_page' },
   *   { exchangeTs, localTsUs, collector: 'saver-1' },
   * )
   */
  record(list: InstrumentList, reading: ListReading): Promise<RecordedList> {
    return recordList(this.#db, list, reading, this.#hashes)
  }

  /**
   * Gives what was listed at a time, in epoch milliseconds, by category and symbol. What ended before
   * or came later is left out.
   *
   * @example
   * const listed = await instruments.asOf(Date.UTC(2026, 10, 28), { category: 'linear' })
   */
  asOf(at: number, query: InstrumentQuery = {}): Promise<InstrumentState[]> {
    return readStates(this.#db, { ...query, from: at, before: at + 1 })
  }

  /**
   * Gives every state of instruments, by category, symbol and time.
   *
   * @example
   * const states = await instruments.history({ category: 'linear', symbols: ['BTCUSDT'] })
   */
  history({ to, ...query }: HistoryQuery = {}): Promise<InstrumentState[]> {
    return readStates(this.#db, { ...query, before: to })
  }

  /**
   * Tells when instruments were listed; one that was listed, delisted and listed again is there twice.
   *
   * @example
   * const [{ from, until }] = await instruments.listings({ category: 'linear', symbols: ['BTCUSDT'] })
   */
  async listings(query: InstrumentQuery = {}): Promise<Listing[]> {
    return listingsOf(await readStates(this.#db, query))
  }

  /**
   * Gives the newest complete list of each category: what is known of instruments is known up to it.
   *
   * @example
   * const lists = await instruments.lastLists()
   */
  lastLists(): Promise<LastList[]> {
    return readLastLists(this.#db)
  }

  /**
   * Gives the time of the first recorded list of a category, in epoch milliseconds; null when there is
   * none. Nothing is known of what was listed before.
   *
   * @example
   * const since = await instruments.firstKnown('linear')
   */
  firstKnown(category: Category): Promise<number | null> {
    return readFirstKnown(this.#db, category)
  }

  /**
   * Gives the coins of a category that were listed at a time or later, and when each was last listed, as
   * far as it is recorded. Times in epoch milliseconds.
   *
   * @example
   * const [{ baseCoin, lastListed }] = await instruments.coins({ category: 'option', from })
   */
  coins(query: CoinsQuery): Promise<RecordedCoins[]> {
    return readCoins(this.#db, query)
  }

  /**
   * Counts the instruments of a category that are listed now.
   *
   * @example
   * const count = await instruments.countListed('linear')
   */
  async countListed(category: Category): Promise<number> {
    const { listed } = await this.#db
      .selectFrom('instruments')
      .select(({ fn }) => fn.countAll().as('listed'))
      .where('category', '=', category)
      .where('valid_until', 'is', null)
      .executeTakeFirstOrThrow()
    return Number(listed)
  }
}
