import type { Kysely } from 'kysely'
import { inTransaction } from '../connection/transaction.ts'
import type { GridDatabase } from '../schema/database.ts'
import type { EncryptionKeys } from '../secrets/encryption-keys.ts'
import { openSecret, sealSecret } from '../secrets/secret-box.ts'
import { sealedSecretOf } from './credentials.ts'

/**
 * Encrypts all secrets of older encryption keys with the first key; gives their number. All or none:
 * throws when one of them cannot be read.
 */
export function reencryptSecrets(db: Kysely<GridDatabase>, keys: EncryptionKeys): Promise<number> {
  return inTransaction(db, async (trx) => {
    const rows = await trx
      .selectFrom('api_credentials')
      .selectAll()
      .where('encryption_key_id', '<>', keys.currentId)
      .orderBy('credential_id')
      .forNoKeyUpdate()
      .execute()
    for (const row of rows) {
      const place = { credentialId: row.credential_id, accountId: row.account_id }
      const sealed = sealSecret(keys, place, openSecret(keys, place, sealedSecretOf(row)))
      await trx
        .updateTable('api_credentials')
        .set({ api_secret: sealed.bytes, encryption_key_id: sealed.keyId })
        .where('credential_id', '=', row.credential_id)
        .execute()
    }
    return rows.length
  })
}
