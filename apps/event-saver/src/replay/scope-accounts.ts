import { AccountRepository, type GridDatabase, OperatorRepository } from '@grid/db'
import type { Kysely } from 'kysely'
import { CommandError, EXIT } from '../exit-code.ts'

/** Accounts as they are asked for. */
export interface AskedAccounts {
  /** Null for all. */
  readonly names: ReadonlySet<string> | null
  /** Of one user only. */
  readonly user: string | undefined
}

const PAGE = 1000

/** The ids of the accounts that are asked for: of this environment, and without those that were removed. */
export async function scopeAccounts(
  db: Kysely<GridDatabase>,
  { names, user }: AskedAccounts,
): Promise<ReadonlySet<string>> {
  const operator = new OperatorRepository(db)
  const accounts = new AccountRepository(db)
  const ids = new Set<string>()
  const found = new Set<string>()
  for (let offset = 0; ; offset += PAGE) {
    const users = await operator.listUsers({ limit: PAGE, offset })
    for (const scope of users) {
      if (user !== undefined && scope.username !== user) continue
      for (const { accountId, accountName, status } of await accounts.list(scope)) {
        if (status === 'removed' || names?.has(accountName) === false) continue
        ids.add(accountId)
        found.add(accountName)
      }
    }
    if (users.length < PAGE) break
  }
  const isMissing = names === null ? false : found.size < names.size
  if (!isMissing) return ids
  const message = '--account: there is no such account of this environment: see account list'
  throw new CommandError(EXIT.usage, 'NOT_FOUND', message)
}
