import type { Category, PublicEvent } from '@grid/core-events'
import type { ItemFault } from '../wire/item-fault.ts'
import type { DiscardReason } from './discard-reason.ts'

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
  /** The topic's last part, checked to be a name: a symbol, of option trades a base coin. */
  readonly topicSymbol: string
  /** The topic's variant, such as a book's depth; null where the channel has none. */
  readonly variant: string | null
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
  /** A subscription begins anew: the exchange may count what comes next anew as well. */
  restart?(topicSymbol: string, variant: string | null): void
}
