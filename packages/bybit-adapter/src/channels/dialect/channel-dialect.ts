import type { Category, PublicChannel, PublicChannelEvents, PublicEvent } from '@grid/core-events'
import type { ChannelMapper } from './channel-mapper.ts'

/**
 * What proves that a subscription works.
 *
 * | proof | meaning |
 * |---|---|
 * | `snapshot` | the topic opens with data: silence after the ack is a fault |
 * | `ack` | the ack is enough: silence is a quiet market |
 * | `data` | only data: the ack proves nothing, and silence is no fault |
 */
export type TopicProof = 'snapshot' | 'ack' | 'data'

/** One kind of topics of a channel: `{prefix}.{tail}`, or `{prefix}.{variant}.{tail}`. */
export interface TopicKind {
  /** The topic's first part: `tickers` of `tickers.BTCUSDT`. It may hold a dot: `orderbook.1`. */
  readonly prefix: string
  /** A candle's interval, a book's depth; left out where the channel has no variants. */
  readonly variant?: string
  readonly proof: TopicProof
  /**
   * Whether every trade of a symbol makes this topic speak, so that its silence during trades is a
   * fault. False for whatever may stay quiet while its symbol trades: liquidations, candles, deep books.
   */
  readonly speaksOnTrade: boolean
  /** The topic's last part for a symbol: {@link bySymbol}, unless several symbols share a topic. */
  readonly tailOf: (symbol: string) => string
}

/** The tail of a topic that carries one symbol. */
export function bySymbol(symbol: string): string {
  return symbol
}

/** Tells from a channel's events whether their symbols trade; keeps what it must compare them with. */
export interface TradeWitness<Event extends PublicEvent = PublicEvent> {
  /** Whether an event proves that its symbol has traded since the event before it. */
  provesTrade(event: Event): boolean
  /** Forgets a symbol's last event, so that the next one is compared with nothing. */
  forget(symbol: string): void
}

/**
 * Everything the adapter needs to know about a channel of market data.
 *
 * A channel with variants declares what its users choose, e.g. `{ intervals: readonly string[] }`, as
 * `Options`: the stream's option `channelOptions` is typed by it.
 */
export interface ChannelDialect<
  Name extends PublicChannel = PublicChannel,
  Options extends object | undefined = undefined,
> {
  readonly channel: Name
  /**
   * The kinds of topics that make up the channel. Without options, the default ones: their prefixes
   * are those of all options, because a normalizer is given none.
   *
   * Throws `INVALID_OPTION` for options that cannot work.
   */
  topicKinds(category: Category, options?: Options): readonly TopicKind[]
  /**
   * One mapper a prefix, in the order of the kinds; they share what they remember.
   *
   * @param predecessors the mappers of a connection that delivers the same: a mapper takes over from
   * them whatever outlives a connection. What both then go on changing must be a mapper that is given
   * on itself, so that a checkpoint holds it once. After `reset`, a mapper must be as one that is made
   * with it as predecessor.
   */
  createMappers(
    category: Category,
    predecessors?: readonly ChannelMapper[],
  ): readonly ChannelMapper[]
  /**
   * Whether an event is a whole state, such as a subscription opens with: it may be older than its
   * frame, and only the new subscriber receives it. Left out where no event is.
   */
  isSnapshot?(event: PublicChannelEvents[Name]): boolean
  /** Left out where no event proves a trade. */
  createTradeWitness?(): TradeWitness<PublicChannelEvents[Name]>
}

/** A dialect of any channel, whatever its options are. */
export type AnyChannelDialect = ChannelDialect<PublicChannel, object | undefined>
