import {
  type Channel,
  type DeadLetter,
  type DeadLetterCode,
  encodeEvent,
  type GridEvent,
} from '@grid/core-events'
import type { BulkInsertResult, GridDatabase } from '@grid/db'
import type { Kysely } from 'kysely'
import { reasonOf } from '../log/reason.ts'
import type { BufferedWriter } from './buffered-writer.ts'
import { channelStore } from './channel-stores.ts'
import type { PendingDeadLetter } from './dead-letter-box.ts'
import type { ChannelCounts } from './ledger.ts'
import type { WriterFactory } from './writer-factory.ts'

/** The writer of one channel's events. */
export type EventWriter = BufferedWriter<GridEvent, BulkInsertResult<GridEvent>>

/** What the pipeline needs of a writer of events. */
export type EventQueue = Pick<
  EventWriter,
  'waiting' | 'oldest' | 'open' | 'add' | 'settled' | 'drain'
>

/** What an event writer is made of. */
export interface EventWriterOptions {
  readonly db: Kysely<GridDatabase>
  readonly channel: Channel
  readonly counts: ChannelCounts
  readonly writer: WriterFactory
  /** Takes the dead letter of an event that was refused, or that conflicts with its stored row. */
  readonly toDeadLetter: (letter: PendingDeadLetter, event: GridEvent) => void
}

/** Makes the writer of a channel's events, which counts what became of each. */
export function createEventWriter(options: EventWriterOptions): EventWriter {
  const { db, channel, counts, writer, toDeadLetter } = options
  const store = channelStore(db, channel)
  return writer(channel, {
    store: (events) => store.bulkInsert(events),
    settle: (_, result) => {
      counts.persisted += result.inserted
      counts.merged += result.merged
      counts.duplicate += result.duplicates
      counts.conflict += result.conflicts.length
      for (const { event, field, stored, offered } of result.conflicts) {
        const reason = `${field} is ${offered}, but a row with the same key has ${stored}`
        const letter = letterOf(event, 'KEY_CONFLICT', reason, field)
        toDeadLetter({ letter, channel, term: 'conflict' }, event)
      }
    },
    reject: (event, error) => {
      const letter = letterOf(event, 'STORE_REJECTED', reasonOf(error))
      toDeadLetter({ letter, channel, term: 'deadLettered' }, event)
    },
  })
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
