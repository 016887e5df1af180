import { createVerify, generateKeyPairSync } from 'node:crypto'
import { inspect } from 'node:util'
import { Secret } from '@grid/core-events'
import { expect, test } from 'vitest'
import { createSigner, restPayload, socketPayload } from '../../src/auth/signer.ts'
import type { Credentials } from '../../src/index.ts'

const SECRET = 'TESTSECRET000000000000000000000000000'
const API_KEY = 'TESTKEY0000000000'
const NOW = 1_760_000_000_000

test.each([
  [
    'GET',
    'category=linear&symbol=BTCUSDT&limit=100',
    '4d585597d9df28782cf8f1dbb1f2d6f21ca1132a88d6297d10e6d11c794a0f41',
  ],
  [
    'GET',
    'category=linear&cursor=132766%3A2%2C132766%3A2&limit=100',
    'c4c7dc80ab9776cd28babd4c31b93cc92bb83d4c8dddde9786eab73f3041f13b',
  ],
  ['GET', '', 'e52cccd14de7582cf7e256c9c7bc9201bf33bc716a6509fd5a1768ebb3787156'],
  [
    'POST',
    '{"category":"linear","symbol":"BTCUSDT"}',
    'fb0f9f332d473b19ceae65731673d21427756cafba6686c12447845757756694',
  ],
])('a %s of "%s" is signed as the vectors say', (_method, content, signature) => {
  const signer = createSigner({ apiKey: API_KEY, secret: SECRET })
  expect(signer.sign(restPayload(NOW, API_KEY, 5000, content))).toBe(signature)
})

test('a login is signed like the published vector, also with a wrapped secret', () => {
  const signature = '8d10322bfa30f0e8fc93a94ea825857a92dd44c023568c3ae6ed0315cf4f17b5'
  for (const secret of [SECRET, new Secret(SECRET)]) {
    expect(createSigner({ apiKey: API_KEY, secret }).sign(socketPayload(NOW))).toBe(signature)
  }
})

test('the public half of an RSA key verifies what its private half signs', () => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' })
  const signer = createSigner({ apiKey: API_KEY, privateKey: new Secret(String(pem)) })
  const signature = signer.sign(socketPayload(NOW))
  const verifier = createVerify('RSA-SHA256').update('GET/realtime1760000000000')
  expect(verifier.verify(publicKey, signature, 'base64')).toBe(true)
})

const CANARY = 'CANARY-0123456789'
const EC_KEY = String(
  generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({
    type: 'pkcs8',
    format: 'pem',
  }),
)

test.each<[option: string, credentials: Credentials]>([
  ['credentials.apiKey', { apiKey: `${CANARY}\n`, secret: 's' }],
  ['credentials.apiKey', { apiKey: '', secret: 's' }],
  ['credentials.secret', { apiKey: 'k', secret: `${CANARY}\n` }],
  ['credentials.secret', { apiKey: 'k', secret: new Secret(`${CANARY} `) }],
  ['credentials.secret', { apiKey: 'k', secret: undefined as unknown as string }],
  ['credentials.privateKey', { apiKey: 'k', privateKey: `-----BEGIN PRIVATE KEY-----\n${CANARY}` }],
  ['credentials.privateKey', { apiKey: 'k', privateKey: EC_KEY }],
])('an unusable %s is named and not shown', (option, credentials) => {
  let error: unknown
  try {
    createSigner(credentials)
  } catch (thrown) {
    error = thrown
  }
  expect(error).toMatchObject({ code: 'INVALID_OPTION', option, retryable: false })
  const shown = inspect(error, { showHidden: true, depth: null })
  expect(shown).not.toContain(CANARY)
  expect(shown).not.toContain(EC_KEY.split('\n')[1])
})

test('a signer shows nothing of its secret', () => {
  const signer = createSigner({ apiKey: API_KEY, secret: CANARY })
  expect(inspect(signer, { showHidden: true, depth: null })).not.toContain(CANARY)
  expect(JSON.stringify(signer)).not.toContain(CANARY)
})
