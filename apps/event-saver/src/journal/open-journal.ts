import type { DurableJournal, JournalOptions } from './durable-journal.ts'
import { JournalError } from './journal-error.ts'

/**
 * Opens a journal: takes its directory's lock and begins a new segment. Reads nothing that is old.
 *
 * Synchronous, and a matter of milliseconds: sockets may be opened before it. Throws `JOURNAL_LOCKED` and
 * `JOURNAL_UNUSABLE`.
 */
export function openJournal(options: JournalOptions): DurableJournal {
  throw new JournalError('JOURNAL_UNUSABLE', 'not built yet', options.directory)
}
