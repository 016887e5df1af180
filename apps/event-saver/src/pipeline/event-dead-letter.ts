import {
  type DeadLetter,
  type DeadLetterCode,
  encodeEvent,
  type GridEvent,
} from '@grid/core-events'

/** The dead letter of an event that the database would not take; `raw` is its encoded form. */
export function eventDeadLetter(
  event: GridEvent,
  code: DeadLetterCode,
  reason: string,
  field: string | null = null,
): DeadLetter {
  return {
    code,
    reason,
    field,
    category: 'category' in event ? event.category : null,
    channel: event.channel,
    topic: null,
    symbol: 'symbol' in event ? event.symbol : null,
    ...('accountId' in event ? { accountId: event.accountId } : {}),
    source: event.source,
    localTsUs: event.localTsUs,
    raw: new TextEncoder().encode(encodeEvent(event)),
  }
}
