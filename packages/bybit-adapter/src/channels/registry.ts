import type { Category, Channel, PublicChannel } from '@grid/core-events'
import type { ChannelDialect, TopicProof } from './channel-mapper.ts'
import { tickerDialect } from './ticker/ticker.ts'
import { publicTradeDialect } from './trade/public-trade.ts'

/** Every channel's dialect: the one place where a new channel is listed. */
export const CHANNEL_DIALECTS: { readonly [Name in PublicChannel]: ChannelDialect } = {
  ticker: tickerDialect,
  publicTrade: publicTradeDialect,
}

/** A topic that is wanted. */
export interface WantedTopic<Name extends Channel = PublicChannel> {
  /** The exchange's name for it, e.g. `publicTrade.BTCUSDT`. */
  readonly topic: string
  readonly channel: Name
  /** The symbol; of option trades the base coin, whose contracts share one topic; empty of an account. */
  readonly symbol: string
  readonly proof: TopicProof
}

/**
 * The topics that carry one channel of one symbol.
 *
 * @example
 * topicsOf('spot', 'ticker', 'BTCUSDT') // tickers.BTCUSDT and orderbook.1.BTCUSDT
 */
export function topicsOf(
  category: Category,
  channel: PublicChannel,
  symbol: string,
): WantedTopic[] {
  return CHANNEL_DIALECTS[channel].topicKinds(category).map(({ prefix, proof, tailOf }) => {
    const tail = tailOf(symbol)
    return { topic: `${prefix}.${tail}`, channel, symbol: tail, proof }
  })
}
