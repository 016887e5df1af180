import type { PublicChannel, PublicChannelEvents } from '@grid/core-events'
import type { Kysely } from 'kysely'
import type { GridDatabase } from '../schema/database.ts'
import { MARKET_TABLES } from '../tables/market-tables.ts'
import type { DailyTable } from '../tables/shape/event-table.ts'
import { mergeOrdered } from './merge-ordered.ts'
import { type ReadInterval, readRange } from './range.ts'
import type { SymbolsQuery } from './symbol-query.ts'

/** Which instruments and channels to read, and in which interval. */
export interface MarketQuery<Channel extends PublicChannel> extends SymbolsQuery, ReadInterval {
  readonly channels: readonly Channel[]
}

/**
 * Reads the events of several instruments and channels of a category in one order, to replay a market.
 *
 * The order is total and always the same: exchange time, then symbol (by code point), then channel
 * (trades before tickers), then the channel's own order (trades: seq, match index, trade id; tickers:
 * seq, snapshot before delta). Pages are fetched as they are consumed, at most one ahead a channel,
 * whatever the number of instruments.
 *
 * @example
 * for await (const event of readMarket(db, { category: 'linear', symbols, channels: ['ticker', 'publicTrade'], from, to })) {
 *   if (event.channel === 'ticker') strategy.onTicker(event)
 * }
 */
export function readMarket<Channel extends PublicChannel>(
  db: Kysely<GridDatabase>,
  { category, symbols, channels, ...interval }: MarketQuery<Channel>,
): AsyncGenerator<PublicChannelEvents[Channel], void, undefined> {
  type Event = PublicChannelEvents[Channel]
  // The database compares symbols by their bytes, which is by code point.
  const places = new Map(
    [...new Set(symbols)]
      .sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
      .map((symbol, place) => [symbol, place]),
  )
  const placeOf = ({ symbol }: Event): number => places.get(symbol) ?? 0
  const rankOf = ({ channel }: Event): number => MARKET_TABLES[channel].rank
  const sources = [...new Set(channels)].map((channel) => {
    // Sound: the table is the channel's.
    const target = MARKET_TABLES[channel] as unknown as DailyTable<Event>
    return readRange(db, { target, category, symbols }, interval)
  })
  return mergeOrdered(
    sources,
    (a, b) => a.exchangeTs - b.exchangeTs || placeOf(a) - placeOf(b) || rankOf(a) - rankOf(b),
  )
}
