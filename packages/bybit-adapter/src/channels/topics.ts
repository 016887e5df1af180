import type { Category, Channel, PublicChannel } from '@grid/core-events'
import type { AnyChannelDialect, TopicKind, TopicProof } from './dialect/channel-dialect.ts'
import { CHANNEL_DIALECTS, type ChannelOptions } from './registry.ts'

/** A topic that is wanted. */
export interface WantedTopic<Name extends Channel = PublicChannel> {
  /** The exchange's name for it, e.g. `publicTrade.BTCUSDT`. */
  readonly topic: string
  readonly channel: Name
  /** The symbol; of option trades the base coin, whose contracts share one topic; empty of an account. */
  readonly symbol: string
  /** A candle's interval, a book's depth; left out where the channel has no variants. */
  readonly variant?: string
  readonly proof: TopicProof
}

/** A wanted topic of market data, with what its channel says about it. */
export interface MarketTopic extends WantedTopic {
  readonly kind: TopicKind
}

/** The channels of market data that this version reads. */
export const CAPTURED_CHANNELS: readonly PublicChannel[] = Object.keys(
  CHANNEL_DIALECTS,
) as PublicChannel[]

/** A channel's dialect. */
export function dialectOf(channel: PublicChannel): AnyChannelDialect {
  return CHANNEL_DIALECTS[channel]
}

/**
 * The symbol by which the stream of an instrument's channel is named, and so its gaps: the instrument
 * itself, or of option trades its base coin.
 *
 * @example
 * streamSymbol('option', 'publicTrade', 'BTC-26DEC25-120000-C-USDT') // 'BTC'
 */
export function streamSymbol(category: Category, channel: PublicChannel, symbol: string): string {
  const [kind] = dialectOf(channel).topicKinds(category)
  return kind === undefined ? symbol : kind.tailOf(symbol)
}

/**
 * The topics that carry one channel of one symbol; throws `INVALID_OPTION` for a channel's bad options.
 *
 * @example
 * topicsOf('spot', 'ticker', 'BTCUSDT') // tickers.BTCUSDT and orderbook.1.BTCUSDT
 */
export function topicsOf(
  category: Category,
  channel: PublicChannel,
  symbol: string,
  options: ChannelOptions = {},
): MarketTopic[] {
  const kinds = dialectOf(channel).topicKinds(category, options[channel])
  return kinds.map((kind) => {
    const { prefix, variant, proof, tailOf } = kind
    const tail = tailOf(symbol)
    return variant === undefined
      ? { topic: `${prefix}.${tail}`, channel, symbol: tail, proof, kind }
      : { topic: `${prefix}.${variant}.${tail}`, channel, symbol: tail, variant, proof, kind }
  })
}
