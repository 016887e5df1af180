import type { Category, PublicChannel, PublicEvent } from '@grid/core-events'
import type { ItemFault } from '../wire/item-fault.ts'

/** Why an item gives no event though nothing is wrong with it that we could tell. */
export type DiscardReason =
  | 'delta_before_snapshot'
  | 'stale_delta'
  | 'stale_snapshot'
  | 'repeated_book'
  | 'stale_book'
  | 'unsupported_topic'
  | 'unknown_control'
  | 'filtered'

/** The parts of a data frame's envelope that mappers read, none of them checked yet. */
export interface Envelope {
  readonly topic?: unknown
  readonly type?: unknown
  readonly ts?: unknown
  readonly cs?: unknown
  readonly id?: unknown
  readonly data?: unknown
}

/** What a mapper is told about the frame that an item came in. */
export interface ItemContext {
  readonly category: Category
  readonly envelope: Envelope
  /** The topic's tail, already known to be a name: a symbol, of option trades a base coin. */
  readonly topicSymbol: string
  readonly localTsUs: number
  /** Whether every text of the frame is free of what no name may hold: none need be searched. */
  readonly isPlain: boolean
}

/** What was read of a frame without parsing it: what parsing would have given. */
export interface ScannedFrame {
  readonly topic: string
  readonly events: readonly PublicEvent[]
}

/** Maps the items of one kind of topics to events; keeps what it must remember between frames. */
export interface ChannelMapper {
  /** Whether a frame's `data` is a list of items, or one item that is an object. */
  readonly isList: boolean
  /** The events of a frame in its usual form, without parsing it; null when it must be parsed. */
  scan?(text: string, localTsUs: number): ScannedFrame | null
  /** One item's event, why it gives none, or null when it is malformed. */
  map(item: unknown, context: ItemContext): PublicEvent | DiscardReason | null
  /** What is wrong with an item that `map` refused. */
  explain(item: unknown, context: ItemContext): ItemFault
  /** The item's own symbol, or null when it does not say. */
  symbolOf(item: unknown, context: ItemContext): string | null
  /** Forgets what holds only within one connection. */
  reset(): void
  /** A subscription begins anew: what comes next may be counted anew as well. */
  restart?(topicSymbol: string): void
}

/**
 * What proves that a subscription is alive.
 *
 * | proof | meaning |
 * |---|---|
 * | `snapshot` | the topic opens with data: silence after the ack is a fault |
 * | `ack` | the ack suffices: silence is a quiet market |
 * | `data` | only data: the ack is no proof, and silence is no fault |
 */
export type TopicProof = 'snapshot' | 'ack' | 'data'

/** One kind of topics of a channel. */
export interface TopicKind {
  /** The topic without its last part: `tickers` of `tickers.BTCUSDT`. */
  readonly prefix: string
  readonly proof: TopicProof
  /** The topic's last part for a symbol. */
  readonly tailOf: (symbol: string) => string
}

/** How one channel is subscribed to and read. */
export interface ChannelDialect {
  readonly channel: PublicChannel
  /** The kinds of topics that make up the channel. */
  topicKinds(category: Category): readonly TopicKind[]
  /**
   * One mapper a kind of topics, in their order; they share what they remember.
   *
   * @param twins those of a connection that delivers the same: what outlives connections is shared
   */
  createMappers(category: Category, twins?: readonly ChannelMapper[]): readonly ChannelMapper[]
}
