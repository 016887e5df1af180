import { generateKeyPairSync, verify } from 'node:crypto'
import { inspect } from 'node:util'
import { Secret } from '@grid/core-events'
import { expect, test } from 'vitest'
import { RestAuth } from '../../src/auth/rest-auth.ts'
import { createSigner } from '../../src/auth/signer.ts'
import { privateRestUrl } from '../../src/endpoints.ts'
import {
  BybitPrivateRestClient,
  type PrivateRestClientOptions,
  RateLimiter,
} from '../../src/index.ts'
import { newRequester } from '../../src/rest/http/new-requester.ts'
import { sharedServerClock } from '../../src/rest/shared-server-clock.ts'
import { httpHand } from '../support/http-hand.ts'
import {
  ACCOUNT_ID,
  API_KEY,
  CREDENTIALS,
  envelope,
  SECRET,
  type SignedAnswerer,
  type SignedHand,
  signedHand,
} from '../support/signed-hand.ts'

const KEY_INFO = {
  id: '13770661',
  note: 'capture',
  apiKey: API_KEY,
  readOnly: 1,
  secret: '',
  permissions: { ContractTrade: ['Order', 'Position'], Spot: [], NFT: null },
  ips: ['*'],
  type: 1,
  deadlineDay: -2,
  expiredAt: '1970-01-01T00:00:00Z',
  createdAt: '2026-01-02T03:04:05Z',
  unified: 0,
  uta: 1,
  userID: 24617703,
  inviterID: 0,
  vipLevel: 'No VIP',
  mktMakerLevel: '0',
  affiliateID: 0,
  rsaPublicKey: '',
  isMaster: true,
  parentUid: '0',
}
const keyInfo = (): string => envelope(0, '', KEY_INFO)

function clientOf(
  hand: SignedHand,
  options: Partial<PrivateRestClientOptions> = {},
): BybitPrivateRestClient {
  return new BybitPrivateRestClient({
    accountId: ACCOUNT_ID,
    credentials: CREDENTIALS,
    restUrl: hand.url,
    limiter: new RateLimiter(),
    random: () => 0,
    ...options,
  })
}

test('key information says what the key may do, and does not show the key', async () => {
  const client = clientOf(await signedHand(keyInfo))
  expect(await client.apiKeyInfo()).toEqual({
    id: '13770661',
    note: 'capture',
    userId: 24617703,
    parentUid: '0',
    isMaster: true,
    isReadOnly: true,
    permissions: { ContractTrade: ['Order', 'Position'], Spot: [], NFT: [] },
    ips: ['*'],
    type: 1,
    deadlineDay: -2,
    expiredAt: '1970-01-01T00:00:00Z',
    createdAt: '2026-01-02T03:04:05Z',
    uta: 1,
  })
})

test('account information says how the account trades', async () => {
  const info = {
    marginMode: 'REGULAR_MARGIN',
    updatedTime: '1697078946000',
    unifiedMarginStatus: 5,
    dcpStatus: 'OFF',
    timeWindow: 10,
    isMasterTrader: false,
    spotHedgingStatus: 'OFF',
  }
  // The documented sample lacks retExtInfo and time.
  const client = clientOf(
    await signedHand(() => JSON.stringify({ retCode: 0, retMsg: 'OK', result: info })),
  )
  expect(await client.accountInfo()).toEqual({
    unifiedMarginStatus: 5,
    marginMode: 'REGULAR_MARGIN',
    spotHedgingStatus: 'OFF',
    updatedTime: 1_697_078_946_000,
  })
})

test.each([300_000, -300_000])(
  "with our clock off by %d ms, requests are signed with the exchange's time",
  async (skewMs) => {
    const hand = await signedHand(keyInfo, skewMs)
    const client = clientOf(hand)
    await client.apiKeyInfo()
    await client.apiKeyInfo()
    expect(hand.asked).toHaveLength(2)
    // One measurement for both: the exchange bans clients that ask for the time too often.
    expect(hand.timesAsked).toBe(5)
  },
)

test('a clock that jumps is measured again after a refusal, once for all waiting calls', async () => {
  const hand = await signedHand(keyInfo)
  let driftUs = 0
  const clock = {
    nowUs: () => Math.round((performance.timeOrigin + performance.now()) * 1000) + driftUs,
    setTimer: (callback: () => void, delayMs: number) => {
      const timer = setTimeout(callback, delayMs)
      return { cancel: () => clearTimeout(timer) }
    },
  }
  const client = clientOf(hand, { clock })
  await client.apiKeyInfo()
  driftUs = 300_000_000
  await Promise.all([client.apiKeyInfo(), client.apiKeyInfo(), client.apiKeyInfo()])
  expect(hand.asked).toHaveLength(1 + 3 + 3)
  expect(hand.timesAsked).toBe(10)
})

test('a refused time that measuring does not cure is thrown after the allowed attempts', async () => {
  const hand = await signedHand(() => envelope(10002, 'invalid request'))
  await expect(clientOf(hand).apiKeyInfo()).rejects.toMatchObject({
    code: 'CLOCK_SKEW',
    retryable: true,
    retCode: 10002,
  })
  expect(hand.asked).toHaveLength(4)
  expect(hand.timesAsked).toBe(5)
})

test.each([
  [10003, 'API_KEY_INVALID'],
  [10004, 'SIGNATURE_INVALID'],
  [10005, 'PERMISSION_DENIED'],
  [10007, 'AUTH_REFUSED'],
  [10008, 'ACCOUNT_RESTRICTED'],
  [10010, 'IP_NOT_ALLOWED'],
  [10024, 'ACCOUNT_RESTRICTED'],
  [10028, 'ACCOUNT_MODE'],
  [33004, 'API_KEY_EXPIRED'],
  [-2015, 'API_KEY_EXPIRED'],
  [10001, 'REFUSED'],
])('retCode %d is %s and not asked again', async (retCode, code) => {
  const hand = await signedHand(() => envelope(retCode, 'no'))
  const error = { code, retCode, retryable: false, endpoint: '/v5/user/query-api' }
  await expect(clientOf(hand).apiKeyInfo()).rejects.toMatchObject(error)
  expect(hand.asked).toHaveLength(1)
})

const RESET_MID_BODY: SignedAnswerer = (_request, response) => {
  response.writeHead(200, { 'content-length': '500' }).write('{"retCode":0,')
  setTimeout(() => response.destroy(), 10)
  return null
}

test.each<[name: string, fault: SignedAnswerer]>([
  ['a page instead of JSON', () => '<html>busy</html>'],
  [
    'HTTP 502',
    (_request, response) => {
      response.writeHead(502)
      return '<html>bad gateway</html>'
    },
  ],
  ['an answer that breaks off', RESET_MID_BODY],
  ['a restart', () => envelope(10016, 'Server error')],
])('%s is asked again, signed anew each time', async (_name, fault) => {
  const stamps: string[] = []
  const hand = await signedHand((request, response) => {
    stamps.push(String(request.headers['x-bapi-timestamp']))
    return request.count < 2 ? fault(request, response) : keyInfo()
  })
  // Some jitter, so that the attempts differ in their time.
  const client = clientOf(hand, { random: () => 0.02 })
  await expect(client.apiKeyInfo()).resolves.toMatchObject({ id: '13770661' })
  expect(new Set(stamps).size).toBe(3)
})

test('"too many visits" pauses one account at one endpoint until the reset, and nothing else', async () => {
  const times = new Map<string, number[]>()
  const hand = await signedHand(({ path, count }, response) => {
    times.set(path, [...(times.get(path) ?? []), performance.now()])
    if (count > 0) return path === '/v5/user/query-api' ? keyInfo() : envelope(0, '', {})
    response.setHeader('x-bapi-limit-reset-timestamp', Date.now() + 1_500)
    return envelope(10006, 'Too many visits!')
  })
  const limiter = new RateLimiter({ random: () => 0.9 })
  const client = clientOf(hand, { limiter })
  const other = clientOf(hand, { limiter, accountId: '11111111-2222-5333-8444-555555555555' })
  const limited = client.apiKeyInfo()
  while (hand.asked.length === 0) await new Promise(setImmediate)
  let isOver = false
  limited.finally(() => {
    isOver = true
  })
  await Promise.all([other.apiKeyInfo(), client.accountInfo().catch(() => {})])
  expect(isOver).toBe(false)
  await limited
  const [first = 0, , third = 0] = times.get('/v5/user/query-api') ?? []
  expect(third - first).toBeGreaterThanOrEqual(1_490)
})

test('a query that the URL escapes is signed as it is sent', async () => {
  const hand = await signedHand(() => envelope(0, ''))
  const limiter = new RateLimiter()
  const auth = new RestAuth({
    account: ACCOUNT_ID,
    signer: createSigner(CREDENTIALS),
    serverClock: sharedServerClock(hand.url, { limiter }),
    recvWindowMs: 5000,
  })
  const requester = newRequester(hand.url, { limiter, maxAttempts: 1 }, auth)
  // A signature over other bytes would be refused.
  for (const query of ["a=it's", 'cursor=132766%3A2%2C132766%3A2', 'a="<b> |{}^`', 'a=ü%', '']) {
    await expect(requester.get('/v5/execution/list', query, {})).resolves.toBeDefined()
  }
  const cursor = '?cursor=132766%3A2%2C132766%3A2'
  expect(hand.asked).toContain(`/v5/execution/list${cursor}`)
})

test('an RSA key signs requests by its private half', async () => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  let isVerified = false
  const rsa = await httpHand((response, url) => {
    if (url.pathname === '/v5/market/time') {
      response.end(envelope(0, 'OK', { timeNano: `${Date.now()}000000` }))
      return
    }
    const headers = response.req.headers
    const payload = `${headers['x-bapi-timestamp']}${API_KEY}5000`
    const signature = Buffer.from(String(headers['x-bapi-sign']), 'base64')
    isVerified = verify('RSA-SHA256', Buffer.from(payload), publicKey, signature)
    response.end(keyInfo())
  })
  const pem = new Secret(String(privateKey.export({ type: 'pkcs1', format: 'pem' })))
  const client = new BybitPrivateRestClient({
    accountId: ACCOUNT_ID,
    restUrl: rsa.url,
    limiter: new RateLimiter(),
    credentials: { apiKey: API_KEY, privateKey: pem },
  })
  await client.apiKeyInfo()
  expect(isVerified).toBe(true)
})

test.each<[name: string, answer: SignedAnswerer]>([
  [
    'a signature fault that repeats the payload',
    ({ headers }) =>
      envelope(10004, `error sign! origin_string[${headers['x-bapi-timestamp']}${API_KEY}5000]`),
  ],
  ['a page that repeats the request', ({ headers }) => JSON.stringify(headers)],
  ['a page that is no JSON', ({ headers }) => `${API_KEY} ${headers['x-bapi-sign']}<html>`],
  [
    'a proxy’s status',
    ({ headers }, response) => {
      response.writeHead(407)
      return `${API_KEY} ${headers['x-bapi-sign']}`
    },
  ],
])('%s shows nothing of the credentials', async (_name, answer) => {
  let signature = ''
  const hand = await signedHand((request, response) => {
    signature = String(request.headers['x-bapi-sign'])
    return answer(request, response)
  })
  const client = clientOf(hand, { maxAttempts: 1 })
  const error = await client.apiKeyInfo().catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(Error)
  const shown = inspect([client, error], { showHidden: true, depth: null }) + String(error)
  for (const part of [SECRET, API_KEY, signature]) expect(shown).not.toContain(part)
})

test('demo accounts have their own host', async () => {
  expect(privateRestUrl('demo')).toBe('https://api-demo.bybit.com')
  expect(privateRestUrl('mainnet')).toBe('https://api.bybit.com')
  expect(privateRestUrl('testnet')).toBe('https://api-testnet.bybit.com')
})
