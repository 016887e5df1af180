import type { Clock, JsonValue } from '@grid/core-events'
import type { JournalItem, JournalNote, JournalOrigin } from './format/items.ts'
import type { JournalPosition } from './format/position.ts'

/** A frame to append. */
export interface JournalFrame {
  /** Copied: a view of the socket's buffer will do. */
  readonly bytes: Uint8Array
  /** Receive time in epoch microseconds. */
  readonly localTsUs: number
  /** Its position among the frames of its connection. */
  readonly index: number
}

/**
 * How dear data is when room gets short: before the bound `expendable` is refused (tickers, unless the settings say
 * otherwise), at the bound `market` (all other market data), `private` never.
 */
export type JournalPriority = 'expendable' | 'market' | 'private'

/**
 * | state | meaning |
 * |---|---|
 * | `running` | what is appended is written, and synced each interval |
 * | `stalled` | the disk fails, hangs or is full: tried again each second. Appended frames wait in memory up to the queue's bound; past it they are not in the journal, and a hole will say so |
 * | `closed` | `close` was called |
 */
export type JournalState = 'running' | 'stalled' | 'closed'

/**
 * Stable codes of what may go wrong while the journal runs.
 *
 * | code | meaning |
 * |---|---|
 * | `JOURNAL_STALLED` | a segment cannot be written or synced, nor a new one begun |
 * | `JOURNAL_RESUMED` | writing goes on after `JOURNAL_STALLED` |
 * | `JOURNAL_SEGMENT_ENDED` | an error of write or sync ended a segment; what it did not hold for sure is in the next one |
 * | `JOURNAL_NOT_ROLLED` | the next segment cannot be made; the present one grows on |
 * | `JOURNAL_FULL` | the bound of bytes, or of the disk, is reached: `accepts` refuses a priority |
 * | `JOURNAL_ROOM` | it accepts all priorities again |
 * | `JOURNAL_CORRUPT` | a segment is damaged; it was set aside, and reading goes on behind the damage |
 * | `JOURNAL_UNREADABLE` | a segment's file cannot be read |
 * | `JOURNAL_PACKING_FAILED` | a segment could not be packed; it stays as it is |
 * | `JOURNAL_NOT_REMOVED` | a released segment could not be removed |
 * | `JOURNAL_DEFECT` | an error that should be impossible, in the journal or in `checkpoint`; it goes on |
 */
export type JournalFaultCode =
  | 'JOURNAL_STALLED'
  | 'JOURNAL_RESUMED'
  | 'JOURNAL_SEGMENT_ENDED'
  | 'JOURNAL_NOT_ROLLED'
  | 'JOURNAL_FULL'
  | 'JOURNAL_ROOM'
  | 'JOURNAL_CORRUPT'
  | 'JOURNAL_UNREADABLE'
  | 'JOURNAL_PACKING_FAILED'
  | 'JOURNAL_NOT_REMOVED'
  | 'JOURNAL_DEFECT'

/** Something that went wrong, or is well again, while the journal runs. */
export interface JournalFault {
  readonly code: JournalFaultCode
  /** For the log. */
  readonly severity: 'info' | 'warning' | 'error'
  readonly message: string
  /** The file, where it is about one. */
  readonly file: string | null
  /** The error, where there is one. */
  readonly cause: unknown
}

/** What one connection's normalizer must remember across a restart. */
export interface ConnectionState {
  /** The connection's number in the journal; 0 for what belongs to no connection. */
  readonly connection: number
  readonly state: JsonValue
}

/** What a journal is opened with. */
export interface JournalOptions {
  /** Made if it does not exist, for this user alone. */
  readonly directory: string
  readonly clock: Clock
  /** Stands in every segment, e.g. `mainnet`. */
  readonly environment: string
  /** Must not throw. */
  readonly onFault: (fault: JournalFault) => void
  /**
   * Asked at each new segment, in the step that appends its first record: the state after the last record of the
   * segment before. Open connections that it leaves out are written with state null.
   */
  readonly checkpoint: () => Iterable<ConnectionState>
  /** How often written blocks are synced, in milliseconds. Default 100. */
  readonly syncIntervalMs?: number
  /** How long a block waits for more records, in milliseconds. Default 20. */
  readonly blockDelayMs?: number
  /** A segment ends at this size. Default 64 MiB. */
  readonly segmentBytes?: number
  /** And at this age, in milliseconds. Default 600,000. */
  readonly segmentAgeMs?: number
  /** And at this number of records; at most 2^23, the default. */
  readonly segmentRecords?: number
  /** What may wait in memory for a slow disk. Default 32 MiB. */
  readonly queueBytes?: number
  /** The bound of all files together. Default 20 GB. */
  readonly maxBytes?: number
  /** What is left free of the file system. Default: the lesser of 1 GB and 5 % of it. */
  readonly minFreeBytes?: number
  /** Kept for private frames when the disk is full. Default 64 MiB. */
  readonly reserveBytes?: number
  /** How long a segment is kept after it was released, in milliseconds. Default 3,600,000. */
  readonly retentionMs?: number
  /** Whether closed segments are packed with zstd. Default true where Node has zstd. */
  readonly packs?: boolean
  /** Whether released segments are kept for ever, packed, as raw archive. Default false. */
  readonly keepsArchive?: boolean
  /** The bound of copies of damaged segments. Default 1 GB. */
  readonly setAsideBytes?: number
}

/** An account that was removed. */
export interface RemovedAccount {
  readonly accountId: string
  /** In epoch milliseconds. */
  readonly removedAt: number
}

/** Counts since the journal was opened. */
export interface JournalCounts {
  /** Frames and other records that were given a position. */
  readonly appended: number
  /** Of these, those that are not in the journal, because it was stalled. */
  readonly unwritten: number
  /** Damaged places that readers found. */
  readonly corruptBlocks: number
}

/**
 * An append-only log in files, of all that came and of all that bounds what may have been missed.
 *
 * Appending never throws and never waits. A record is on its way to the disk within `blockDelayMs`, and safe from
 * a power cut within `syncIntervalMs` and the time of a sync.
 *
 * @example
 * const journal = openJournal({ directory, clock, environment: 'mainnet', onFault, checkpoint })
 * const connection = journal.connect({ source: 'ws', category: 'linear', accountId: null, connection: 1, predecessor: null })
 * const position = journal.append(connection, frame)
 * journal.release(position)
 * await journal.close()
 */
export interface DurableJournal {
  /** A UUID that was made with the directory. */
  readonly id: string
  readonly state: JournalState
  /** The newest record's position. */
  readonly position: JournalPosition
  /** Every record that is in the journal at or before this position survives a power cut. */
  readonly durable: JournalPosition
  /** The first record of this process; what lies before was left by others. */
  readonly firstOfProcess: JournalPosition
  /** The last position that a process before this one can have committed. */
  readonly lastOfOthers: JournalPosition
  /** The first position of the oldest segment that is held. */
  readonly oldest: JournalPosition
  /** Bytes on the disk and on the way there that are not released. */
  readonly bytes: number
  /** Bytes of all files, those that are kept after their release and the archive too. */
  readonly totalBytes: number
  readonly counts: JournalCounts
  /** Whether data of this priority is to be appended; ask before each `append`. */
  accepts(priority: JournalPriority): boolean
  /** Appends that a connection began; gives its number for frames. Numbers begin at 1 in every process. */
  connect(origin: JournalOrigin): number
  /** Appends a frame, whose bytes are copied. Never throws. */
  append(connection: number, frame: JournalFrame): JournalPosition
  /** Appends anything but a frame. Time in epoch microseconds; default now. */
  note(note: JournalNote, localTsUs?: number): JournalPosition
  /**
   * Reads what lies after a position; 0 reads all. Where it lies within a segment, reading begins at the segment's
   * checkpoint, and the items up to it come with `isState`.
   */
  reader(from: JournalPosition): JournalReader
  /** Says that everything at or before a position is committed. Lower than before says nothing. */
  release(position: JournalPosition): void
  /**
   * Says whether the database knows positions beyond `lastOfOthers`: the folder was put back from a copy. That stays as
   * it is until the database knows none.
   */
  markTooOld(isTooOld: boolean): void
  /**
   * Takes what removed accounts sent out of the files, once all of it is committed; what was forgotten once, also by
   * processes before, is not looked for again. False when it is to be asked again later: they still have connections,
   * something of theirs is not committed, or the journal is stalled. Rejects with errors of the file system.
   */
  forget(removed: readonly RemovedAccount[]): Promise<boolean>
  /** Syncs what was appended until now; gives `durable`, which is lower when the journal is stalled. */
  flush(): Promise<JournalPosition>
  /** Writes and syncs everything, gives the lock back. Never rejects; gives `durable`. */
  close(): Promise<JournalPosition>
}

/**
 * Reads a journal in order, from files and then from memory, while it is written. Damage never throws: it is a
 * {@link HoleItem}, and reading goes on behind it.
 *
 * @example
 * const reader = journal.reader(committed)
 * for (;;) {
 *   for (const item of await reader.next()) replay(item)
 *   // In the same step, so that no frame is missed or doubled: nothing was appended that was not read.
 *   if (reader.isAtTail) { feedLive(); break }
 * }
 * await reader.close()
 */
export interface JournalReader {
  /** The last position that was given or passed over; before the first batch the position it began after. */
  readonly position: JournalPosition
  /** Whether everything that has been appended until this very step was given. */
  readonly isAtTail: boolean
  /** The next items; an empty batch only at the tail. One call at a time. Never rejects. */
  next(): Promise<readonly JournalItem[]>
  /** Closes its file. */
  close(): Promise<void>
}

/** Whether a journal can be read, and outlives its process. */
export function isDurable<Kind extends object>(journal: Kind): journal is Kind & DurableJournal {
  return 'reader' in journal
}
