import type { Secret } from '@grid/core-events'
import type { Kysely, Selectable } from 'kysely'
import { DatabaseError } from '../errors.ts'
import type { GridDatabase } from '../schema/database.ts'
import type { ApiCredentialsTable, BybitAccountsTable, KeyType } from '../schema/identity-schema.ts'
import type { TenantScope } from '../schema/tenant-scope.ts'
import type { EncryptionKeys } from '../secrets/encryption-keys.ts'
import {
  openSecret,
  type SealedSecret,
  type SecretPlace,
  sealSecret,
} from '../secrets/secret-box.ts'

/** A key of the exchange's API, without its secret. */
export interface CredentialInfo {
  /** A UUID; every rotation makes a new one. */
  readonly credentialId: string
  readonly accountId: string
  /** The public part of the key. */
  readonly apiKey: string
  readonly keyType: KeyType
  readonly isActive: boolean
  /** The id of the encryption key of the secret; null once the secret is erased. */
  readonly encryptionKeyId: string | null
  /** Epoch milliseconds, by the database's clock. */
  readonly createdAt: number
  /** When another key replaced it, likewise; null for the active one. */
  readonly rotatedAt: number | null
}

/** A key of the exchange's API to be stored. */
export interface NewCredential {
  /** The public part of the key. */
  readonly apiKey: string
  /** The shared secret, or the private key in PEM. */
  readonly secret: Secret
  /** Default `hmac`. */
  readonly keyType?: KeyType
}

/** A key of the exchange's API, ready for use. */
export interface Credential extends CredentialInfo {
  /** The shared secret, or the private key in PEM. */
  readonly secret: Secret
}

/** How repositories read and write secrets. */
export interface SecretOptions {
  /** Without keys, methods that need a secret throw `ENCRYPTION_KEYS_MISSING`. */
  readonly keys?: EncryptionKeys | null
}

/**
 * Reads the API keys of accounts, table `api_credentials`. `AccountRepository` stores them.
 *
 * @example
 * const credential = await new CredentialRepository(db, { keys }).getActive({ userId }, accountId)
 */
export class CredentialRepository {
  readonly #db: Kysely<GridDatabase>
  readonly #keys: EncryptionKeys | null

  /** Works on a database or within a transaction. */
  constructor(db: Kysely<GridDatabase>, { keys = null }: SecretOptions = {}) {
    this.#db = db
    this.#keys = keys
  }

  /**
   * Lists an account's keys without their secrets, the newest first.
   *
   * @example
   * const infos = await credentials.list({ userId }, accountId)
   */
  async list(scope: TenantScope, accountId: string): Promise<CredentialInfo[]> {
    const rows = await this.#ofAccount(scope, accountId).execute()
    return rows.map(credentialInfoOf)
  }

  /**
   * Gives an account's active key; null when it has none.
   *
   * Throws `ENCRYPTION_KEYS_MISSING`, `ENCRYPTION_KEY_UNKNOWN` or `SECRET_UNREADABLE`.
   *
   * @example
   * const credential = await credentials.getActive({ userId }, accountId)
   */
  async getActive(scope: TenantScope, accountId: string): Promise<Credential | null> {
    const row = await this.#ofAccount(scope, accountId)
      .where('is_active', '=', true)
      .executeTakeFirst()
    return row ? credentialOf(row, row, this.#keys) : null
  }

  #ofAccount({ userId }: TenantScope, accountId: string) {
    return this.#db
      .selectFrom('api_credentials')
      .innerJoin('bybit_accounts', 'bybit_accounts.account_id', 'api_credentials.account_id')
      .where('bybit_accounts.user_id', '=', userId)
      .where('api_credentials.account_id', '=', accountId)
      .orderBy('api_credentials.created_at', 'desc')
      .selectAll('api_credentials')
      .select(['bybit_accounts.user_id', 'bybit_accounts.environment'])
  }
}

/** What of an account's row its secrets are bound to. */
export type AccountBinding = Pick<Selectable<BybitAccountsTable>, 'user_id' | 'environment'>

/** Stores a key as the account's active one. */
export async function insertCredential(
  trx: Kysely<GridDatabase>,
  keys: EncryptionKeys | null,
  account: AccountBinding & Pick<Selectable<BybitAccountsTable>, 'account_id'>,
  { apiKey, secret, keyType = 'hmac' }: NewCredential,
): Promise<CredentialInfo> {
  const { account_id: accountId, user_id: userId, environment } = account
  const credentialId = crypto.randomUUID()
  const place = { credentialId, accountId, userId, environment, apiKey, keyType }
  const sealed = sealSecret(requireKeys(keys), place, secret)
  const row = await trx
    .insertInto('api_credentials')
    .values({
      credential_id: credentialId,
      account_id: accountId,
      api_key_id: apiKey,
      key_type: keyType,
      api_secret: sealed.bytes,
      encryption_key_id: sealed.keyId,
    })
    .returningAll()
    .executeTakeFirstOrThrow()
  return credentialInfoOf(row)
}

/** Makes a credential of a row of `api_credentials` and its account's, and decrypts its secret. */
function credentialOf(
  row: Selectable<ApiCredentialsTable>,
  { user_id, environment }: AccountBinding,
  keys: EncryptionKeys | null,
): Credential {
  const place = secretPlaceOf({ ...row, user_id, environment })
  const secret = openSecret(requireKeys(keys), place, sealedSecretOf(row))
  return { ...credentialInfoOf(row), secret }
}

/** What the secret of a row is bound to. */
export function secretPlaceOf(row: Selectable<ApiCredentialsTable> & AccountBinding): SecretPlace {
  return {
    credentialId: row.credential_id,
    accountId: row.account_id,
    userId: row.user_id,
    environment: row.environment,
    apiKey: row.api_key_id,
    keyType: row.key_type,
  }
}

/** Makes a credential of a row of `api_credentials`, without its secret. */
export function credentialInfoOf(row: Selectable<ApiCredentialsTable>): CredentialInfo {
  return {
    credentialId: row.credential_id,
    accountId: row.account_id,
    apiKey: row.api_key_id,
    keyType: row.key_type,
    isActive: row.is_active,
    encryptionKeyId: row.encryption_key_id,
    createdAt: row.created_at.getTime(),
    rotatedAt: row.rotated_at?.getTime() ?? null,
  }
}

/** The encrypted secret of a row. */
export function sealedSecretOf({
  api_secret,
  encryption_key_id,
}: Selectable<ApiCredentialsTable>): SealedSecret {
  return { keyId: encryption_key_id ?? '', bytes: api_secret ?? new Uint8Array() }
}

/** Throws `ENCRYPTION_KEYS_MISSING` when there are no keys. */
export function requireKeys(keys: EncryptionKeys | null): EncryptionKeys {
  if (keys) return keys
  throw new DatabaseError(
    'ENCRYPTION_KEYS_MISSING',
    'secrets of accounts are stored encrypted: give the repository the encryption keys',
  )
}
