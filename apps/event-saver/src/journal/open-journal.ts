import type { DurableJournal, JournalOptions } from './durable-journal.ts'
import { FileJournal } from './file-journal.ts'
import { lockJournalDirectory, notOpened } from './files/directory.ts'
import { type JournalFiles, systemFiles } from './files/journal-files.ts'

/**
 * Opens a journal: takes its directory's lock and begins a new segment. Reads nothing that is old.
 *
 * Synchronous, and a matter of milliseconds: sockets may be opened before it. Throws a
 * `JournalError`. `files` is for tests of a failing disk.
 *
 * @example
 * const journal = openJournal({ directory: 'data/journal', clock: systemClock, environment: 'mainnet', onFault, checkpoint })
 */
export function openJournal(
  options: JournalOptions,
  files: JournalFiles = systemFiles,
): DurableJournal {
  const directory = lockJournalDirectory(options.directory, options.environment)
  try {
    return new FileJournal(options, directory, files)
  } catch (cause) {
    directory.unlock()
    const { path } = directory
    throw notOpened(cause, path, `the journal's first segment in ${path} cannot be made`)
  }
}
