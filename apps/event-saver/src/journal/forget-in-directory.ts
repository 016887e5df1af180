import { existsSync } from 'node:fs'
import type { RemovedAccount } from './durable-journal.ts'
import { environmentOfJournal, lockJournalDirectory } from './files/directory.ts'
import { listSegmentsSync } from './files/file-names.ts'
import { JournalError } from './journal-error.ts'
import { forgetAccounts } from './keeping/forget-accounts.ts'
import { ForgottenMark } from './keeping/forgotten-mark.ts'
import { tidy } from './keeping/tidy.ts'

/**
 * Takes what removed accounts sent out of a journal that nobody writes; false when somebody does, who is to do it.
 * Rejects with errors of the file system and with `JOURNAL_UNUSABLE`.
 *
 * @example
 * const isDone = await forgetInDirectory('data/journal', [{ accountId, removedAt }])
 */
export async function forgetInDirectory(
  directory: string,
  removed: readonly RemovedAccount[],
): Promise<boolean> {
  const forget = async () => {
    if (!hasSegments(directory)) return true
    // What is half written has no place to be taken out of.
    await tidy(directory)
    await forgetAccounts(directory, new Set(removed.map(({ accountId }) => accountId)))
    await new ForgottenMark(directory).add(removed)
    return true
  }
  return (await whileUnwritten(directory, forget)) ?? false
}

/** Does something while nobody writes the journal in a directory, if there is one; null when somebody does. */
export async function whileUnwritten<Result>(
  directory: string,
  work: () => Promise<Result>,
): Promise<Result | null> {
  if (!hasSegments(directory)) return work()
  const unlock = lockUnlessWritten(directory)
  if (unlock === null) return null
  try {
    return await work()
  } finally {
    unlock()
  }
}

const hasSegments = (directory: string): boolean =>
  existsSync(directory) && listSegmentsSync(directory).length > 0

function lockUnlessWritten(directory: string): (() => void) | null {
  try {
    // Of whichever environment: an account of another one may be removed too.
    return lockJournalDirectory(directory, environmentOfJournal(directory) ?? '').unlock
  } catch (error) {
    if (error instanceof JournalError && error.code === 'JOURNAL_LOCKED') return null
    throw error
  }
}
