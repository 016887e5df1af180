import {
  type DeadLetter,
  type DeadLetterCode,
  encodeEvent,
  type GridEvent,
} from '@grid/core-events'
import type { LedgerChannel } from './ledger.ts'

/** A dead letter on its way to the database. */
export interface PendingDeadLetter {
  readonly letter: DeadLetter
  readonly channel: LedgerChannel
  /** The count its item belongs to: a conflict is counted as such, not as dead-lettered. */
  readonly term: 'deadLettered' | 'conflict'
}

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
    category: event.category,
    channel: event.channel,
    topic: null,
    symbol: event.symbol,
    source: event.source,
    localTsUs: event.localTsUs,
    raw: new TextEncoder().encode(encodeEvent(event)),
  }
}
