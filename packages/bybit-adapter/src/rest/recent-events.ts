import type { Category, MarketStream, PublicChannel, PublicEvent } from '@grid/core-events'
import { RECENT_TRADE } from './endpoints/recent-trade.ts'
import type { ListEndpoint, ListQuery, RestList } from './lists/rest-list.ts'
import type { RecentTradeQuery } from './rest-queries.ts'

/** One page with the newest events of a stream, oldest first. */
export interface RecentEvents extends RestList<PublicEvent> {
  /** Whether the page has as many rows as it can hold: older events may lie before it. */
  readonly isFull: boolean
  /** Whether it holds several instruments, whose events may be a little out of order. */
  readonly isMixed: boolean
}

/** How the newest events of a channel are asked for. */
export interface RecentSource {
  readonly endpoint: ListEndpoint<PublicEvent>
  query(stream: MarketStream): ListQuery & { readonly limit: number }
}

const MOST_TRADES: Readonly<Record<Category, number>> = {
  linear: 1000,
  inverse: 1000,
  spot: 60,
  option: 1000,
}

/** The channels whose newest events REST gives. */
export const RECENT_SOURCES: Readonly<Partial<Record<PublicChannel, RecentSource>>> = {
  publicTrade: {
    endpoint: RECENT_TRADE,
    query: ({ category, symbol }): RecentTradeQuery & { readonly limit: number } => {
      // Option trades are streamed by base coin.
      const isCoin = category === 'option' && !symbol.includes('-')
      return {
        category,
        ...(isCoin ? { baseCoin: symbol } : { symbol }),
        limit: MOST_TRADES[category],
      }
    },
  },
}

/**
 * Whether REST gives the newest events of a channel, so that a gap that just ended can be filled.
 *
 * @example
 * hasRecentEvents(gap.channel)
 */
export function hasRecentEvents(channel: PublicChannel): boolean {
  return RECENT_SOURCES[channel] !== undefined
}
