import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { systemClock } from '@grid/core-events'
import type { Account } from '@grid/db'
import { pino } from 'pino'
import { keptAccounts } from '../../accounts/kept-accounts.ts'
import type { Config } from '../../config/config.ts'
import { CommandError, EXIT } from '../../exit-code.ts'
import { forgetInDirectory } from '../../journal/forget-in-directory.ts'
import { reasonOf } from '../../log/reason.ts'
import { journalFolder } from '../../storage/data-journal.ts'

/**
 * Takes what a removed account sent out of the journal in the data directory, and the account out of what the next
 * start begins with; false when a saver has the directory, which does so itself.
 */
export async function forgetAccount(
  config: Config,
  { accountId, accountName, removedAt }: Account,
): Promise<boolean> {
  const directory = journalFolder(config)
  try {
    const removed = [{ accountId, removedAt: removedAt ?? 0 }]
    if (!(await forgetInDirectory(directory, removed))) return false
    await forgetKept(config, accountId)
    return true
  } catch (error) {
    const message = `account ${accountName} is removed, but what it sent is still in ${config.dataDir} (${reasonOf(error)}): the next start of its saver takes it out`
    throw new CommandError(EXIT.failure, 'ACCOUNT_NOT_FORGOTTEN', message, { cause: error })
  }
}

async function forgetKept(config: Config, accountId: string): Promise<void> {
  const file = join(config.dataDir, 'kept', 'accounts.json')
  const text = await readFile(file, 'utf8').catch(() => '')
  if (!text.includes(accountId)) return
  const kept = keptAccounts(config, { clock: systemClock, log: pino({ level: 'silent' }) })
  const others = kept.read()?.value.filter((account) => account.accountId !== accountId) ?? []
  if (others.length > 0) kept.keep(others)
  // One that cannot be used holds its key all the same.
  else await rm(file, { force: true })
  await kept.settled()
}
