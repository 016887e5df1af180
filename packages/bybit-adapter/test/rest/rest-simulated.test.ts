import { type Simulator, type SimulatorOptions, startSimulator } from '@grid/bybit-sim'
import { CATEGORIES } from '@grid/core-events'
import { expect, onTestFinished, test } from 'vitest'
import { BybitRestClient, RateLimiter } from '../../src/index.ts'

const RECENT_TRADE = '/v5/market/recent-trade'
const SYMBOLS = {
  linear: 'BTCUSDT',
  inverse: 'BTCUSD',
  spot: 'ETHUSDT',
  option: 'BTC-25DEC26-100000-C-USDT',
}

async function simulate(options: SimulatorOptions = {}): Promise<Simulator> {
  const sim = await startSimulator({ seed: 11, paused: true, ...options })
  onTestFinished(() => sim.stop())
  return sim
}

const everywhere: SimulatorOptions = {
  symbols: [SYMBOLS.linear],
  inverse: [SYMBOLS.inverse],
  spot: [SYMBOLS.spot],
  option: [SYMBOLS.option],
}

test.each(CATEGORIES)(
  '%s: the newest trades are those that the simulator made',
  async (category) => {
    const sim = await simulate(everywhere)
    const symbol = SYMBOLS[category]
    const made = sim.trade({ category, symbol, count: 50, sameSeq: false })
    const client = new BybitRestClient({ restUrl: sim.restUrl, limiter: new RateLimiter() })
    const { items, deadLetters } = await client.recentTrade({ category, symbol })
    expect(deadLetters).toEqual([])
    const figures = items.map((item) => [
      item.tradeId,
      item.exchangeTs,
      item.price,
      item.size,
      item.side,
      item.seq,
    ])
    const truth = made.map((trade) => [
      trade.tradeId,
      trade.exchangeTs,
      trade.price,
      trade.size,
      trade.side,
      trade.seq,
    ])
    expect(figures.toSorted()).toEqual(truth.toSorted())

    const tickers = await client.tickers({ category, symbol })
    expect(tickers.deadLetters).toEqual([])
    expect(tickers.items).toMatchObject([{ category, symbol, source: 'rest', extra: null }])
    const instruments = await client.instrumentsInfo({ category }).all()
    expect(instruments).toMatchObject({ items: [{ symbol }], deadLetters: [], end: 'last_page' })
  },
)

test('600 instruments come in pages, each once', async () => {
  const symbols = Array.from({ length: 600 }, (_, index) => `COIN${index}USDT`)
  const sim = await simulate({ symbols })
  const client = new BybitRestClient({ restUrl: sim.restUrl, limiter: new RateLimiter() })
  const { items, end } = await client.instrumentsInfo({ category: 'linear', limit: 100 }).all()
  expect(items.map(({ symbol }) => symbol).sort()).toEqual(symbols.sort())
  expect(end).toBe('last_page')
})

test("twenty workers never exceed an endpoint's limit", async () => {
  const limit = 40
  const sim = await simulate({ rules: { restLimits: { [RECENT_TRADE]: limit } } })
  const limiter = new RateLimiter()
  const calls = 4 * limit
  let left = calls
  const work = async (): Promise<void> => {
    const client = new BybitRestClient({ restUrl: sim.restUrl, limiter })
    while (left-- > 0) {
      await client.recentTrade({ category: 'linear', symbol: 'BTCUSDT', limit: 10 })
    }
  }
  await Promise.all(Array.from({ length: 20 }, work))

  const [endpoint] = sim.restStats().endpoints
  expect(endpoint).toMatchObject({ requests: calls, refusals: 0 })
  expect(endpoint?.highest).toBeLessThanOrEqual(limit)
})

test('twenty workers on two host names never exceed the limit of the address', async () => {
  const rules = { maxRequests: 60, requestWindowMs: 1000 }
  const sim = await simulate({ rules })
  const limiter = new RateLimiter({ ipLimit: 60, ipWindowMs: 1000, ipShare: 0.5 })
  let left = 90
  const work = async (_: unknown, worker: number): Promise<void> => {
    const restUrl = sim.restUrl.replace('127.0.0.1', worker % 2 ? 'localhost' : '127.0.0.1')
    const client = new BybitRestClient({ restUrl, limiter })
    while (left-- > 0) {
      await (worker % 3 === 0 ? client.time() : client.tickers({ category: 'linear' }))
    }
  }
  await Promise.all(Array.from({ length: 20 }, work))
  const [address, ...others] = sim.restStats().addresses
  expect(others).toEqual([])
  expect(address).toMatchObject({ requests: 90, refusals: 0 })
  expect(address?.highest).toBeLessThanOrEqual(30)
})

test.each(CATEGORIES)('%s: the newest events of a stream are one page', async (category) => {
  const sim = await simulate(everywhere)
  const symbol = SYMBOLS[category]
  const most = category === 'spot' ? 60 : 1000
  const client = new BybitRestClient({ restUrl: sim.restUrl, limiter: new RateLimiter() })
  const stream = { category, channel: 'publicTrade', symbol } as const
  const few = sim.trade({ category, symbol, count: 3, sameSeq: false })
  const first = await client.recentEvents(stream)
  expect(first).toMatchObject({ isFull: false, isMixed: false })
  expect(first?.items.map((event) => 'tradeId' in event && event.tradeId).toSorted()).toEqual(
    few.map(({ tradeId }) => tradeId).toSorted(),
  )
  sim.trade({ category, symbol, count: most, sameSeq: false })
  expect(await client.recentEvents(stream)).toMatchObject({ isFull: true, items: { length: most } })
})

test('the newest trades of options are asked for by base coin, those of tickers not at all', async () => {
  const sim = await simulate(everywhere)
  const client = new BybitRestClient({ restUrl: sim.restUrl, limiter: new RateLimiter() })
  sim.trade({ category: 'option', symbol: SYMBOLS.option, count: 3 })
  const stream = { category: 'option', channel: 'publicTrade', symbol: 'BTC' } as const
  const page = await client.recentEvents(stream)
  expect(page).toMatchObject({ isFull: false, isMixed: true, items: { length: 3 } })
  // As the socket tells it, which has no such flag.
  expect(page?.items).toMatchObject(Array(3).fill({ isRpiTrade: null }))
  expect(await client.recentEvents({ ...stream, channel: 'ticker' })).toBeNull()
})
