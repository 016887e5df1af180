import { join } from 'node:path'
import type { Clock } from '@grid/core-events'
import type { Config } from '../config/config.ts'
import { CommandError, EXIT } from '../exit-code.ts'
import type { ConnectionState, DurableJournal, JournalFault } from '../journal/durable-journal.ts'
import { type Journal, MemoryJournal } from '../journal/journal.ts'
import type { JournalError } from '../journal/journal-error.ts'
import { openJournal } from '../journal/open-journal.ts'
import type { Logger } from '../log/log.ts'
import { reasonOf } from '../log/reason.ts'

/** A saver's journal: one in memory, or one in files, which can be read. */
export type SaverJournal = Journal & {
  /** Ends it; resolves once everything is on the disk. Never rejects. */
  close(): Promise<unknown>
} & Partial<
    Pick<
      DurableJournal,
      'totalBytes' | 'durable' | 'firstOfProcess' | 'forget' | 'oldest' | 'reader'
    >
  >

/** What a saver's journal is opened with. */
export interface DataJournalOptions {
  readonly config: Pick<
    Config,
    | 'dataDir'
    | 'environmentStamp'
    | 'journal'
    | 'journalArchive'
    | 'journalMaxSize'
    | 'journalRetention'
    | 'journalSyncInterval'
  >
  readonly clock: Clock
  readonly log: Logger
  /** What a reader must know that begins at a new segment. */
  readonly checkpoint: () => Iterable<ConnectionState>
}

/** The folder of the journal in a data directory. */
export function journalFolder({ dataDir }: Pick<Config, 'dataDir'>): string {
  return join(dataDir, 'journal')
}

/**
 * Opens the journal that the settings name. Throws a `CommandError` with exit code 75 where another process has it
 * or the disk is full, and 78 where its folder cannot be used.
 */
export function openDataJournal({
  checkpoint,
  clock,
  config,
  log,
}: DataJournalOptions): SaverJournal {
  if (config.journal === 'memory') return new MemoryJournal()
  try {
    return openJournal({
      directory: journalFolder(config),
      clock,
      environment: config.environmentStamp,
      checkpoint,
      onFault: (fault) => logFault(log, fault),
      syncIntervalMs: config.journalSyncInterval,
      maxBytes: config.journalMaxSize,
      retentionMs: config.journalRetention,
      keepsArchive: config.journalArchive,
    })
  } catch (error) {
    throw commandError(error as JournalError)
  }
}

function logFault(log: Logger, { cause, code, file, message, severity }: JournalFault): void {
  const facts = { code, file, ...(cause === null ? {} : { reason: reasonOf(cause) }) }
  if (severity === 'error') log.error(facts, message)
  else if (severity === 'warning') log.warn(facts, message)
  else log.info(facts, message)
}

function commandError(error: JournalError): CommandError {
  const { code, directory, message } = error
  if (code === 'JOURNAL_LOCKED') {
    const text = `EVENTSAVER_DATA_DIR: another process has the journal in ${directory}; stop it, or name another folder`
    return new CommandError(EXIT.tryAgain, code, text, { cause: error })
  }
  if (code === 'JOURNAL_NO_ROOM') {
    const text = `EVENTSAVER_DATA_DIR: ${message}; free space on its disk, or raise what the process may open, and start again`
    return new CommandError(EXIT.tryAgain, code, text, { cause: error })
  }
  const fix =
    code === 'JOURNAL_OF_OTHERS'
      ? 'name another folder'
      : 'name a folder that this user can write, on a disk that is well'
  const text = `EVENTSAVER_DATA_DIR: ${message}; ${fix}`
  return new CommandError(EXIT.configuration, code, text, { cause: error })
}
