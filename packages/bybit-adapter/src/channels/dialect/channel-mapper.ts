import type { Category, JsonValue, PublicEvent } from '@grid/core-events'
import type { ItemFault } from '../../wire/item-fault.ts'
import type { DiscardReason } from './discard-reason.ts'

/** The parts of a data frame's envelope that mappers read; none is checked yet. */
export interface Envelope {
  readonly topic?: unknown
  readonly type?: unknown
  readonly ts?: unknown
  readonly cs?: unknown
  readonly id?: unknown
  readonly data?: unknown
}

/** What a mapper is told about an item's frame. */
export interface ItemContext {
  readonly category: Category
  readonly envelope: Envelope
  /** The topic's last part, checked to be a name: a symbol, of option trades a base coin. */
  readonly topicSymbol: string
  /** The topic's variant, such as a book's depth; null where the channel has none. */
  readonly variant: string | null
  readonly localTsUs: number
  /** Whether no text of the frame holds a character that is forbidden in names: names need no search. */
  readonly isPlain: boolean
}

/** What was read from a frame without parsing it: the same that parsing gives. */
export interface ScannedFrame {
  readonly topic: string
  readonly events: readonly PublicEvent[]
}

/** Maps the items of one topic prefix to events; keeps what it must remember between frames. */
export interface ChannelMapper {
  /** Whether a frame's `data` is a list of items; otherwise it is one item, an object. */
  readonly isList: boolean
  /** Reads a frame of the usual form without parsing it; null if it must be parsed. */
  scan?(text: string, localTsUs: number): ScannedFrame | null
  /** An item's event, the reason why it yields none, or null if it is malformed. */
  map(item: unknown, context: ItemContext): PublicEvent | DiscardReason | null
  /** What is wrong with an item for which `map` gave null. */
  explain(item: unknown, context: ItemContext): ItemFault
  /** The item's symbol; null if it names none. */
  symbolOf(item: unknown, context: ItemContext): string | null
  /** The connection is gone: forgets what holds only within one connection. */
  reset(): void
  /** A subscription begins anew: the exchange may count what comes next anew as well. */
  restart?(topicSymbol: string, variant: string | null): void
  /** A topic is wanted no longer, perhaps because its symbol was delisted: forgets what is kept of it. */
  forget?(topicSymbol: string, variant: string | null): void
  /**
   * Everything that it remembers between frames, as plain JSON: what a mapper of the same topics needs
   * to go on exactly as this one would. Left out by a mapper that remembers nothing, or that shares
   * what it remembers with one that gives it.
   */
  checkpoint?(): JsonValue
  /** Puts back, into a new mapper, what `checkpoint` gave; throws for what it cannot read. */
  restore?(state: JsonValue): void
}
