import {
  type DeadLetter,
  type DeadLetterCode,
  encodeEvent,
  type PublicEvent,
} from '@grid/core-events'

/** The dead letter of an event that the database would not take; `raw` is its encoded form. */
export function eventDeadLetter(
  event: PublicEvent,
  code: DeadLetterCode,
  reason: string,
  field: string | null = null,
): DeadLetter {
  return {
    code,
    reason,
    field,
    category: event.category,
    channel: event.channel,
    topic: null,
    symbol: event.symbol,
    source: event.source,
    localTsUs: event.localTsUs,
    raw: new TextEncoder().encode(encodeEvent(event)),
  }
}
