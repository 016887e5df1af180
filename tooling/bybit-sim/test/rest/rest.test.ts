import { expect, test } from 'vitest'
import { type Simulator, startSimulator } from '../../src/index.ts'
import { SteppedClock } from '../support/stepped-clock.ts'

// These tests read replies without types, as a foreign client would.
type Reply = { retCode: number; retMsg: string; result: Record<string, never>; time: number }

const quiet = { seed: 1, paused: true }

async function get(sim: Simulator, path: string): Promise<Reply> {
  const response = await fetch(`${sim.restUrl}/v5/market/${path}`)
  expect(response.status).toBe(200)
  return (await response.json()) as Reply
}

async function listOf(sim: Simulator, path: string): Promise<Record<string, never>[]> {
  const { retCode, retMsg, result } = await get(sim, path)
  expect([retCode, retMsg]).toEqual([0, 'OK'])
  return result['list'] as unknown as Record<string, never>[]
}

test('time gives the exchange’s clock, which a fault can make wrong', async () => {
  const clock = new SteppedClock()
  await using sim = await startSimulator({ ...quiet, clock })
  const right = await get(sim, 'time')
  expect(right).toEqual({
    retCode: 0,
    retMsg: 'OK',
    result: { timeSecond: '1760000000', timeNano: '1760000000000000000' },
    retExtInfo: {},
    time: 1_760_000_000_000,
  })
  await sim.fault({ kind: 'clock-offset', offsetMs: -2500 })
  expect((await get(sim, 'time')).time).toBe(1_759_999_997_500)
  const [trade] = sim.trade({ symbol: 'BTCUSDT' })
  expect(trade?.exchangeTs).toBeLessThanOrEqual(1_759_999_997_500)
  expect(trade?.producedAtUs).toBe(1_760_000_000_000_000)
})

test('recent-trade gives the newest 1000 trades as they were streamed, newest first', async () => {
  const spot = ['BTCUSDT']
  await using sim = await startSimulator({ ...quiet, spot })
  const placed = sim.trade({ symbol: 'BTCUSDT', count: 2500, sameSeq: false })
  sim.trade({ symbol: 'BTCUSDT', category: 'spot', count: 100 })
  const rows = await listOf(sim, 'recent-trade?category=linear&symbol=BTCUSDT&limit=1000')
  expect(rows).toEqual(
    placed
      .slice(-1000)
      .reverse()
      .map((t) => ({
        execId: t.tradeId,
        symbol: 'BTCUSDT',
        price: t.price,
        size: t.size,
        side: t.side,
        time: String(t.exchangeTs),
        isBlockTrade: t.isBlockTrade,
        isRPITrade: t.isRpiTrade,
        seq: String(t.seq),
      })),
  )
  expect(await listOf(sim, 'recent-trade?category=linear&symbol=BTCUSDT')).toHaveLength(500)
  expect(await listOf(sim, 'recent-trade?category=spot&symbol=BTCUSDT&limit=500')).toHaveLength(60)
})

test('candles of every length sum up the streamed trades', async () => {
  const clock = new SteppedClock()
  const inverse = ['BTCUSD']
  await using sim = await startSimulator({ seed: 3, inverse, clock, tradesPerSecond: 20 })
  for (let second = 0; second < 200; second++) clock.jump(1000)
  const { trades } = sim.truth()
  for (const [category, symbol] of [
    ['linear', 'BTCUSDT'],
    ['inverse', 'BTCUSD'],
  ]) {
    const own = trades.filter((t) => t.category === category)
    const sum = own.filter((t) => t.symbol === symbol).reduce((all, t) => all + Number(t.size), 0)
    for (const interval of ['1', '3', '60', 'D', 'W', 'M']) {
      const query = `kline?category=${category}&symbol=${symbol}&interval=${interval}`
      const list = (await listOf(sim, query)) as unknown as string[][]
      const volume = list.reduce((all, row) => all + Number(row[5]), 0)
      expect(volume, query).toBeCloseTo(sum, 6)
      expect(list.every((row) => row.length === 7)).toBe(true)
    }
  }
  const minutes = (await listOf(
    sim,
    'kline?category=linear&symbol=BTCUSDT&interval=1',
  )) as unknown as string[][]
  expect(minutes.length).toBeGreaterThan(3)
  const starts = minutes.map((row) => Number(row[0]))
  expect(starts).toEqual(starts.toSorted((a, b) => b - a))
  const one = trades.filter((t) => t.symbol === 'BTCUSDT' && t.exchangeTs >= (starts[0] ?? 0))
  expect(minutes[0]?.[1]).toBe(String(Number(one[0]?.price)))
  expect(minutes[0]?.[4]).toBe(String(Number(one.at(-1)?.price)))
})

test('instruments come in pages; a cursor that is encoded twice gives the first page again', async () => {
  const symbols = Array.from({ length: 25 }, (_, index) => `A${String(index).padStart(2, '0')}USDT`)
  await using sim = await startSimulator({ ...quiet, symbols, spot: ['BTCUSDT', 'ETHUSDT'] })
  const found: string[] = []
  let cursor = ''
  do {
    const { result } = await get(sim, `instruments-info?category=linear&limit=10&cursor=${cursor}`)
    found.push(...(result['list'] as unknown as { symbol: string }[]).map((row) => row.symbol))
    cursor = String(result['nextPageCursor'])
  } while (cursor !== '')
  expect(found).toEqual(symbols)
  const twice = encodeURIComponent('first%3DA00USDT%26last%3DA09USDT')
  const again = await listOf(sim, `instruments-info?category=linear&limit=10&cursor=${twice}`)
  expect(again[0]).toMatchObject({ symbol: 'A00USDT' })
  const spot = await get(sim, 'instruments-info?category=spot&limit=1')
  expect(spot.result['list']).toHaveLength(2)
  expect(Object.keys(spot.result)).toEqual(['category', 'list'])
})

test.each([
  ['BTC', { '': 1, '&baseCoin=ETH': 1, '&baseCoin=All': 2, '&symbol=ETH-26DEC31-4000-C-USDT': 1 }],
  [null, { '': 2, '&baseCoin=ETH': 1 }],
])('options without a coin are those of %s', async (optionBaseCoin, counts) => {
  const option = ['BTC-26DEC31-120000-C-USDT', 'ETH-26DEC31-4000-C-USDT']
  await using sim = await startSimulator({ ...quiet, option, rules: { optionBaseCoin } })
  for (const [query, count] of Object.entries(counts)) {
    const list = await listOf(sim, `instruments-info?category=option${query}`)
    expect(list, query).toHaveLength(count)
  }
})

test('a delisted instrument leaves the list of trading ones, and is listed as Closed', async () => {
  await using sim = await startSimulator(quiet)
  sim.delist('linear', 'BTCUSDT')
  const trading = await listOf(sim, 'instruments-info?category=linear')
  expect(trading.map((row) => row['symbol'])).not.toContain('BTCUSDT')
  for (const query of ['status=Closed', 'symbol=BTCUSDT']) {
    const rows = await listOf(sim, `instruments-info?category=linear&${query}`)
    expect(rows).toMatchObject([{ symbol: 'BTCUSDT', status: 'Closed' }])
  }
  expect(await get(sim, 'tickers?category=linear&symbol=BTCUSDT')).toMatchObject({ retCode: 10001 })
  expect(await listOf(sim, 'tickers?category=linear')).toHaveLength(3)
})

test('funding history is paged by its end, and settled rates are those of the ticker', async () => {
  const clock = new SteppedClock()
  await using sim = await startSimulator({ seed: 1, symbols: ['BTCUSDT'], clock })
  const query = 'funding/history?category=linear&symbol=BTCUSDT'
  const first = await listOf(sim, query)
  expect(first).toHaveLength(200)
  const oldest = Number(first.at(-1)?.['fundingRateTimestamp'])
  const second = await listOf(sim, `${query}&endTime=${oldest - 1}&limit=2`)
  expect(second.map((row) => Number(row['fundingRateTimestamp']))).toEqual([
    oldest - 8 * 3_600_000,
    oldest - 16 * 3_600_000,
  ])
  expect(await get(sim, `${query}&startTime=1`)).toMatchObject({ retCode: 10001 })
  const next = Number((await listOf(sim, 'tickers?category=linear'))[0]?.['nextFundingTime'])
  clock.jump(next - 1_760_000_000_000 - 500)
  clock.advance(400)
  sim.pause()
  const before = (await listOf(sim, 'tickers?category=linear'))[0]?.['fundingRate']
  sim.resume()
  clock.advance(300)
  const [settled] = await listOf(sim, query)
  expect(settled).toEqual({
    symbol: 'BTCUSDT',
    fundingRate: before,
    fundingRateTimestamp: String(next),
  })
})

test('cursors page through open interest to the start of the range', async () => {
  const clock = new SteppedClock()
  await using sim = await startSimulator({ ...quiet, clock })
  const startTime = 1_760_000_000_000 - 3_600_000
  const times: number[] = []
  let cursor = ''
  do {
    const query = `category=linear&symbol=BTCUSDT&intervalTime=5min&startTime=${startTime}`
    const { result } = await get(sim, `open-interest?${query}&limit=5&cursor=${cursor}`)
    const list = result['list'] as unknown as { timestamp: string }[]
    times.push(...list.map((row) => Number(row.timestamp)))
    cursor = String(result['nextPageCursor'])
  } while (cursor !== '')
  expect(times).toHaveLength(12)
  expect(times).toEqual(times.map((_, index) => (times[0] ?? 0) - index * 300_000))
})

test('bad parameters get HTTP 200 with 10001, unknown paths get 404', async () => {
  await using sim = await startSimulator(quiet)
  for (const path of [
    'tickers',
    'tickers?category=nope',
    'tickers?category=option',
    'tickers?category=linear&symbol=NOPEUSDT',
    'recent-trade?category=linear',
    'kline?category=linear&symbol=BTCUSDT&interval=7',
    'kline?category=option&symbol=BTCUSDT&interval=1',
    'open-interest?category=linear&symbol=BTCUSDT&intervalTime=2h',
    'recent-trade?category=linear&symbol=BTCUSDT&limit=x',
  ]) {
    expect(await get(sim, path), path).toMatchObject({ retCode: 10001, result: {} })
  }
  expect((await fetch(`${sim.restUrl}/v5/market/nope`)).status).toBe(404)
  expect((await fetch(`${sim.restUrl}//`)).status).toBe(404)
})

test('too many requests from an address freeze it for ten minutes', async () => {
  const clock = new SteppedClock()
  await using sim = await startSimulator({ ...quiet, clock, rules: { maxRequests: 5 } })
  const ask = async (): Promise<number> => (await fetch(`${sim.restUrl}/v5/market/time`)).status
  for (let count = 0; count < 5; count++) expect(await ask()).toBe(200)
  clock.advance(5000)
  for (let count = 0; count < 5; count++) expect(await ask()).toBe(200)
  const refused = await fetch(`${sim.restUrl}/v5/market/time`)
  expect([refused.status, await refused.text()]).toEqual([403, 'access too frequent'])
  clock.advance(599_000)
  expect(await ask()).toBe(403)
  clock.advance(1000)
  expect(await ask()).toBe(200)
  expect(sim.restStats()).toMatchObject({
    requests: 13,
    addresses: [{ requests: 13, highest: 6, refusals: 2 }],
    endpoints: [{ path: '/v5/market/time', requests: 11, refusals: 0, limit: null }],
  })
})

for (const restLimitHeaders of [true, false]) {
  test(`requests beyond a path’s limit get 10006, ${restLimitHeaders ? 'with' : 'without'} headers`, async () => {
    const clock = new SteppedClock()
    const rules = { restLimits: { '/v5/market/time': 2 }, restLimitHeaders }
    await using sim = await startSimulator({ ...quiet, clock, rules })
    const ask = async (): Promise<unknown[]> => {
      const response = await fetch(`${sim.restUrl}/v5/market/time`)
      const { retCode } = (await response.json()) as Reply
      const names = ['limit', 'limit-status', 'limit-reset-timestamp']
      return [retCode, ...names.map((name) => response.headers.get(`x-bapi-${name}`))]
    }
    const told = (...values: unknown[]): unknown[] =>
      restLimitHeaders ? values : values.map(() => null)
    expect(await ask()).toEqual([0, ...told('2', '1', '1760000000000')])
    expect(await ask()).toEqual([0, ...told('2', '0', '1760000000000')])
    expect(await ask()).toEqual([10006, ...told('2', '0', '1760000001000')])
    clock.advance(1000)
    expect(await ask()).toEqual([0, ...told('2', '1', '1760000001000')])
    expect(sim.restStats().endpoints).toMatchObject([{ highest: 3, refusals: 1, limit: 2 }])
  })
}

test('each REST fault hits one request, and only its own path', async () => {
  await using sim = await startSimulator(quiet)
  const path = '/v5/market/instruments-info'
  const ask = (): Promise<Response> => fetch(`${sim.restUrl}${path}?category=linear&limit=2`)
  await sim.fault({ kind: 'rest', how: 'html', path })
  expect((await fetch(`${sim.restUrl}/v5/market/time`)).headers.get('content-type')).toContain(
    'json',
  )
  const html = await ask()
  expect([html.status, html.headers.get('content-type')]).toEqual([200, 'text/html'])
  await sim.fault({ kind: 'rest', how: '502', path })
  expect((await ask()).status).toBe(502)
  await sim.fault({ kind: 'rest', how: 'reset', path })
  await expect(ask().then((response) => response.text())).rejects.toThrow()
  await sim.fault({ kind: 'rest', how: 'limited', path })
  expect(await (await ask()).json()).toMatchObject({ retCode: 10006 })
  await sim.fault({ kind: 'rest', how: 'empty-page', path })
  const empty = (await (await ask()).json()) as Reply
  expect(empty.result).toMatchObject({ list: [], nextPageCursor: expect.stringContaining('%3D') })
  await sim.fault({ kind: 'rest', how: 'repeat-cursor', path, count: 2 })
  const first = (await (await ask()).json()) as Reply
  const cursor = String(first.result['nextPageCursor'])
  const second = await fetch(`${sim.restUrl}${path}?category=linear&limit=2&cursor=${cursor}`)
  expect(((await second.json()) as Reply).result['nextPageCursor']).toBe(cursor)
  expect(((await (await ask()).json()) as Reply).result['list']).toHaveLength(2)
})

test('a late reply waits for the clock', async () => {
  const clock = new SteppedClock()
  await using sim = await startSimulator({ ...quiet, clock })
  await sim.fault({ kind: 'rest', how: 'late', delayMs: 5000 })
  let done = false
  const late = fetch(`${sim.restUrl}/v5/market/time`).then((response) => {
    done = true
    return response.status
  })
  await fetch(`${sim.restUrl}/v5/market/time`)
  expect(done).toBe(false)
  clock.advance(5000)
  expect(await late).toBe(200)
})
