import type { PrivateFilter } from '@grid/bybit-adapter'
import type { CaptureGap, Channel, Clock, DeadLetter, Stream } from '@grid/core-events'
import type { GridDatabase } from '@grid/db'
import type { Kysely } from 'kysely'
import type { DurableJournal } from '../journal/durable-journal.ts'
import type { JournalItem } from '../journal/format/items.ts'
import type { Journal } from '../journal/journal.ts'
import type { Moment } from './dropped-intervals.ts'
import type { RecordedGap } from './gap-recorder.ts'
import type { LedgerChannel } from './ledger.ts'
import type { ReadFrame } from './recovery/catch-up.ts'
import type { WriterName } from './writers/writer-factory.ts'

/** What a pipeline tells its owner about. */
export interface PipelineHandlers {
  /** A failed write is tried again, or succeeded after failures (`failures` is then 0). */
  onRetry(writer: WriterName, error: unknown, failures: number): void
  /** A batch of so many rows is not stored after this time, or is at last, or failed (`isOver`). */
  onSlow(writer: WriterName, rows: number, ms: number, isOver: boolean): void
  /** An item is stored as a dead letter. */
  onDeadLetter(letter: DeadLetter): void
  /** A queue had no room for an item; a gap will cover it. */
  onDrop(channel: LedgerChannel): void
  /** A dead letter or a gap, the evidence of a loss, could not be stored, and nothing holds it any longer. */
  onEvidenceLost(what: DeadLetter | CaptureGap, reason: string): void
}

/** The length of the intervals of which one event a stream is stored, in milliseconds; 0 for every event. */
export type Intervals = { readonly [Name in Channel]?: number }

/** What a pipeline is made of. */
export interface PipelineOptions {
  readonly db: Kysely<GridDatabase>
  /** One that can be read keeps what finds no room in memory. */
  readonly journal: Journal | (Journal & DurableJournal)
  readonly clock: Clock
  readonly collector: string
  /** What the database and the journal are of, e.g. `mainnet`. */
  readonly environment: string
  readonly batchSize: number
  readonly flushIntervalMs: number
  readonly maxWaiting: number
  readonly gapThresholdMs: number
  /** Default: every event is stored. */
  readonly intervals?: Intervals
  /** How frames of accounts are filtered, also those that are read from the journal. */
  readonly filter?: PrivateFilter | undefined
  readonly handlers: PipelineHandlers
  /** Told of each item that is read from the journal, in order; a promise is awaited before the next. */
  readonly onJournalItem?: (item: JournalItem, frame: ReadFrame | null) => Promise<unknown> | null
  /** The streams of a channel that are captured, or were when the records came that are being read: they have a gap where the journal is damaged. */
  readonly streamsOf?: (channel: Channel) => readonly Stream[]
  /** When events of each stream of a channel were last stored. */
  readonly lastStored?: (channel: Channel) => Promise<readonly Moment[]>
  /** Told of each gap, before it is stored. */
  readonly onRecorded?: (recorded: RecordedGap) => void
  /** Told that the database goes on refusing what a writer stores, and that trying again does not help. */
  readonly onRefused?: (writer: WriterName, error: unknown) => void
  /** Told that counting an item failed: the process should not go on. */
  readonly onDefect: (error: unknown) => void
}
