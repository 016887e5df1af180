import { createSecretKey, type KeyObject } from 'node:crypto'
import { DatabaseError } from '../errors.ts'

const KEY_BYTES = 32
const KEY_ID = /^[A-Za-z0-9._-]{1,64}$/
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/
/** 32 bytes in base64 for URLs or in hexadecimal: a key that stands where its id should. */
const LIKE_A_KEY = /^(?:[A-Za-z0-9_-]{43}|[0-9a-f]{64})$/i

/**
 * The keys that encrypt the stored secrets: the first encrypts, all decrypt.
 *
 * To change keys, put a new one first, call `OperatorRepository.reencryptSecrets`, then leave out the
 * old one.
 *
 * @example
 * const keys = EncryptionKeys.parse(process.env.EVENTSAVER_ENCRYPTION_KEYS) // '2026:base64…,2025:base64…'
 */
export class EncryptionKeys {
  /** The id of the key that encrypts. */
  readonly currentId: string
  readonly #keys: ReadonlyMap<string, KeyObject>

  private constructor(currentId: string, keys: ReadonlyMap<string, KeyObject>) {
    this.currentId = currentId
    this.#keys = keys
  }

  /**
   * Reads keys of 32 bytes in base64, each with an id before it: `id:base64,id:base64`.
   *
   * Throws `ENCRYPTION_KEYS_INVALID`, which tells the position of the faulty key: neither the key, nor its
   * id, because the two may have changed places.
   */
  static parse(text: string): EncryptionKeys {
    const keys = new Map<string, KeyObject>()
    for (const [index, part] of text.split(',').entries()) {
      const colon = part.indexOf(':')
      const id = part.slice(0, Math.max(colon, 0)).trim()
      const encoded = part.slice(colon + 1).trim()
      if (!KEY_ID.test(id)) throw invalid(index, 'has no id of letters, digits, ".", "_" or "-"')
      if (LIKE_A_KEY.test(id)) throw invalid(index, 'has no id, as a key stands before the colon')
      if (keys.has(id)) throw invalid(index, 'has the id of an earlier one again')
      const bytes = Buffer.from(encoded, 'base64')
      if (!BASE64.test(encoded) || bytes.length !== KEY_BYTES) {
        throw invalid(index, `is not ${KEY_BYTES} bytes in base64 behind its colon`)
      }
      keys.set(id, createSecretKey(bytes))
    }
    const [currentId = ''] = keys.keys()
    return new EncryptionKeys(currentId, keys)
  }

  /** The ids of all keys; the first one encrypts. */
  get ids(): readonly string[] {
    return [...this.#keys.keys()]
  }

  /** Gives the key with an id. Throws `ENCRYPTION_KEY_UNKNOWN`. */
  get(id: string): KeyObject {
    const key = this.#keys.get(id)
    if (key) return key
    throw new DatabaseError(
      'ENCRYPTION_KEY_UNKNOWN',
      `a secret is encrypted with key ${id}, which is not among the keys given: ${this.ids.join(', ')}`,
      { context: { keyId: id, given: this.ids } },
    )
  }
}

function invalid(index: number, why: string): DatabaseError {
  return new DatabaseError(
    'ENCRYPTION_KEYS_INVALID',
    `encryption key ${index + 1} ${why}: write id:base64,id:base64, each of ${KEY_BYTES} bytes, ` +
      'e.g. from openssl rand -base64 32',
    { context: { position: index + 1 } },
  )
}
