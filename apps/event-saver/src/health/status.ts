import type { Channel } from '@grid/core-events'
import type { AccountStatus } from '../accounts/account-status.ts'
import type { JournalState } from '../journal/durable-journal.ts'
import type { InstrumentStatus } from '../market/instrument-recorder.ts'
import type { MarketTopic } from '../market/market-capture.ts'
import type { GapTotals, RecordedGap } from '../pipeline/gap-recorder.ts'
import type { LedgerChannel, LedgerEntry } from '../pipeline/ledger.ts'
import type { EvidenceLost } from '../pipeline/pipeline.ts'
import type { UnknownKeyCount } from '../pipeline/unknown-keys.ts'
import type { RepairTotals } from '../repair/repair-totals.ts'
import type { RetentionTotal } from '../storage/retention-totals.ts'
import type { ClockDifference } from './exchange-clock.ts'
import type { LoopStalls } from './loop-watchdog.ts'
import type { MachineStatus } from './machine-watch.ts'
import type { ReadinessCheck } from './readiness.ts'

/** The state of a saver's journal. */
export interface JournalStatus {
  readonly state: JournalState
  /** Bytes of what is not stored yet. */
  readonly bytes: number
  /** Bytes of all its files, those that are kept for a while and the archive too; 0 for one in memory. */
  readonly totalBytes: number
  /** The place of the newest record. */
  readonly position: number
  /** By channel, up to where the database has it; null before the first time, empty for a journal in memory. */
  readonly positions: Readonly<Record<string, number | null>>
  /** Channels whose events are read from the journal, because memory does not hold them. */
  readonly behind: readonly LedgerChannel[]
  /** Items that wait in the journal alone. */
  readonly waiting: number
  /** Records that the disk did not take; all of them for one in memory. */
  readonly unwritten: number
  readonly corruptBlocks: number
}

/** The status of a saver, read in one step; the body of `/status`. */
export interface SaverStatus {
  readonly name: 'event-saver'
  readonly pid: number
  /** Epoch milliseconds. */
  readonly now: number
  readonly startedAt: number
  readonly environment: string
  readonly collector: string
  /** Its URL without the password. */
  readonly database: string
  readonly databaseReady: boolean
  readonly ready: boolean
  readonly checks: readonly ReadinessCheck[]
  readonly topics: readonly (MarketTopic & { readonly lastEventAgeSeconds: number | null })[]
  /** What is known of the instruments of each category. */
  readonly instruments: readonly InstrumentStatus[]
  /** Every enabled account. */
  readonly accounts: readonly AccountStatus[]
  readonly channels: readonly LedgerEntry[]
  /** Keys of messages that this version does not know. Events keep their values in `extra`. */
  readonly unknownKeys: readonly UnknownKeyCount[]
  /** By channel, the age of the oldest waiting event; 0 when none waits. */
  readonly lagSeconds: Readonly<Record<Channel, number>>
  /** Bytes of what is not stored yet, as `journal.bytes`. */
  readonly journalBytes: number
  readonly journal: JournalStatus
  readonly connections: number
  /** Lines of the log that could not be written since the start. */
  readonly logLinesLost: number
  /** By table, what retention removed since the start. */
  readonly retention: readonly RetentionTotal[]
  /** What could not be stored and stands in the log alone. */
  readonly evidenceLost: EvidenceLost
  /** What the repair of market data did since the start. */
  readonly repair: RepairTotals
  readonly gaps: GapTotals & { readonly recent: readonly RecordedGap[] }
  /** How often and how long the event loop stood still since the start. */
  readonly loopStalls: LoopStalls
  readonly exchangeClock: ClockDifference
  readonly machine: MachineStatus
  /** Bytes; null when they cannot be read, e.g. because no file descriptor is left. */
  readonly rss: number | null
}
