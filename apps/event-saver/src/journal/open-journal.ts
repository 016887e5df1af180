import type { DurableJournal, JournalOptions } from './durable-journal.ts'
import { FileJournal } from './file-journal.ts'
import { lockJournalDirectory } from './files/directory.ts'
import { type JournalFiles, systemFiles } from './files/journal-files.ts'
import { JournalError } from './journal-error.ts'

/**
 * Opens a journal: takes its directory's lock and begins a new segment. Reads nothing that is old.
 *
 * Synchronous, and a matter of milliseconds: sockets may be opened before it. Throws `JOURNAL_LOCKED` and
 * `JOURNAL_UNUSABLE`. `files` is for tests of a failing disk.
 *
 * @example
 * const journal = openJournal({ directory: 'data/journal', clock: systemClock, environment: 'mainnet', onFault, checkpoint })
 */
export function openJournal(
  options: JournalOptions,
  files: JournalFiles = systemFiles,
): DurableJournal {
  const directory = lockJournalDirectory(options.directory)
  try {
    return new FileJournal(options, directory, files)
  } catch (cause) {
    directory.unlock()
    const message = `the journal's first segment in ${directory.path} cannot be made (${(cause as Error).message}): check the disk`
    throw new JournalError('JOURNAL_UNUSABLE', message, directory.path, { cause })
  }
}
