import { AccountRepository, type GridDatabase, OperatorRepository, type User } from '@grid/db'
import type { Kysely } from 'kysely'
import { isShownText } from '../config/shown-text.ts'
import { CommandError, EXIT } from '../exit-code.ts'
import type { ReplayScope } from './replay-scope.ts'

/** Accounts as they are asked for. */
export interface AskedAccounts {
  /** Null for all. */
  readonly names: ReadonlySet<string> | null
  /** Of one user only. */
  readonly user: string | undefined
}

const PAGE = 1000

/**
 * The accounts that are asked for, of this environment and without those that were removed, and if all are, which there are. Throws a
 * `CommandError` for a name that there is not, and for an account's name that several users have.
 */
export async function scopeAccounts(
  db: Kysely<GridDatabase>,
  { names, user }: AskedAccounts,
): Promise<Pick<ReplayScope, 'accounts' | 'known'>> {
  const accounts = new AccountRepository(db)
  const ids = new Set<string>()
  const known = new Set<string>()
  const found = new Set<string>()
  for await (const scope of usersOf(db, user)) {
    for (const { accountId, accountName, status } of await accounts.list(scope)) {
      known.add(accountId)
      if (status === 'removed' || names?.has(accountName) === false) continue
      if (names !== null && found.has(accountName)) {
        const message = `--account: several users have an account ${nameText(accountName)}: say whose with --user`
        throw new CommandError(EXIT.usage, 'ACCOUNT_AMBIGUOUS', message)
      }
      ids.add(accountId)
      found.add(accountName)
    }
  }
  if (names !== null && found.size < names.size) {
    throw notFound('--account: there is no such account of this environment: see account list')
  }
  if (user !== undefined && ids.size === 0) {
    throw notFound(`--user: user ${nameText(user)} has no account of this environment`)
  }
  return { accounts: ids, known: names === null && user === undefined ? known : null }
}

async function* usersOf(db: Kysely<GridDatabase>, name: string | undefined): AsyncGenerator<User> {
  const operator = new OperatorRepository(db)
  if (name !== undefined) {
    const user = await operator.getUserByName(name)
    if (user === null) throw notFound(`--user: there is no user ${nameText(name)}`)
    yield user
    return
  }
  for (let offset = 0; ; offset += PAGE) {
    const users = await operator.listUsers({ limit: PAGE, offset })
    yield* users
    if (users.length < PAGE) return
  }
}

/** A name, unless it may be a secret that was meant for another place. */
function nameText(name: string): string {
  return isShownText(name) ? name : 'of that name'
}

function notFound(message: string): CommandError {
  return new CommandError(EXIT.usage, 'NOT_FOUND', message)
}
