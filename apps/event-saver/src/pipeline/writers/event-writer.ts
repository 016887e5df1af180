import {
  type Channel,
  type DeadLetter,
  type DeadLetterCode,
  encodeEvent,
  type GridEvent,
} from '@grid/core-events'
import type { BulkInsertOptions, BulkInsertResult, GridDatabase, KeyConflict } from '@grid/db'
import type { Kysely } from 'kysely'
import { reasonOf } from '../../log/reason.ts'
import type { PendingDeadLetter } from '../dead-letter-box.ts'
import type { ChannelCounts } from '../ledger.ts'
import type { BufferedWriter } from './buffered-writer.ts'
import { channelStore } from './channel-stores.ts'
import type { Arrival } from './waiting-room.ts'
import type { WriterFactory } from './writer-factory.ts'

/** The writer of one channel's events. */
export type EventWriter = BufferedWriter<GridEvent, BulkInsertResult<GridEvent>>

/** What the pipeline needs of a writer of events. */
export type EventQueue = Pick<
  EventWriter,
  | 'waiting'
  | 'oldest'
  | 'next'
  | 'hasRoom'
  | 'isOpen'
  | 'isStoring'
  | 'isFailing'
  | 'open'
  | 'add'
  | 'settled'
  | 'changed'
  | 'flush'
  | 'letGo'
  | 'close'
>

/** Stores a batch together with its channel's position in the journal. */
export type StoreBatch = (
  insert: (options: BulkInsertOptions<GridEvent>) => Promise<BulkInsertResult<GridEvent>>,
  events: readonly GridEvent[],
  arrivals: readonly Arrival[],
) => Promise<BulkInsertResult<GridEvent>>

/** What an event writer is made of. */
export interface EventWriterOptions {
  readonly db: Kysely<GridDatabase>
  readonly channel: Channel
  readonly counts: ChannelCounts
  readonly writer: WriterFactory
  readonly storeBatch: StoreBatch
  /** Takes the dead letter of an event that was refused, or that conflicts with its stored row. */
  readonly toDeadLetter: (letter: PendingDeadLetter, event: GridEvent, arrival: Arrival) => void
  /** Resolves once there is room for dead letters. */
  readonly ready: () => Promise<void>
}

/** Makes the writer of a channel's events, which counts what became of each. */
export function createEventWriter(options: EventWriterOptions): EventWriter {
  const { db, channel, counts, writer, storeBatch, toDeadLetter, ready } = options
  const store = channelStore(db, channel)
  return writer(channel, {
    store: (events, arrivals) =>
      storeBatch((beside) => store.bulkInsert(events, beside), events, arrivals),
    settle: (events, result, arrivals) => {
      counts.persisted += result.inserted
      counts.merged += result.merged
      counts.duplicate += result.duplicates
      counts.conflict += result.conflicts.length
      for (const conflict of result.conflicts) {
        const { event } = conflict
        const letter = conflictLetter(conflict)
        const arrival = arrivalOf(event, events, arrivals)
        toDeadLetter({ letter, channel, term: 'conflict' }, event, arrival)
      }
    },
    reject: (event, error, arrival) => {
      const letter = refusalLetter(event, error)
      toDeadLetter({ letter, channel, term: 'deadLettered' }, event, arrival)
    },
    ready,
  })
}

/** When an event of a batch arrived, and where it is in the journal. */
export function arrivalOf(
  event: GridEvent,
  events: readonly GridEvent[],
  arrivals: readonly Arrival[],
): Arrival {
  // An event that is not the batch's own object is taken for its first, whose place is the least.
  const arrival = arrivals[Math.max(0, events.indexOf(event))]
  if (arrival === undefined) throw new Error('an event has no arrival')
  return arrival
}

/** The dead letter of an event whose row has other values. */
export function conflictLetter({
  event,
  field,
  offered,
  stored,
}: KeyConflict<GridEvent>): DeadLetter {
  const reason = `${field} is ${offered}, but a row with the same key has ${stored}`
  return letterOf(event, 'KEY_CONFLICT', reason, field)
}

/** The dead letter of an event that the database refuses. */
export function refusalLetter(event: GridEvent, error: unknown): DeadLetter {
  return letterOf(event, 'STORE_REJECTED', reasonOf(error))
}

/** The dead letter of an event that the database did not take; `raw` is the encoded event. */
function letterOf(
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
