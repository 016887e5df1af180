import type { Kysely } from 'kysely'
import { DatabaseError } from '../errors.ts'
import type { GridDatabase } from '../schema/database.ts'
import type { EncryptionKeys } from '../secrets/encryption-keys.ts'
import { type Account, accountOf } from './accounts.ts'
import { type Credential, credentialOf } from './credentials.ts'
import { isOfThisEnvironment } from './this-environment.ts'

/** An account to be captured, with its API key, or with the error why the key cannot be used. */
export type EnabledAccount = Account &
  (
    | { readonly credential: Credential; readonly fault: null }
    | { readonly credential: null; readonly fault: DatabaseError }
  )

/**
 * Reads the enabled accounts of all active users in the database's environment. An unreadable key makes a
 * `fault` of its account only.
 */
export async function readAllEnabledAccounts(
  db: Kysely<GridDatabase>,
  keys: EncryptionKeys | null,
): Promise<EnabledAccount[]> {
  const accounts = await db
    .selectFrom('bybit_accounts')
    .innerJoin('users', 'users.user_id', 'bybit_accounts.user_id')
    .where('users.status', '=', 'active')
    .where('bybit_accounts.status', '=', 'enabled')
    .where(isOfThisEnvironment())
    .orderBy('bybit_accounts.account_id')
    .selectAll('bybit_accounts')
    .execute()
  const credentials = await db
    .selectFrom('api_credentials')
    .selectAll()
    .where('is_active', '=', true)
    .execute()
  const byAccount = new Map(credentials.map((row) => [row.account_id, row]))
  return accounts.map((row): EnabledAccount => {
    const account = accountOf(row)
    const credential = byAccount.get(account.accountId)
    try {
      if (!credential) throw keyMissing(account)
      return { ...account, credential: credentialOf(credential, row, keys), fault: null }
    } catch (fault) {
      // Sound: decrypting throws nothing else.
      return { ...account, credential: null, fault: fault as DatabaseError }
    }
  })
}

/** Reads the accounts, other than removed ones, that belong to another environment than the database. */
export async function readStrayAccounts(db: Kysely<GridDatabase>): Promise<Account[]> {
  const rows = await db
    .selectFrom('bybit_accounts')
    .where('status', '<>', 'removed')
    .where(({ not }) => not(isOfThisEnvironment()))
    .orderBy('account_id')
    .selectAll()
    .execute()
  return rows.map(accountOf)
}

function keyMissing({ accountId, accountName }: Account): DatabaseError {
  return new DatabaseError(
    'NOT_FOUND',
    `account ${accountName} (${accountId}) has no active API key: give it one by rotating`,
    { context: { what: 'credential', id: accountId } },
  )
}
