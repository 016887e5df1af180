import { readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { systemClock } from '@grid/core-events'
import { type Account, OperatorRepository } from '@grid/db'
import { pino } from 'pino'
import { keptAccounts } from '../../accounts/kept-accounts.ts'
import type { Config } from '../../config/config.ts'
import { CommandError, EXIT } from '../../exit-code.ts'
import { forgetInDirectory, whileUnwritten } from '../../journal/forget-in-directory.ts'
import { reasonOf } from '../../log/reason.ts'
import { journalFolder } from '../../storage/data-journal.ts'
import { keptFolder } from '../../storage/kept-file.ts'
import { withDatabase } from '../with-database.ts'

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
 * Writes anew what the next start begins with, as the database has it now: without a disabled account, and with the
 * keys that hold. A saver that has the data directory does so itself. Gives why it could not be done; null once it is.
 */
export async function renewKept(config: Config, accountId: string | null): Promise<string | null> {
  try {
    await whileUnwritten(journalFolder(config), () =>
      renew(config, accountId).catch((error: unknown) => {
        if (accountId === null) throw error
        return takeOut(config, accountId)
      }),
    )
    return null
  } catch (error) {
    return reasonOf(error)
  }
}

async function renew(config: Config, accountId: string | null): Promise<void> {
  await removeUnfinished(config)
  const kept = keptOf(config)
  if (kept.read() === null) return accountId === null ? undefined : takeOut(config, accountId)
  const use = { command: 'account', mode: 'read' } as const
  const accounts = await withDatabase(config, use, (db) =>
    new OperatorRepository(db).allSealedAccounts(),
  )
  if (accounts.length > 0) kept.keep(accounts)
  else kept.forget()
  await kept.settled()
  const isWritten = (await textOf(config)).includes(JSON.stringify(accounts))
  if (accounts.length > 0 && !isWritten) throw new Error(`${fileOf(config)} cannot be written`)
}

async function takeOut(config: Config, accountId: string): Promise<void> {
  await removeUnfinished(config)
  if (!(await textOf(config)).includes(accountId)) return
  const kept = keptOf(config)
  const before = kept.read()
  const others = before?.value.filter((account) => account.accountId !== accountId) ?? []
  // They are as old as they were.
  if (before !== null && others.length > 0) kept.keep(others, before.keptAt)
  // One that cannot be used holds its key all the same.
  else kept.forget()
  await kept.settled()
  if ((await textOf(config)).includes(accountId)) {
    throw new Error(`${fileOf(config)} cannot be written`)
  }
}

/** Removes copies that a process which was ended did not finish. */
async function removeUnfinished(config: Config): Promise<void> {
  const folder = keptFolder(config)
  for (const name of await readdir(folder).catch(() => [])) {
    if (UNFINISHED.test(name)) await rm(join(folder, name), { force: true })
  }
}

const UNFINISHED = /^accounts\.json\..*\.tmp$/

function keptOf(config: Config): ReturnType<typeof keptAccounts> {
  return keptAccounts(config, { clock: systemClock, log: pino({ level: 'silent' }) })
}

const fileOf = (config: Config): string => join(keptFolder(config), 'accounts.json')
const textOf = (config: Config): Promise<string> => readFile(fileOf(config), 'utf8').catch(() => '')
