import { type Category, TICKER_FIELDS, type TickerFieldName } from '@grid/core-events'
import { expect, test } from 'vitest'
import { BybitRestClient, RateLimiter } from '../../src/index.ts'
import { httpHand, success } from '../support/http-hand.ts'
import { realMessages, whyNoRealMessages } from '../support/real-messages.ts'

interface Wire {
  readonly retCode: number
  readonly retMsg: string
  readonly result: Record<string, unknown>
  readonly time: number
}

/** The recorded replies by file name; bare results are put back into an envelope. */
function replies(path: RegExp): readonly Wire[] {
  return [...realMessages(path).values()].flat().map((line) => {
    const value = JSON.parse(line) as Wire & Record<string, unknown>
    return 'retCode' in value ? value : (JSON.parse(success(value)) as Wire)
  })
}

async function clientFor(reply: Wire): Promise<BybitRestClient> {
  const { url } = await httpHand((response) => response.end(JSON.stringify(reply)))
  return new BybitRestClient({ restUrl: url, limiter: new RateLimiter(), maxAttempts: 1 })
}

const rowsOf = (reply: Wire): readonly Record<string, unknown>[] =>
  reply.result['list'] as readonly Record<string, unknown>[]
const categoryOf = (reply: Wire): Category => reply.result['category'] as Category

/** Every leaf of a value, by its path. */
function leaves(value: unknown, path = ''): [path: string, leaf: unknown][] {
  if (typeof value !== 'object' || value === null) return [[path, value]]
  return Object.entries(value).flatMap(([key, member]) => leaves(member, `${path}.${key}`))
}

/** What a leaf of the exchange's becomes: times become numbers, empty texts null, digits are kept. */
function expectLeaf(actual: unknown, wire: unknown, path: string): void {
  const isNothing = wire === '' || (wire === '0' && path.endsWith('Time'))
  expect(isNothing ? (actual ?? '') : String(actual), path).toBe(isNothing ? '' : String(wire))
}

test('real tickers of every category, digit for digit', async (context) => {
  if (whyNoRealMessages !== null) context.skip(whyNoRealMessages)
  const all = replies(/rest_(result_)?tickers.*\.ndjson$/)
  expect(all.length).toBeGreaterThanOrEqual(5)
  for (const reply of all) {
    const client = await clientFor(reply)
    const { items, deadLetters } = await client.tickers({ category: categoryOf(reply) })
    expect(deadLetters).toEqual([])
    expect(items).toHaveLength(rowsOf(reply).length)
    for (const [at, row] of rowsOf(reply).entries()) {
      expect(items[at]).toMatchObject({
        exchangeTs: reply.time,
        seq: 0,
        source: 'rest',
        extra: null,
      })
      for (const [key, value] of Object.entries(row)) {
        if (key !== 'symbol') expect(TICKER_FIELDS, `${key} is mapped`).toHaveProperty(key)
        expectLeaf(items[at]?.[key as TickerFieldName], value, key)
      }
    }
  }
})

const TRADE_FIELDS = {
  execId: 'tradeId',
  symbol: 'symbol',
  price: 'price',
  size: 'size',
  side: 'side',
  time: 'exchangeTs',
  isBlockTrade: 'isBlockTrade',
} as const

test('real recent trades, digit for digit', async (context) => {
  if (whyNoRealMessages !== null) context.skip(whyNoRealMessages)
  const all = replies(/rest_(recent_trade|result_public_trading_history)\.ndjson$/)
  expect(all).toHaveLength(2)
  for (const reply of all) {
    const client = await clientFor(reply)
    const page = await client.recentTrade({ category: categoryOf(reply), symbol: symbolOf(reply) })
    expect(page.deadLetters).toEqual([])
    const byId = new Map(page.items.map((item) => [item.tradeId, item]))
    expect(byId.size).toBe(rowsOf(reply).length)
    for (const row of rowsOf(reply)) {
      for (const [key, value] of Object.entries(row)) {
        expect(TRADE_FIELDS, `${key} is mapped`).toHaveProperty(key)
        const item = byId.get(String(row['execId']))
        expectLeaf(item?.[TRADE_FIELDS[key as keyof typeof TRADE_FIELDS]], value, key)
      }
    }
    const times = page.items.map(({ exchangeTs }) => exchangeTs)
    expect(times).toEqual(times.toSorted((a, b) => a - b))
  }
})

const symbolOf = (reply: Wire): string =>
  String(reply.result['symbol'] ?? rowsOf(reply)[0]?.['symbol'])

test('real instruments, digit for digit', async (context) => {
  if (whyNoRealMessages !== null) context.skip(whyNoRealMessages)
  const all = replies(/rest_instruments_info\.ndjson$/)
  expect(all.reduce((sum, reply) => sum + rowsOf(reply).length, 0)).toBeGreaterThan(500)
  for (const reply of all) {
    const client = await clientFor(reply)
    // The recorded reply is sent for every page.
    for await (const page of client.instrumentsInfo({ category: categoryOf(reply) })) {
      expect(page.deadLetters).toEqual([])
      for (const [at, row] of rowsOf(reply).entries()) {
        const item = new Map(leaves(page.items[at]))
        for (const [path, value] of leaves(row)) expectLeaf(item.get(path), value, path)
        expect(page.items[at]?.extra).toBeNull()
      }
      break
    }
  }
})

test('real candles, funding rates and open interest, digit for digit', async (context) => {
  if (whyNoRealMessages !== null) context.skip(whyNoRealMessages)
  const [klines] = replies(/live\/rest_kline\.ndjson$/)
  const [funding, interest] = replies(/live\/rest_other\.ndjson$/)
  if (!klines || !funding || !interest) throw new Error('a recorded reply is missing')

  const spot = await clientFor(klines)
  const candles = await spot.kline({ category: 'spot', symbol: 'BTCUSDT', interval: 'W' })
  const columns = candles.items.map((item) => Object.values(item).map(String))
  expect(columns).toEqual(klines.result['list'])

  const fundings = await (await clientFor(funding))
    .fundingHistory({ category: 'linear', symbol: 'BTCUSDT' })
    .all()
  const asSent = fundings.items.map(({ symbol, fundingRate, fundingTs }) => {
    return { symbol, fundingRate, fundingRateTimestamp: String(fundingTs) }
  })
  expect(asSent).toEqual(funding.result['list'])

  const samples = await (await clientFor(interest))
    .openInterest({ category: 'linear', symbol: 'SSVUSDT', interval: '1d' })
    [Symbol.asyncIterator]()
    .next()
  const page = samples.value
  if (typeof page === 'string') throw new Error('there was no page')
  const sent = page.items.map(({ openInterest, ts }) => ({ openInterest, timestamp: String(ts) }))
  expect(sent).toEqual(interest.result['list'])
})

test('real times, empty lists and refusals', async (context) => {
  if (whyNoRealMessages !== null) context.skip(whyNoRealMessages)
  for (const reply of replies(/rest_time\.ndjson$/)) {
    const { exchangeTs, timeNano } = await (await clientFor(reply)).time()
    expect([exchangeTs, timeNano]).toEqual([reply.time, reply.result['timeNano']])
    expect(timeNano.startsWith(String(reply.result['timeSecond']))).toBe(true)
  }
  for (const reply of replies(/rest_empty_list\.ndjson$/)) {
    const { items } = await (await clientFor(reply)).recentTrade({ category: 'linear' })
    expect(items).toEqual([])
  }
  const refusals = replies(/rest_error\.ndjson$/)
  expect(refusals.length).toBeGreaterThan(5)
  for (const { retCode, retMsg, ...rest } of refusals) {
    const client = await clientFor({ retCode, retMsg, ...rest })
    const call = client.tickers({ category: 'linear' })
    await expect(call).rejects.toMatchObject({ retCode, retryable: retCode === 10002 })
  }
})
