import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  BybitPrivateRestClient,
  type PrivateRestClientOptions,
  RateLimiter,
} from '../../src/index.ts'
import { timeWindows } from '../../src/rest/lists/time-windows.ts'
import {
  ACCOUNT_ID,
  CREDENTIALS,
  envelope,
  type SignedAnswerer,
  type SignedHand,
  type SignedRequest,
  signedHand,
} from '../support/signed-hand.ts'

const DAY_MS = 86_400_000
const WEEK_MS = 7 * DAY_MS

const execution = (execId: string, execTime: number): object => ({
  symbol: 'BTCUSDT',
  execId,
  execTime: String(execTime),
  execPrice: '100000.10',
  execQty: '0.003',
  execType: 'Trade',
  side: 'Buy',
  seq: 190_000_000_001,
})

const page = (list: readonly object[], nextPageCursor = ''): string =>
  envelope(0, 'OK', { category: 'linear', list, nextPageCursor })

function clientOf(
  hand: SignedHand,
  options: Partial<PrivateRestClientOptions> = {},
): BybitPrivateRestClient {
  return new BybitPrivateRestClient({
    accountId: ACCOUNT_ID,
    credentials: CREDENTIALS,
    restUrl: hand.url,
    limiter: new RateLimiter({ endpointLimits: { '/v5/execution/list': 50 } }),
    random: () => 0,
    ...options,
  })
}

test('windows cover every millisecond, whether their ends are inclusive or not', () => {
  const times = fc.tuple(
    fc.integer({ min: 0, max: 3e12 }),
    fc.integer({ min: 0, max: 60 * DAY_MS }),
  )
  fc.assert(
    fc.property(times, ([from, span]) => {
      const to = from + span
      const windows = timeWindows(from, to)
      expect(windows[0]?.startTime).toBe(from - 1)
      expect(windows.at(-1)?.endTime).toBe(to + 1)
      for (const [index, { startTime, endTime }] of windows.entries()) {
        expect(endTime - startTime).toBeLessThan(WEEK_MS)
        // Even with exclusive ends, a window's first millisecond follows the last one of the window before.
        const before = windows[index - 1]
        if (before !== undefined) expect(startTime + 1).toBeLessThanOrEqual(before.endTime)
      }
    }),
    { numRuns: 300 },
  )
})

/** An exchange with one execution at each boundary of windows, whose ends are inclusive or not. */
function ledger(times: readonly number[], isInclusive: boolean): SignedAnswerer {
  return ({ query }) => {
    const [start, end] = [Number(query.get('startTime')), Number(query.get('endTime'))]
    if (end - start > WEEK_MS) return envelope(181010, 'range > 7 days')
    const found = times
      .filter((at) => (isInclusive ? at >= start && at <= end : at > start && at < end))
      .toSorted((a, b) => b - a)
    const offset = Number(query.get('cursor')?.split(':')[1] ?? 0)
    const rows = found.slice(offset, offset + 2).map((at) => execution(`e-${at}`, at))
    const next = offset + 2 < found.length ? encodeURIComponent(`at:${offset + 2}`) : ''
    return page(rows, next)
  }
}

test.each([true, false])(
  'every execution of a month is found, from the oldest window on (inclusive ends: %s)',
  async (isInclusive) => {
    const to = Date.now()
    const from = to - 30 * DAY_MS
    const edges = timeWindows(from, to).flatMap(({ startTime, endTime }) => [startTime, endTime])
    const times = [...new Set(edges.flatMap((at) => [at - 1, at, at + 1]))].filter(
      (at) => at >= from && at <= to,
    )
    const hand = await signedHand(ledger(times, isInclusive))
    const pages = clientOf(hand).executions({ category: 'linear', from, to })
    const { items, deadLetters, end } = await pages.all()
    expect(end).toBe('last_page')
    expect(deadLetters).toEqual([])
    const found = new Set(items.map(({ exchangeTs }) => exchangeTs))
    expect([...found].toSorted()).toEqual(times.toSorted())
    expect(items[0]).toMatchObject({
      channel: 'execution',
      accountId: ACCOUNT_ID,
      category: 'linear',
      source: 'rest',
    })
    const starts = hand.asked.map((url) => Number(new URLSearchParams(url).get('startTime')))
    expect(starts).toEqual(starts.toSorted((a, b) => a - b))
  },
)

test('without an end, windows reach to the exchange’s own now', async () => {
  const hand = await signedHand(() => page([]), 300_000)
  const before = Date.now()
  await clientOf(hand).executions({ category: 'linear', from: before }).all()
  const tookMs = Date.now() - before
  const end = Number(new URLSearchParams(hand.asked[0]).get('endTime'))
  // At least the exchange's now, which is known to within one round trip.
  const beyondMs = end - before - 300_000
  expect(beyondMs).toBeGreaterThanOrEqual(0)
  expect(beyondMs).toBeLessThanOrEqual(1_000 + 2 * tookMs + 1)
})

test('what the exchange no longer keeps is left out, and the end says so', async () => {
  const hand = await signedHand(() => page([]))
  const now = Date.now()
  const from = now - 800 * DAY_MS
  const { end } = await clientOf(hand)
    .executions({ category: 'linear', from, to: now - 720 * DAY_MS })
    .all()
  expect(end).toBe('beyond_history')
  const start = Number(new URLSearchParams(hand.asked[0]?.split('?')[1]).get('startTime'))
  expect(start).toBeGreaterThan(now - 730 * DAY_MS)
  const gone = clientOf(hand).executions({ category: 'linear', from, to: now - 750 * DAY_MS })
  await expect(gone.all()).resolves.toMatchObject({ items: [], end: 'beyond_history' })
})

test.each<[name: string, answer: SignedAnswerer, end: string]>([
  [
    'a repeated cursor',
    ({ count, query }) =>
      page([execution(`w${query.get('startTime')}`, Date.now())], `c${count % 2}`),
    'no_progress',
  ],
  [
    'an empty page with a cursor',
    ({ query }) => page(query.has('cursor') ? [] : [execution('x', Date.now())], 'more'),
    'empty_page',
  ],
])('%s ends its window, not the windows after it, and is told', async (_name, answer, end) => {
  const hand = await signedHand(answer)
  const now = Date.now()
  const pages = clientOf(hand).executions({ category: 'linear', from: now - 10 * DAY_MS, to: now })
  const collected = await pages.all()
  expect(collected.end).toBe(end)
  const starts = hand.asked.map((url) => new URLSearchParams(url).get('startTime'))
  expect(new Set(starts).size).toBe(2)
  expect(collected.items.length).toBeGreaterThan(1)
})

test.each<[name: string, fault: SignedAnswerer]>([
  ['HTML instead of JSON', () => '<html>'],
  [
    'a 502',
    (_request, response) => {
      response.writeHead(502)
      return 'bad gateway'
    },
  ],
  [
    'a reset mid-body',
    (_request, response) => {
      response.writeHead(200, { 'content-length': '900' }).write('{"retCode":0,"result":{"list":[{')
      setTimeout(() => response.destroy(), 5)
      return null
    },
  ],
])('%s between two pages loses and doubles nothing', async (_name, fault) => {
  const now = Date.now()
  const answer = ({ query }: SignedRequest): string =>
    query.has('cursor')
      ? page([execution('b', now - 2)])
      : page([execution('a', now - 1)], '132766%3A2%2C132766%3A2')
  const hand = await signedHand((request, response) =>
    request.count % 3 === 1 ? fault(request, response) : answer(request),
  )
  const { items, end } = await clientOf(hand)
    .executions({ category: 'linear', from: now - DAY_MS })
    .all()
  expect(items.map(({ execId }) => execId)).toEqual(['a', 'b'])
  expect(end).toBe('last_page')
})

test.each([
  ['no list', { list: null }],
  ['another category', { category: 'inverse', list: [] }],
])('a page with %s is no empty page', async (_name, result) => {
  const hand = await signedHand(() => envelope(0, 'OK', result))
  const pages = clientOf(hand).executions({ category: 'linear', from: Date.now() - DAY_MS })
  await expect(pages.all()).rejects.toMatchObject({ code: 'RESPONSE_MALFORMED', retryable: true })
})

test.each([
  ['from', { category: 'linear', from: 2, to: 1 }],
  ['from', { category: 'linear', from: Number.NaN }],
  ['to', { category: 'linear', from: 1, to: 1.5 }],
  ['baseCoin', { category: 'option', from: 1 }],
] as const)('a question that would mislead is refused: %s', async (option, query) => {
  const hand = await signedHand(() => page([]))
  const ask = async (): Promise<unknown> => await clientOf(hand).executions(query).all()
  await expect(ask()).rejects.toMatchObject({ code: 'INVALID_OPTION', option })
  expect(hand.asked).toEqual([])
})

test('a ledger entry and a closed position keep their digits and unknown keys', async () => {
  const transaction = {
    id: '592324_XRPUSDT_161440249321',
    symbol: 'XRPUSDT',
    side: 'Buy',
    funding: '-0.003676',
    orderLinkId: '',
    orderId: '1672128000-8-592324-1-2',
    fee: '0.00000000',
    change: '-0.003676',
    cashFlow: '0',
    transactionTime: '1672128000000',
    type: 'SETTLEMENT',
    feeRate: '0.0001',
    bonusChange: '',
    size: '100',
    qty: '100',
    cashBalance: '5086.55825002',
    currency: 'USDT',
    category: '',
    tradePrice: '0.3676',
    tradeId: '',
    extraFees: '',
    novelty: 1,
  }
  const closed = {
    symbol: 'ETHPERP',
    orderType: 'Market',
    leverage: '3',
    updatedTime: '1672214887236',
    side: 'Sell',
    orderId: '5a373bfe-188d-4913-9c81-d57ab5be8068',
    closedPnl: '-47.4065323700',
    fillCount: '1',
    createdTime: '1672214887231',
  }
  const hand = await signedHand(({ path }) =>
    path.endsWith('transaction-log')
      ? envelope(0, 'OK', { list: [transaction, { ...transaction, change: 'NaN' }] })
      : envelope(0, 'OK', { category: 'linear', list: [closed] }),
  )
  const client = clientOf(hand)
  const from = Date.now() - 1_000
  const { items, deadLetters } = await client.transactionLog({ from }).all()
  expect(items).toMatchObject([
    {
      channel: 'transaction',
      accountId: ACCOUNT_ID,
      transactionId: '592324_XRPUSDT_161440249321',
      exchangeTs: 1_672_128_000_000,
      category: null,
      tradeId: '',
      fee: '0.00000000',
      bonusChange: null,
      extraFees: null,
      source: 'rest',
      extra: { novelty: 1 },
    },
  ])
  expect(deadLetters).toMatchObject([{ field: 'change', accountId: ACCOUNT_ID, channel: null }])
  const pnl = await client.closedPnl({ category: 'linear', from }).all()
  expect(pnl.items).toMatchObject([
    {
      category: 'linear',
      closedPnl: '-47.4065323700',
      fillCount: 1,
      updatedTime: 1_672_214_887_236,
    },
  ])
})
