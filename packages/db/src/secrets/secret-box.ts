import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { Secret } from '@grid/core-events'
import { DatabaseError } from '../errors.ts'
import type { EncryptionKeys } from './encryption-keys.ts'

/** What a ciphertext belongs to: once any of it has changed, the secret cannot be decrypted. */
export interface SecretPlace {
  readonly credentialId: string
  readonly accountId: string
  /** The account's owner. */
  readonly userId: string
  /** The account's environment, which decides where the secret is sent. */
  readonly environment: string
  /** The public part of the key of the exchange. */
  readonly apiKey: string
  readonly keyType: string
}

/** A secret as stored. */
export interface SealedSecret {
  /** The id of the key that encrypted it. */
  readonly keyId: string
  /** Version of the associated data (1 byte), nonce (12), ciphertext, tag (16). */
  readonly bytes: Uint8Array
}

/**
 * The version of the associated data that is written. Version 1 bound only credential and account;
 * it is still read, until the secret is written anew.
 */
export const ASSOCIATED_DATA_VERSION = 2

const CIPHER = 'aes-256-gcm'
const NONCE_BYTES = 12
const TAG_BYTES = 16

/**
 * Encrypts a secret by AES-256-GCM, so that it can be decrypted in its place only.
 *
 * `keyId` is the encryption key; by default the first one.
 */
export function sealSecret(
  keys: EncryptionKeys,
  place: SecretPlace,
  secret: Secret,
  keyId: string = keys.currentId,
): SealedSecret {
  const nonce = randomBytes(NONCE_BYTES)
  const cipher = createCipheriv(CIPHER, keys.get(keyId), nonce, { authTagLength: TAG_BYTES })
  cipher.setAAD(associatedData(ASSOCIATED_DATA_VERSION, place, keyId))
  const text = Buffer.concat([cipher.update(secret.reveal(), 'utf8'), cipher.final()])
  const version = Uint8Array.of(ASSOCIATED_DATA_VERSION)
  return { keyId, bytes: Buffer.concat([version, nonce, text, cipher.getAuthTag()]) }
}

/**
 * Decrypts a secret.
 *
 * Throws `ENCRYPTION_KEY_UNKNOWN`, and `SECRET_UNREADABLE` when another key has the same id, or the
 * ciphertext or anything that it is bound to was changed, or it comes from another row.
 */
export function openSecret(
  keys: EncryptionKeys,
  place: SecretPlace,
  { keyId, bytes }: SealedSecret,
): Secret {
  const key = keys.get(keyId)
  const [version = 0] = bytes
  if (version < 1 || version > ASSOCIATED_DATA_VERSION) {
    const format = bytes.length === 0 ? 'empty' : version
    throw unreadable(place, keyId, `its format is ${format}`)
  }
  if (bytes.length < 1 + NONCE_BYTES + TAG_BYTES) throw unreadable(place, keyId, 'it is cut short')
  const decipher = createDecipheriv(CIPHER, key, bytes.subarray(1, 1 + NONCE_BYTES), {
    authTagLength: TAG_BYTES,
  })
  decipher.setAAD(associatedData(version, place, keyId))
  decipher.setAuthTag(bytes.subarray(-TAG_BYTES))
  const text = decipher.update(bytes.subarray(1 + NONCE_BYTES, -TAG_BYTES))
  try {
    return new Secret(Buffer.concat([text, decipher.final()]).toString('utf8'))
  } catch {
    throw unreadable(
      place,
      keyId,
      'this id belonged to another key, or the row, its account’s user or environment, its API key or key type was changed or copied from elsewhere',
    )
  }
}

function associatedData(version: number, place: SecretPlace, keyId: string): Buffer {
  const { credentialId, accountId, userId, environment, apiKey, keyType } = place
  if (version === 1) {
    return Buffer.from(`grid api credential ${credentialId} of account ${accountId}`)
  }
  // JSON keeps two neighbours apart, whatever text they hold.
  const bound = [credentialId, accountId, userId, environment, apiKey, keyType, keyId]
  return Buffer.from(JSON.stringify(['grid api credential', version, ...bound]))
}

function unreadable(
  { credentialId, accountId }: SecretPlace,
  keyId: string,
  why: string,
): DatabaseError {
  return new DatabaseError(
    'SECRET_UNREADABLE',
    `the secret of credential ${credentialId} cannot be decrypted with key ${keyId}: ${why}`,
    { context: { credentialId, accountId, keyId } },
  )
}
