import { createHmac, createVerify, timingSafeEqual } from 'node:crypto'
import { SimError } from '../../base/errors.ts'
import type { Random } from '../../base/random.ts'
import { type ApiKey, type ApiKeySpec, makeApiKey } from './api-key.ts'

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'

/** The properties of a key that can be changed while it is in use. */
export type ApiKeyChanges = Partial<Pick<ApiKey, 'permissions' | 'ips' | 'expiresAt' | 'readOnly'>>

/** All API keys by name, without revoked ones. */
export class KeyRing {
  readonly #random: Random
  readonly #keys = new Map<string, ApiKey>()

  constructor(random: Random) {
    this.#random = random
  }

  /** Creates a key; throws `SIM_BAD_INPUT` when there is one of that name. */
  add(uid: string, spec: ApiKeySpec, now: number): ApiKey {
    const id = String(10_000_000 + this.#random.below(89_999_999))
    const made = { id, uid, apiKey: this.#letters(18), secret: this.#letters(36), now }
    const key = makeApiKey(spec, made)
    if (this.#keys.has(key.apiKey)) {
      throw new SimError('SIM_BAD_INPUT', `there is an API key ${key.apiKey} already`)
    }
    this.#keys.set(key.apiKey, key)
    return key
  }

  find(apiKey: string): ApiKey | undefined {
    return this.#keys.get(apiKey)
  }

  /** The keys of an account, in the order of their creation. */
  keysOf(uid: string): ApiKey[] {
    return [...this.#keys.values()].filter((key) => key.uid === uid)
  }

  revoke(apiKey: string): void {
    if (!this.#keys.delete(apiKey)) throw unknownKey(apiKey)
  }

  change(apiKey: string, changes: ApiKeyChanges): ApiKey {
    const key = this.#keys.get(apiKey)
    if (key === undefined) throw unknownKey(apiKey)
    const changed = { ...key, ...changes }
    this.#keys.set(apiKey, changed)
    return changed
  }

  #letters(count: number): string {
    return Array.from({ length: count }, () => LETTERS[this.#random.below(LETTERS.length)]).join('')
  }
}

/** Whether a signature over exactly this text is the key's: hex for HMAC, base64 for RSA. */
export function isSignedBy(key: ApiKey, text: string, signature: string): boolean {
  if (key.rsaPublicKey !== '') {
    const verify = createVerify('RSA-SHA256').update(text)
    return verify.verify(key.rsaPublicKey, signature, 'base64')
  }
  const expected = Buffer.from(createHmac('sha256', key.secret).update(text).digest('hex'))
  const given = Buffer.from(signature)
  return given.length === expected.length && timingSafeEqual(given, expected)
}

function unknownKey(apiKey: string): SimError {
  return new SimError('SIM_BAD_INPUT', `there is no API key ${apiKey}`)
}
