import type { PublicTradeEvent } from '@grid/core-events'
import { CompiledQuery, type Kysely } from 'kysely'
import { sqlText } from '../columns/sql-text.ts'
import { searchDays, timeTexts } from '../partitions/stored-days.ts'
import { possibleTimes, type SymbolQuery } from '../read/symbol-query.ts'
import { type BinLength, type BinsQuery, readBins } from '../read/time-bins.ts'
import { barTarget, type TradeBar } from '../read/trade-bars.ts'
import type { GridDatabase } from '../schema/database.ts'
import { PUBLIC_TRADES } from '../tables/market/public-trades.ts'
import { MarketRepository } from './market-repository.ts'

/** One trade, and where to look for it. */
export interface TradeIdQuery extends SymbolQuery {
  readonly tradeId: string
  /** Epoch milliseconds, inclusive; the trade's own time where it is known. Default the oldest day. */
  readonly from?: number
  /** Epoch milliseconds, exclusive. Default the newest day. */
  readonly to?: number
}

/**
 * Stores and reads public trades, table `public_trades`, in the order of exchange time, seq, match
 * index and trade id.
 *
 * Decimals keep all digits; an exponent or leading zeros come back as plain digits.
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
   * Reads bars of an instrument's trades in order of time: exact open, high, low, close, volume,
   * turnover and count, computed by the database. A bar without trades is left out.
   *
   * The length must divide a day (`1s`, `5m`, `4h`, `1d`), otherwise a `RangeError` is thrown. Bars
   * count from midnight UTC; `from` is rounded down, `to` up, to the start of a bar.
   *
   * @example
   * for await (const bar of trades.bars({ category: 'linear', symbol: 'BTCUSDT', from, to }, '1m')) {}
   */
  bars(query: BinsQuery, length: BinLength): AsyncGenerator<TradeBar, void, undefined> {
    return readBins(this.#db, barTarget(PUBLIC_TRADES, query.category), query, length)
  }

  /**
   * Whether a trade with this id is stored. With the trade's time it reads the trades of that second;
   * without, all trades of the instrument, the newest days first.
   *
   * @example
   * await trades.exists({ category: 'linear', symbol: 'BTCUSDT', tradeId, from: ts, to: ts + 1 })
   */
  async exists({ category, symbol, tradeId, ...interval }: TradeIdQuery): Promise<boolean> {
    let isFound = false
    await searchDays(this.#db, PUBLIC_TRADES, possibleTimes(interval), 'end', async (span) => {
      const { rows } = await this.#db.executeQuery(
        CompiledQuery.raw(EXISTS_SQL, [category, symbol, ...timeTexts(span), tradeId]),
      )
      isFound = rows.length > 0
      return isFound
    })
    return isFound
  }
}

const EXISTS_SQL = sqlText`
  select 1
  from public_trades
  where ${PUBLIC_TRADES.lookup.ofSymbol('$2')}
    and trade_id = $5::text
  limit 1`
