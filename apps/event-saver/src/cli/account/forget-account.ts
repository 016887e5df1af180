import { readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { systemClock } from '@grid/core-events'
import type { Account } from '@grid/db'
import { pino } from 'pino'
import { keptAccounts } from '../../accounts/kept-accounts.ts'
import type { Config } from '../../config/config.ts'
import { CommandError, EXIT } from '../../exit-code.ts'
import { forgetInDirectory, whileUnwritten } from '../../journal/forget-in-directory.ts'
import { reasonOf } from '../../log/reason.ts'
import { journalFolder } from '../../storage/data-journal.ts'
import { keptFolder } from '../../storage/kept-file.ts'

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
    await takeOut(config, accountId)
    return true
  } catch (error) {
    const message = `account ${accountName} is removed, but what it sent is still in ${config.dataDir} (${reasonOf(error)}): the next start of its saver takes it out`
    throw new CommandError(EXIT.failure, 'ACCOUNT_NOT_FORGOTTEN', message, { cause: error })
  }
}

/**
 * Takes an account, with its key as it was, out of what the next start begins with. A saver that has the data directory
 * follows the database itself. Gives why it could not be done; null once it is.
 */
export async function forgetKept(config: Config, accountId: string): Promise<string | null> {
  try {
    await whileUnwritten(journalFolder(config), () => takeOut(config, accountId))
    return null
  } catch (error) {
    return reasonOf(error)
  }
}

async function takeOut(config: Config, accountId: string): Promise<void> {
  const folder = keptFolder(config)
  for (const name of await readdir(folder).catch(() => [])) {
    // What a process that was ended did not finish.
    if (UNFINISHED.test(name)) await rm(join(folder, name), { force: true })
  }
  const holds = async () =>
    (await readFile(join(folder, FILE), 'utf8').catch(() => '')).includes(accountId)
  if (!(await holds())) return
  const kept = keptAccounts(config, { clock: systemClock, log: pino({ level: 'silent' }) })
  const before = kept.read()
  const others = before?.value.filter((account) => account.accountId !== accountId) ?? []
  // They are as old as they were.
  if (before !== null && others.length > 0) kept.keep(others, before.keptAt)
  // One that cannot be used holds its key all the same.
  else kept.forget()
  await kept.settled()
  if (await holds()) throw new Error(`${join(folder, FILE)} cannot be written`)
}

const FILE = 'accounts.json'
const UNFINISHED = /^accounts\.json\..*\.tmp$/
