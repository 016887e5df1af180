import { inspect } from 'node:util'
import { Secret } from '@grid/core-events'
import { describe, expect, it } from 'vitest'
import { EncryptionKeys } from '../../src/index.ts'
import { openSecret, sealSecret } from '../../src/secrets/secret-box.ts'
import { sealedAsVersion1 } from '../support/older-secrets.ts'
import { keyOf } from '../support/private-events.ts'

const CANARY = 'canary-3f7b1c'
const PLACE = {
  credentialId: 'c1',
  accountId: 'a1',
  userId: 'u1',
  environment: 'testnet',
  apiKey: 'KEY',
  keyType: 'hmac',
}

function errorOf(work: () => unknown): Error & { code?: string } {
  try {
    work()
  } catch (error) {
    return error as Error
  }
  throw new Error('nothing was thrown')
}

describe('encryption keys', () => {
  it('are read in order; the first encrypts, all decrypt', () => {
    const old = EncryptionKeys.parse(`old:${keyOf(1)}`)
    const both = EncryptionKeys.parse(` new:${keyOf(2)} , old:${keyOf(1)}`)
    expect(both.ids).toEqual(['new', 'old'])
    const sealed = sealSecret(old, PLACE, new Secret(CANARY))
    expect(openSecret(both, PLACE, sealed).reveal()).toBe(CANARY)
    expect(sealSecret(both, PLACE, new Secret(CANARY)).keyId).toBe('new')
  })

  it.each([
    ['', /key 1 has no id/],
    [`a:${keyOf(1)},`, /key 2 has no id/],
    [keyOf(1), /key 1 has no id/],
    [`a:${keyOf(1)},a:${keyOf(2)}`, /key 2 has the id of an earlier one again/],
    [`a:${Buffer.alloc(31, 1).toString('base64')}`, /key 1 is not 32 bytes/],
    [`a:${keyOf(1)}!`, /key 1 is not 32 bytes/],
    [`${CANARY}:a`, /key 1 has no id|key 1 is not 32 bytes/],
    [`${'S3CRET'.repeat(8).slice(0, 43)}:${keyOf(1)}`, /key 1 has no id, as a key stands/],
    [`${'ab12'.repeat(16)}:${keyOf(1)}`, /key 1 has no id, as a key stands/],
    [`a:${CANARY}`, /key 1 is not 32 bytes/],
  ])('are refused by place, never by content: %s', (text, message) => {
    const error = errorOf(() => EncryptionKeys.parse(text))
    expect(error).toMatchObject({
      code: 'ENCRYPTION_KEYS_INVALID',
      message: expect.stringMatching(message),
    })
    expect(inspect(error)).not.toContain(CANARY)
    expect(inspect(error)).not.toContain(keyOf(1))
  })

  it('are never printed', () => {
    const keys = EncryptionKeys.parse(`a:${keyOf(1)}`)
    const shown = inspect(keys, { depth: 9, showHidden: true }) + JSON.stringify(keys)
    expect(shown).not.toContain(keyOf(1))
    expect(shown).not.toContain('01 01')
  })
})

describe('a sealed secret', () => {
  const keys = EncryptionKeys.parse(`a:${keyOf(1)}`)
  const sealed = sealSecret(keys, PLACE, new Secret(CANARY))

  it('has no plain text, and never the same bytes twice', () => {
    expect(Buffer.from(sealed.bytes).toString('latin1')).not.toContain(CANARY)
    expect(sealSecret(keys, PLACE, new Secret(CANARY)).bytes).not.toEqual(sealed.bytes)
  })

  it('can be decrypted only unchanged, with its key, in its row', () => {
    const flipped = sealed.bytes.map((byte, at) => (at === 20 ? byte ^ 1 : byte))
    const cases: [string, () => unknown][] = [
      ['SECRET_UNREADABLE', () => openSecret(keys, PLACE, { ...sealed, bytes: flipped })],
      [
        'SECRET_UNREADABLE',
        () => openSecret(keys, PLACE, { ...sealed, bytes: sealed.bytes.subarray(0, 20) }),
      ],
      ['SECRET_UNREADABLE', () => openSecret(keys, PLACE, { ...sealed, bytes: new Uint8Array() })],
      [
        'SECRET_UNREADABLE',
        () => openSecret(keys, PLACE, { ...sealed, bytes: sealed.bytes.with(0, 1) }),
      ],
      [
        'SECRET_UNREADABLE',
        () => openSecret(keys, PLACE, { ...sealed, bytes: sealed.bytes.with(0, 3) }),
      ],
      ['SECRET_UNREADABLE', () => openSecret(EncryptionKeys.parse(`a:${keyOf(2)}`), PLACE, sealed)],
      [
        'ENCRYPTION_KEY_UNKNOWN',
        () => openSecret(EncryptionKeys.parse(`b:${keyOf(1)}`), PLACE, sealed),
      ],
    ]
    for (const [code, open] of cases) {
      const error = errorOf(open)
      expect(error).toMatchObject({ code })
      expect(inspect(error)).not.toContain(CANARY)
    }
    expect(openSecret(keys, PLACE, sealed).reveal()).toBe(CANARY)
  })

  it.each(Object.keys(PLACE))('is bound to its %s', (field) => {
    const elsewhere = { ...PLACE, [field]: 'another' }
    const error = errorOf(() => openSecret(keys, elsewhere, sealed))
    expect(error).toMatchObject({ code: 'SECRET_UNREADABLE' })
  })

  it('is bound to each field by itself: what moves from one to the next is seen', () => {
    const place = { ...PLACE, apiKey: 'a', keyType: 'bc' }
    const moved = { ...PLACE, apiKey: 'ab', keyType: 'c' }
    const error = errorOf(() => openSecret(keys, moved, sealSecret(keys, place, new Secret('s'))))
    expect(error).toMatchObject({ code: 'SECRET_UNREADABLE' })
  })

  it('is bound to the id of its encryption key', () => {
    const twins = EncryptionKeys.parse(`a:${keyOf(1)},b:${keyOf(1)}`)
    const error = errorOf(() => openSecret(twins, PLACE, { ...sealed, keyId: 'b' }))
    expect(error).toMatchObject({ code: 'SECRET_UNREADABLE' })
  })

  it('of version 1 is still read, as it was bound to credential and account', () => {
    const old = sealedAsVersion1(PLACE, CANARY, { keyId: 'a', byte: 1 })
    expect(openSecret(keys, PLACE, old).reveal()).toBe(CANARY)
    const error = errorOf(() => openSecret(keys, { ...PLACE, accountId: 'a2' }, old))
    expect(error).toMatchObject({ code: 'SECRET_UNREADABLE' })
  })
})
