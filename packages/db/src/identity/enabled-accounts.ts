import type { Kysely } from 'kysely'
import { DatabaseError } from '../errors.ts'
import type { GridDatabase } from '../schema/database.ts'
import type { EncryptionKeys } from '../secrets/encryption-keys.ts'
import { openSecret } from '../secrets/secret-box.ts'
import { type Account, accountOf } from './accounts.ts'
import {
  type Credential,
  type CredentialInfo,
  credentialInfoOf,
  requireKeys,
  sealedSecretOf,
} from './credentials.ts'
import { isOfThisEnvironment } from './this-environment.ts'

/** An account to be captured, with its API key, or with the error why the key cannot be used. */
export type EnabledAccount = Account &
  (
    | { readonly credential: Credential; readonly fault: null }
    | { readonly credential: null; readonly fault: DatabaseError }
  )

/** A key of the exchange's API as it is stored. */
export interface SealedCredential extends CredentialInfo {
  /** The encrypted secret in base64, exactly as stored. */
  readonly sealedSecret: string
}

/** An account to be captured as it is stored, with nothing decrypted: plain values, which JSON can keep. */
export interface SealedAccount extends Account {
  /** Null when it has no active key. */
  readonly credential: SealedCredential | null
}

/** Reads the enabled accounts of all active users in the database's environment. */
export async function readSealedAccounts(db: Kysely<GridDatabase>): Promise<SealedAccount[]> {
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
  return accounts.map((row): SealedAccount => {
    const stored = byAccount.get(row.account_id)
    if (!stored) return { ...accountOf(row), credential: null }
    const sealedSecret = Buffer.from(sealedSecretOf(stored).bytes).toString('base64')
    return { ...accountOf(row), credential: { ...credentialInfoOf(stored), sealedSecret } }
  })
}

/** Decrypts the key of an account. One that cannot be used makes a `fault`. */
export function openAccount(
  { credential, ...account }: SealedAccount,
  keys: EncryptionKeys | null,
): EnabledAccount {
  try {
    if (credential === null) throw keyMissing(account)
    const { sealedSecret, ...info } = credential
    const { accountId, userId, environment } = account
    const { credentialId, apiKey, keyType, encryptionKeyId } = info
    const place = { credentialId, accountId, userId, environment, apiKey, keyType }
    const sealed = { keyId: encryptionKeyId ?? '', bytes: Buffer.from(sealedSecret, 'base64') }
    const secret = openSecret(requireKeys(keys), place, sealed)
    return { ...account, credential: { ...info, secret }, fault: null }
  } catch (fault) {
    // Sound: decrypting throws nothing else.
    return { ...account, credential: null, fault: fault as DatabaseError }
  }
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

/** Reads the accounts that were removed, of whichever environment. */
export async function readRemovedAccounts(db: Kysely<GridDatabase>): Promise<Account[]> {
  const rows = await db
    .selectFrom('bybit_accounts')
    .where('status', '=', 'removed')
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
