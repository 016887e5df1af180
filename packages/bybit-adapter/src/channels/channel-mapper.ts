import type { Category, Channel, GridEvent } from '@grid/core-events'

/** Why a well-formed item gives no event. */
export type DiscardReason = 'delta_before_snapshot' | 'stale_delta' | 'unsupported_topic'

/** The parts of a data frame's envelope that mappers read, none of them checked yet. */
export interface Envelope {
  readonly topic?: unknown
  readonly type?: unknown
  readonly ts?: unknown
  readonly cs?: unknown
  readonly data?: unknown
}

/** What a mapper is told about the frame that an item came in. */
export interface ItemContext {
  readonly category: Category
  readonly envelope: Envelope
  /** The topic's tail, already known to be a symbol. */
  readonly topicSymbol: string
  readonly localTsUs: number
}

/** Which part of an item is unreadable, and why. */
export interface ItemFault {
  /** The field as the exchange names it; null when the whole item is unreadable. */
  readonly field: string | null
  /** Whether the fault lies in the envelope, outside the item's own bytes. */
  readonly inEnvelope: boolean
  readonly value: unknown
  readonly message: string
}

/** Maps the items of one channel's frames to events; keeps what it must remember between frames. */
export interface ChannelMapper {
  /** The items of a frame's `data`; null when it has not the channel's shape. */
  items(data: unknown): readonly unknown[] | null
  /** One item's event, why it gives none, or null when it is malformed. */
  map(item: unknown, context: ItemContext): GridEvent | DiscardReason | null
  /** What is wrong with an item that `map` refused. */
  explain(item: unknown, context: ItemContext): ItemFault
  /** The item's own symbol, or null when it does not say. */
  symbolOf(item: unknown, context: ItemContext): string | null
  /** Forgets what holds only within one connection. */
  reset(): void
}

/** What the subscription side needs to know about a channel, and how to map its frames. */
export interface ChannelDialect {
  readonly channel: Channel
  /** The topic's first part: `tickers` of `tickers.BTCUSDT`. */
  readonly topicPrefix: string
  /** Whether a subscription opens with a snapshot: silence after the ack is then a fault. */
  readonly opensWithSnapshot: boolean
  createMapper(): ChannelMapper
}
