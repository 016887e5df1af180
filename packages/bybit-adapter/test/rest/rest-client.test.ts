import { changedFields } from '@grid/core-events'
import { expect, test } from 'vitest'
import { BybitRestClient, RateLimiter, type RestClientOptions } from '../../src/index.ts'
import {
  type HttpAnswerer,
  type HttpHand,
  httpHand,
  refusal,
  success,
} from '../support/http-hand.ts'

const TIME = success({ timeSecond: '1760000000', timeNano: '1760000000500123456' })

interface Served {
  readonly hand: HttpHand
  readonly client: BybitRestClient
}

async function serve(answer: HttpAnswerer, options: RestClientOptions = {}): Promise<Served> {
  const hand = await httpHand(answer)
  const limiter = new RateLimiter({ random: () => 0 })
  // No delay: retries follow at once.
  const client = new BybitRestClient({
    restUrl: hand.url,
    limiter,
    random: () => 0,
    ...options,
  })
  return { hand, client }
}

/** Answers with one body after another; the last one from then on. */
const inTurn =
  (...bodies: readonly (string | Uint8Array)[]): HttpAnswerer =>
  (response, _url, count) =>
    response.end(bodies[Math.min(count, bodies.length - 1)])

const status =
  (code: number, body = ''): HttpAnswerer =>
  (response) =>
    response.writeHead(code).end(body)

const PASSING: readonly (readonly [name: string, fault: HttpAnswerer, code: string])[] = [
  ['a page instead of JSON', inTurn('<html>busy</html>'), 'RESPONSE_NOT_JSON'],
  ['JSON without an envelope', inTurn('[]'), 'RESPONSE_MALFORMED'],
  ['HTTP 502', status(502, '<html>bad gateway</html>'), 'HTTP_STATUS'],
  ['HTTP 429', status(429), 'RATE_LIMITED'],
  ['a timeout of the exchange', inTurn(refusal(10000)), 'REFUSED'],
  ['a restart of the exchange', inTurn(refusal(10016)), 'REFUSED'],
  ['too many visits', inTurn(refusal(10006, 'Too many visits')), 'RATE_LIMITED'],
  ...[170001, 170007, 170032, 500000].map(
    (code) => [`retCode ${code}`, inTurn(refusal(code)), 'REFUSED'] as const,
  ),
  ...[10403, 10429, 20003, 170005].map(
    (code) => [`retCode ${code}`, inTurn(refusal(code)), 'RATE_LIMITED'] as const,
  ),
  ['a connection that breaks', (response) => response.destroy(), 'NETWORK'],
  [
    'an answer that breaks off',
    (response) => {
      response.writeHead(200, { 'content-length': '500' }).write('{"retCode":0,')
      setTimeout(() => response.destroy(), 10)
    },
    'NETWORK',
  ],
]

test.each(PASSING)('%s is retried until it has passed', async (_name, fault, code) => {
  const { hand, client } = await serve((response, url, count) =>
    count < 2 ? fault(response, url, count) : response.end(TIME),
  )
  expect(await client.time()).toMatchObject({ exchangeTs: 1_760_000_000_500 })
  expect(hand.asked).toHaveLength(3)
  const { client: once } = await serve(fault, { maxAttempts: 1 })
  await expect(once.time()).rejects.toMatchObject({
    name: 'BybitAdapterError',
    code,
    retryable: true,
    endpoint: '/v5/market/time',
  })
})

test('a fault that does not pass is thrown after the allowed attempts', async () => {
  const { hand, client } = await serve(status(503), { maxAttempts: 3 })
  await expect(client.time()).rejects.toMatchObject({ code: 'HTTP_STATUS', httpStatus: 503 })
  expect(hand.asked).toHaveLength(3)
})

test.each([
  [
    'a parameter error',
    inTurn(refusal(10001, 'params error')),
    { code: 'REFUSED', retCode: 10001 },
  ],
  ['a code of the future', inTurn(refusal(987654)), { code: 'REFUSED', retCode: 987654 }],
  ['a wrong path', status(404), { code: 'HTTP_STATUS', httpStatus: 404 }],
  ['a refused region', status(403, 'your country'), { code: 'HTTP_STATUS', httpStatus: 403 }],
  ['a redirect', status(302), { code: 'HTTP_STATUS', httpStatus: 302 }],
])('%s is not asked again', async (_name, answer, error) => {
  const { hand, client } = await serve(answer)
  await expect(client.time()).rejects.toMatchObject({ ...error, retryable: false })
  expect(hand.asked).toHaveLength(1)
})

test.each([
  ['HTTP 403', status(403, 'access too frequent')],
  ['retCode 10018', inTurn(refusal(10018))],
])('an IP ban by %s stops every further request', async (_name, answer) => {
  const { hand, client } = await serve(answer)
  const before = Date.now()
  const first = await client.time().catch((error: unknown) => error)
  expect(first).toMatchObject({ code: 'IP_BANNED', retryable: true })
  const { retryAtMs } = first as { retryAtMs: number }
  expect(retryAtMs).toBeGreaterThanOrEqual(before + 600_000)
  await expect(client.tickers({ category: 'linear' })).rejects.toMatchObject({ code: 'IP_BANNED' })
  expect(hand.asked).toHaveLength(1)
})

test('a missing answer times out; an abort ends the call at once', async () => {
  const silence: HttpAnswerer = () => {}
  const { client } = await serve(silence, { timeoutMs: 50, maxAttempts: 1 })
  await expect(client.time()).rejects.toMatchObject({ code: 'TIMEOUT', retryable: true })
  const { client: patient, hand } = await serve(silence)
  const controller = new AbortController()
  const call = patient.time({ signal: controller.signal })
  controller.abort('closing')
  await expect(call).rejects.toMatchObject({ code: 'ABORTED', retryable: false, cause: 'closing' })
  await expect(patient.time({ signal: controller.signal })).rejects.toMatchObject({
    code: 'ABORTED',
  })
  expect(hand.asked.length).toBeLessThanOrEqual(1)
})

test('a body that stalls times out as well, and a huge one is refused', async () => {
  const { client } = await serve((response) => response.writeHead(200).write('{"retCode":0'), {
    timeoutMs: 50,
    maxAttempts: 1,
  })
  await expect(client.time()).rejects.toMatchObject({ code: 'TIMEOUT' })
  const { client: bounded, hand } = await serve(inTurn(`"${'x'.repeat(5000)}"`), {
    maxBodyBytes: 4096,
  })
  await expect(bounded.time()).rejects.toMatchObject({ code: 'RESPONSE_TOO_LARGE' })
  expect(hand.asked).toHaveLength(1)
})

test.each([
  ['no result', { result: null }],
  ['no list', { category: 'linear' }],
  ['a list that is none', { category: 'linear', list: null }],
  ['another category', { category: 'inverse', list: [] }],
  ['another symbol', { category: 'linear', symbol: 'ETHUSDT', list: [] }],
])('a reply with %s is no empty page', async (_name, result) => {
  const { client } = await serve(inTurn(success(result)), { maxAttempts: 1 })
  const call = client.recentTrade({ category: 'linear', symbol: 'BTCUSDT' })
  await expect(call).rejects.toMatchObject({ code: 'RESPONSE_MALFORMED', retryable: true })
})

const TRADE = {
  execId: 'id-1',
  symbol: 'BTCUSDT',
  price: '100000.10',
  size: '0.003',
  side: 'Buy',
  time: '1760000000101',
  isBlockTrade: false,
  isRPITrade: true,
  seq: '190000000001',
}

test("trades come oldest first and equal the socket's", async () => {
  const later = { ...TRADE, execId: 'id-2', time: '1760000000102' }
  const { client, hand } = await serve(
    inTurn(success({ category: 'linear', list: [later, TRADE] })),
  )
  const { items, deadLetters, exchangeTs, localTsUs } = await client.recentTrade({
    category: 'linear',
    symbol: 'BTCUSDT',
    limit: 1000,
  })
  expect(deadLetters).toEqual([])
  expect(exchangeTs).toBe(1_760_000_000_500)
  expect(items.map(({ tradeId }) => tradeId)).toEqual(['id-1', 'id-2'])
  expect(items[0]).toEqual({
    channel: 'publicTrade',
    category: 'linear',
    symbol: 'BTCUSDT',
    exchangeTs: 1_760_000_000_101,
    localTsUs,
    source: 'rest',
    tradeId: 'id-1',
    side: 'Buy',
    price: '100000.10',
    size: '0.003',
    tickDirection: null,
    isBlockTrade: false,
    isRpiTrade: true,
    seq: 190_000_000_001,
    matchIndex: -1,
    markPrice: null,
    indexPrice: null,
    markIv: null,
    iv: null,
  })
  expect(String(hand.asked[0]?.search)).toBe('?category=linear&symbol=BTCUSDT&limit=1000')
})

test('a bad row costs no other and keeps its bytes', async () => {
  const { execId: _, ...nameless } = TRADE
  const bad = [
    nameless,
    { ...TRADE, price: '' },
    { ...TRADE, size: 0.003 },
    { ...TRADE, time: '1760000000' },
    null,
    [TRADE],
  ].map((row) => JSON.stringify(row))
  const list = [JSON.stringify(TRADE), ...bad].join(' ,\n')
  const body = `{"retCode":0,"result":{"list":[] , "category":"linear","list":[${list}]},"time":1760000000500}`
  const { client } = await serve(inTurn(body))
  const { items, deadLetters } = await client.recentTrade({ category: 'linear', symbol: 'BTCUSDT' })
  expect(items).toHaveLength(1)
  expect(deadLetters.map(({ raw }) => Buffer.from(raw).toString())).toEqual(bad)
  expect(deadLetters.map(({ field }) => field)).toEqual([
    'execId',
    'price',
    'size',
    'time',
    null,
    null,
  ])
  expect(deadLetters[1]).toMatchObject({
    code: 'ITEM_MALFORMED',
    category: 'linear',
    channel: 'publicTrade',
    topic: '/v5/market/recent-trade',
    symbol: 'BTCUSDT',
    source: 'rest',
  })
  expect(deadLetters[1]?.reason).toMatch(/^price must be .* got ""$/)
})

test('a row that is not valid UTF-8 never becomes a trade with another id', async () => {
  const row = JSON.stringify({ ...TRADE, execId: 'id-?' })
  const text = `{"retCode":0,"result":{"list":[${row},${JSON.stringify(TRADE)}]},"time":1760000000500}`
  const body = Buffer.from(text)
  body[text.indexOf('?')] = 0xff
  const { client } = await serve(inTurn(body))
  const { items, deadLetters } = await client.recentTrade({ category: 'linear', symbol: 'BTCUSDT' })
  expect(items.map(({ tradeId }) => tradeId)).toEqual(['id-1'])
  expect(deadLetters[0]?.raw).toEqual(
    new Uint8Array(body.subarray(text.indexOf(row)).subarray(0, row.length)),
  )
})

test("tickers are snapshots at the reply's time; unknown keys are kept, unreadable values are not guessed", async () => {
  const list = [
    { symbol: 'BTCUSDT', lastPrice: '1.10', nextFundingTime: '0', bid1Price: '', newKey: { a: 1 } },
    { symbol: 'ETHUSDT', lastPrice: 'NaN' },
    { symbol: 'SOLUSDT', newKey: '\0' },
  ]
  const { client } = await serve(inTurn(success({ category: 'linear', list })))
  const { items, deadLetters, localTsUs } = await client.tickers({ category: 'linear' })
  expect(items).toHaveLength(1)
  expect(items[0]).toMatchObject({
    symbol: 'BTCUSDT',
    exchangeTs: 1_760_000_000_500,
    localTsUs,
    source: 'rest',
    seq: 0,
    isSnapshot: true,
    lastPrice: '1.10',
    nextFundingTime: null,
    bid1Price: null,
    extra: { newKey: { a: 1 } },
  })
  const [ticker] = items
  const fresh = changedFields(ticker?.changed ?? 0)
  expect(fresh.sort()).toEqual(['bid1Price', 'lastPrice', 'nextFundingTime'])
  expect(deadLetters.map(({ symbol, field }) => [symbol, field])).toEqual([
    ['ETHUSDT', 'lastPrice'],
    ['SOLUSDT', 'newKey'],
  ])
})

test('a reply of tickers without the time that identifies them is refused as a whole', async () => {
  const { client } = await serve(inTurn(success({ list: [] }, 'soon')), { maxAttempts: 1 })
  const call = client.tickers({ category: 'linear' })
  await expect(call).rejects.toMatchObject({ code: 'RESPONSE_MALFORMED' })
})

test.each([
  [{ environment: 'moon' as never }, 'environment'],
  [{ restUrl: 'ws://127.0.0.1' }, 'restUrl'],
  [{ timeoutMs: 0 }, 'timeoutMs'],
  [{ maxAttempts: 1.5 }, 'maxAttempts'],
])('%o is refused by name', (options, option) => {
  const refused = expect.objectContaining({ code: 'INVALID_OPTION', option })
  expect(() => new BybitRestClient(options)).toThrow(refused)
})
