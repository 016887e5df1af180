import type { Channel, DeadLetter, GridEvent } from '@grid/core-events'
import type { BulkInsertResult, GridDatabase } from '@grid/db'
import type { Kysely } from 'kysely'
import type { BufferedWriter } from './buffered-writer.ts'
import { CHANNEL_STORES, type ChannelStore } from './channel-stores.ts'
import { eventDeadLetter } from './event-dead-letter.ts'
import type { ChannelCounts } from './ledger.ts'
import type { WriterFactory } from './writer-factory.ts'

/** The writer of one channel's events. */
export type EventWriter = BufferedWriter<GridEvent, BulkInsertResult<GridEvent>>

/** What an event writer is made of. */
export interface EventWriterOptions {
  readonly db: Kysely<GridDatabase>
  readonly channel: Channel
  readonly counts: ChannelCounts
  readonly writer: WriterFactory
  readonly quarantine: (
    letter: DeadLetter,
    channel: Channel,
    term: 'deadLettered' | 'conflict',
  ) => void
}

/** Makes the writer of a channel, which settles the accounts of what it stores. */
export function createEventWriter({
  db,
  channel,
  counts,
  writer,
  quarantine,
}: EventWriterOptions): EventWriter {
  // Sound: a channel's writer is only ever given that channel's events.
  const store = CHANNEL_STORES[channel](db) as ChannelStore<GridEvent>
  return writer(channel, {
    store: (events) => store.bulkInsert(events),
    settle: (_, result) => {
      counts.persisted += result.inserted
      counts.merged += result.merged
      counts.duplicate += result.duplicates
      counts.conflict += result.conflicts.length
      for (const { event, field, stored, offered } of result.conflicts) {
        const reason = `${field} is ${offered}, but a row with the same key has ${stored}`
        quarantine(eventDeadLetter(event, 'KEY_CONFLICT', reason, field), channel, 'conflict')
      }
    },
    reject: (event, error) => {
      const reason = error instanceof Error ? error.message : String(error)
      quarantine(eventDeadLetter(event, 'STORE_REJECTED', reason), channel, 'deadLettered')
    },
  })
}
