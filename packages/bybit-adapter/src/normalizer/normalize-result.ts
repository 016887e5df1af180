import type { Channel, DeadLetter, GridEvent, PublicEvent } from '@grid/core-events'
import type { DiscardReason } from '../channels/dialect/discard-reason.ts'

/** A well-formed item that yields no event, and why. */
export interface Discard {
  /** Null for a topic that this version does not map. */
  readonly channel: Channel | null
  readonly topic: string | null
  readonly symbol: string | null
  readonly reason: DiscardReason
}

/** What became of one frame's items: each is in exactly one of the lists. */
export interface NormalizeResult<Event extends GridEvent = PublicEvent> {
  readonly events: readonly Event[]
  readonly deadLetters: readonly DeadLetter[]
  readonly discarded: readonly Discard[]
}

/** The result of a control frame that answers no request of ours. */
export const UNKNOWN_CONTROL: NormalizeResult<never> = {
  events: [],
  deadLetters: [],
  discarded: [{ channel: null, topic: null, symbol: null, reason: 'unknown_control' }],
}
