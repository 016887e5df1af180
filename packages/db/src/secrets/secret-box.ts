import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { Secret } from '@grid/core-events'
import { DatabaseError } from '../errors.ts'
import type { EncryptionKeys } from './encryption-keys.ts'

/** The row that a ciphertext belongs to: in another row it cannot be decrypted. */
export interface SecretPlace {
  readonly credentialId: string
  readonly accountId: string
}

/** A secret as stored. */
export interface SealedSecret {
  /** The id of the key that encrypted it. */
  readonly keyId: string
  /** Version (1 byte), nonce (12), ciphertext, tag (16). */
  readonly bytes: Uint8Array
}

const CIPHER = 'aes-256-gcm'
const VERSION = 1
const NONCE_BYTES = 12
const TAG_BYTES = 16

/** Encrypts a secret with the first key by AES-256-GCM, so that it can be decrypted in its row only. */
export function sealSecret(keys: EncryptionKeys, place: SecretPlace, secret: Secret): SealedSecret {
  const nonce = randomBytes(NONCE_BYTES)
  const cipher = createCipheriv(CIPHER, keys.get(keys.currentId), nonce, {
    authTagLength: TAG_BYTES,
  })
  cipher.setAAD(associatedData(place))
  const text = Buffer.concat([cipher.update(secret.reveal(), 'utf8'), cipher.final()])
  const bytes = Buffer.concat([Uint8Array.of(VERSION), nonce, text, cipher.getAuthTag()])
  return { keyId: keys.currentId, bytes }
}

/**
 * Decrypts a secret.
 *
 * Throws `ENCRYPTION_KEY_UNKNOWN`, and `SECRET_UNREADABLE` when another key has the same id, or the
 * ciphertext was changed or comes from another row.
 */
export function openSecret(
  keys: EncryptionKeys,
  place: SecretPlace,
  { keyId, bytes }: SealedSecret,
): Secret {
  const key = keys.get(keyId)
  const [version] = bytes
  if (version !== VERSION) throw unreadable(place, keyId, `its format is ${version ?? 'empty'}`)
  if (bytes.length < 1 + NONCE_BYTES + TAG_BYTES) throw unreadable(place, keyId, 'it is cut short')
  const decipher = createDecipheriv(CIPHER, key, bytes.subarray(1, 1 + NONCE_BYTES), {
    authTagLength: TAG_BYTES,
  })
  decipher.setAAD(associatedData(place))
  decipher.setAuthTag(bytes.subarray(-TAG_BYTES))
  const text = decipher.update(bytes.subarray(1 + NONCE_BYTES, -TAG_BYTES))
  try {
    return new Secret(Buffer.concat([text, decipher.final()]).toString('utf8'))
  } catch {
    throw unreadable(
      place,
      keyId,
      'this id belonged to another key, or the row was changed or copied from elsewhere',
    )
  }
}

function associatedData({ credentialId, accountId }: SecretPlace): Buffer {
  return Buffer.from(`grid api credential ${credentialId} of account ${accountId}`)
}

function unreadable(place: SecretPlace, keyId: string, why: string): DatabaseError {
  return new DatabaseError(
    'SECRET_UNREADABLE',
    `the secret of credential ${place.credentialId} cannot be decrypted with key ${keyId}: ${why}`,
    { context: { ...place, keyId } },
  )
}
