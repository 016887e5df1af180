import type { Kysely, Selectable } from 'kysely'
import { inTransaction } from '../connection/transaction.ts'
import type { GridDatabase } from '../schema/database.ts'
import type { ApiCredentialsTable } from '../schema/identity-schema.ts'
import type { EncryptionKeys } from '../secrets/encryption-keys.ts'
import {
  ASSOCIATED_DATA_VERSION,
  openSecret,
  type SealedSecret,
  sealSecret,
} from '../secrets/secret-box.ts'
import { type AccountBinding, sealedSecretOf, secretPlaceOf } from './credentials.ts'

type BoundRow = Selectable<ApiCredentialsTable> & AccountBinding

/**
 * Encrypts all secrets of older encryption keys, and those with older associated data, with the first
 * key; gives their number. All or none: throws when one of them cannot be read.
 */
export function reencryptSecrets(db: Kysely<GridDatabase>, keys: EncryptionKeys): Promise<number> {
  return inTransaction(db, async (trx) => {
    const rows = await secrets(trx)
      .where((eb) =>
        eb.or([
          eb('encryption_key_id', '<>', keys.currentId),
          eb('associated_data_version', '<', ASSOCIATED_DATA_VERSION),
        ]),
      )
      .forNoKeyUpdate('api_credentials')
      .execute()
    for (const row of rows) {
      const secret = openSecret(keys, secretPlaceOf(row), sealedSecretOf(row))
      await store(trx, row, sealSecret(keys, secretPlaceOf(row), secret))
    }
    return rows.length
  })
}

/** What became of the secrets whose associated data were of an older version. */
export interface RebindReport {
  readonly rebound: number
  /** Those that none of the keys decrypts. They stay as they are. */
  readonly unreadable: number
}

/**
 * Writes the secrets with older associated data anew, each with the key that encrypts it now: another
 * collector may not have a newer one yet.
 */
export async function rebindSecrets(
  db: Kysely<GridDatabase>,
  keys: EncryptionKeys,
): Promise<RebindReport> {
  // Without a lock, which needs a privilege that a collector need not have when there is nothing to do.
  const old = await olderSecrets(db).execute()
  if (old.length === 0) return { rebound: 0, unreadable: 0 }
  return inTransaction(db, async (trx) => {
    let rebound = 0
    let unreadable = 0
    for (const row of await olderSecrets(trx).forNoKeyUpdate('api_credentials').execute()) {
      try {
        const secret = openSecret(keys, secretPlaceOf(row), sealedSecretOf(row))
        const { keyId } = sealedSecretOf(row)
        await store(trx, row, sealSecret(keys, secretPlaceOf(row), secret, keyId))
        rebound += 1
      } catch (error) {
        if (!KEY_FAULTS.has((error as { code?: unknown }).code)) throw error
        unreadable += 1
      }
    }
    return { rebound, unreadable }
  })
}

const KEY_FAULTS: ReadonlySet<unknown> = new Set(['ENCRYPTION_KEY_UNKNOWN', 'SECRET_UNREADABLE'])

function secrets(db: Kysely<GridDatabase>) {
  return db
    .selectFrom('api_credentials')
    .innerJoin('bybit_accounts', 'bybit_accounts.account_id', 'api_credentials.account_id')
    .where('api_credentials.api_secret', 'is not', null)
    .orderBy('credential_id')
    .selectAll('api_credentials')
    .select(['bybit_accounts.user_id', 'bybit_accounts.environment'])
}

function olderSecrets(db: Kysely<GridDatabase>) {
  return secrets(db).where('associated_data_version', '<', ASSOCIATED_DATA_VERSION)
}

async function store(
  trx: Kysely<GridDatabase>,
  { credential_id }: BoundRow,
  { bytes, keyId }: SealedSecret,
): Promise<void> {
  await trx
    .updateTable('api_credentials')
    .set({ api_secret: bytes, encryption_key_id: keyId })
    .where('credential_id', '=', credential_id)
    .execute()
}
