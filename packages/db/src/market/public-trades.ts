import type { PublicTradeEvent } from '@grid/core-events'
import { CompiledQuery, type Kysely } from 'kysely'
import { columnsOf } from '../columns/column.ts'
import { searchDays, timeTexts } from '../partitions/stored-days.ts'
import { possibleTimes, type SymbolQuery } from '../read/symbol-query.ts'
import { type BinLength, type BinsQuery, readBins } from '../read/time-bins.ts'
import { barTarget, type TradeBar } from '../read/trade-bars.ts'
import type { GridDatabase } from '../schema/database.ts'
import { compareValues, type DailyTable } from '../tables/event-table.ts'
import { scopeSql } from '../tables/scope-sql.ts'
import { TRADE_KEY } from '../tables/trade-key.ts'
import { tradeDetails, tradeFlags } from '../tables/trade-packing.ts'
import { MarketRepository } from './market-repository.ts'

/** One trade, and where to look for it. */
export interface TradeIdQuery extends SymbolQuery {
  readonly tradeId: string
  /** Epoch milliseconds, inclusive: the trade's own time, if it is known. Default the oldest day. */
  readonly from?: number
  /** Epoch milliseconds, exclusive. Default the newest day. */
  readonly to?: number
}

const COLUMNS = columnsOf<'public_trades_wide', PublicTradeEvent, 'channel'>({
  // The order of exported files, which those of earlier versions have as well.
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
})
/** The fields that the table has in other columns than its view. */
const PACKED: ReadonlySet<keyof PublicTradeEvent> = new Set([
  'category',
  'tickDirection',
  'isBlockTrade',
  'isRpiTrade',
  'markPrice',
  'indexPrice',
  'markIv',
  'iv',
])

/** Where and how public trades are stored. */
export const PUBLIC_TRADES: DailyTable<PublicTradeEvent> = {
  channel: 'publicTrade',
  table: 'public_trades',
  view: 'public_trades_wide',
  columns: COLUMNS,
  written: [
    ...COLUMNS.filter(({ field }) => !PACKED.has(field)),
    { name: 'category', kind: 'category', pack: ({ category }) => category },
    { name: 'flags', kind: 'integer', pack: tradeFlags },
    { name: 'details', kind: 'text', pack: tradeDetails },
  ],
  hashed: TRADE_KEY,
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
 * Stores and reads public trades, table `public_trades`. Their total order is that of exchange time,
 * seq, match index and trade id.
 *
 * Decimals keep their digits; written in exponents or with leading zeros they come back plain.
 *
 * @example
 * const { inserted, duplicates } = await new PublicTradeRepository(db).bulkInsert(events)
 */
export class PublicTradeRepository extends MarketRepository<PublicTradeEvent> {
  readonly #db: Kysely<GridDatabase>

  /** Works on a database or within a transaction. */
  constructor(db: Kysely<GridDatabase>) {
    super(db, PUBLIC_TRADES)
    this.#db = db
  }

  /**
   * Reads bars of an instrument's trades, in order of time: exact open, high, low, close, volume,
   * turnover and count, computed by the database. A bar without trades is not invented.
   *
   * The length is any that divides a day (`1s`, `5m`, `4h`, `1d`), else a `RangeError` is thrown; bars
   * count from midnight UTC and are whole: `from` is rounded down to one, and `to` up.
   *
   * @example
   * for await (const bar of trades.bars({ category: 'linear', symbol: 'BTCUSDT', from, to }, '1m')) {}
   */
  bars(query: BinsQuery, length: BinLength): AsyncGenerator<TradeBar, void, undefined> {
    return readBins(this.#db, barTarget(PUBLIC_TRADES, query.category), query, length)
  }

  /**
   * Says whether a trade of this id is stored. Given its time it reads the
   * instrument's trades of that second; else the ids of the instrument are searched, the newest days first.
   *
   * @example
   * await trades.exists({ category: 'linear', symbol: 'BTCUSDT', tradeId, from: ts, to: ts + 1 })
   */
  async exists({ category, symbol, tradeId, ...interval }: TradeIdQuery): Promise<boolean> {
    let isFound = false
    await searchDays(
      this.#db,
      PUBLIC_TRADES.table,
      possibleTimes(interval),
      'end',
      async (span) => {
        const { rows } = await this.#db.executeQuery(
          CompiledQuery.raw(EXISTS_SQL, [category, symbol, ...timeTexts(span), tradeId]),
        )
        isFound = rows.length > 0
        return isFound
      },
    )
    return isFound
  }
}

const EXISTS_SQL =
  `select 1 from public_trades where ${scopeSql(PUBLIC_TRADES)} ` +
  'and trade_id = $5::text limit 1'
