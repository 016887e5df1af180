import { DefaultLogger, RestClientV5, WebsocketClient } from 'bybit-api'
import { expect, onTestFinished, test } from 'vitest'
import { optionSymbols, type Simulator, startSimulator } from '../../src/index.ts'

const OPTIONS = optionSymbols('BTC', [100_000, 120_000], Date.now())
const SETTINGS = {
  seed: 1,
  symbols: ['BTCUSDT', 'ETHUSDT', 'SOLUSDT', 'BTC-26DEC31'],
  inverse: ['BTCUSD', 'BTCUSDZ31'],
  spot: ['BTCUSDT', 'ETHUSDT', 'SOLUSDT', 'XRPUSDT', 'BTCUSDC'],
  option: OPTIONS,
}
type Family = 'linear' | 'inverse' | 'spot' | 'option'
type Rows = Record<string, unknown>[]

const silent: typeof DefaultLogger = {
  ...DefaultLogger,
  trace: () => {},
  info: () => {},
  error: () => {},
}

async function start(): Promise<Simulator> {
  const sim = await startSimulator(SETTINGS)
  onTestFinished(() => sim.stop())
  return sim
}

/** Subscribes to topics as a user would, and waits for data of each. */
async function receive(sim: Simulator, category: Family, topics: string[]): Promise<Set<string>> {
  const wsUrl = `${sim.wsUrl}/v5/public/${category}`
  const client = new WebsocketClient({ wsUrl }, silent)
  const exceptions: unknown[] = []
  const seen = new Set<string>()
  const complete = new Promise<void>((resolve) => {
    client.on('update', (update) => {
      // The client mistakes the acknowledgements of option sockets for data.
      if (update.topic !== undefined) seen.add(update.topic)
      if (topics.every((topic) => seen.has(topic))) resolve()
    })
  })
  client.on('exception', (exception) => exceptions.push(exception))
  await Promise.all(client.subscribeV5(topics, category))
  await complete
  client.closeAll(true)
  expect(exceptions).toEqual([])
  return seen
}

const PUBLIC_TOPICS: { readonly [Category in Family]: string[] } = {
  linear: SETTINGS.symbols.flatMap(topicsOf),
  inverse: SETTINGS.inverse.flatMap(topicsOf),
  spot: SETTINGS.spot.flatMap(topicsOf),
  option: [...OPTIONS.map((symbol) => `tickers.${symbol}`), 'publicTrade.BTC'],
}

function topicsOf(symbol: string): string[] {
  return [`tickers.${symbol}`, `publicTrade.${symbol}`, `orderbook.1.${symbol}`]
}

for (const [category, topics] of Object.entries(PUBLIC_TOPICS)) {
  test(`bybit-api receives every ${category} topic`, async () => {
    const sim = await start()
    const seen = await receive(sim, category as Family, topics)
    expect([...seen].sort()).toEqual(topics.toSorted())
  })
}

test('bybit-api resubscribes after a lost connection, and its pings are answered', async () => {
  const sim = await start()
  const wsUrl = `${sim.wsUrl}/v5/public/linear`
  const client = new WebsocketClient({ wsUrl, pingInterval: 100, reconnectTimeout: 50 }, silent)
  const updates: string[] = []
  const next = (): Promise<unknown> => new Promise((resolve) => client.once('update', resolve))
  client.on('update', (update) => updates.push(update.topic))
  await Promise.all(client.subscribeV5(['publicTrade.BTCUSDT'], 'linear'))
  await next()
  const reconnected = new Promise((resolve) => client.once('reconnected', resolve))
  await sim.fault({ kind: 'close', abrupt: true })
  await reconnected
  await next()
  client.closeAll(true)
  expect(sim.connections().map((connection) => connection.topics)).toEqual([
    ['publicTrade.BTCUSDT'],
    ['publicTrade.BTCUSDT'],
  ])
})

test('bybit-api reads every REST endpoint, in every category that has it', async () => {
  const sim = await start()
  for (const symbol of ['BTCUSDT', 'ETHUSDT']) sim.trade({ symbol, count: 100 })
  sim.trade({ category: 'inverse', symbol: 'BTCUSD', count: 100 })
  sim.trade({ category: 'spot', symbol: 'BTCUSDT', count: 100 })
  sim.trade({ category: 'option', symbol: OPTIONS[0] ?? '', count: 100 })
  const client = new RestClientV5({ baseUrl: sim.restUrl, throwExceptions: true })
  expect((await client.getServerTime()).result.timeSecond).toMatch(/^\d{10}$/)
  const symbols = { linear: 'BTCUSDT', inverse: 'BTCUSD', spot: 'BTCUSDT' } as const
  for (const category of ['linear', 'inverse', 'spot'] as const) {
    const symbol = symbols[category]
    const info = await client.getInstrumentsInfo({ category })
    expect(rows(info).map((row) => row['symbol'])).toContain(symbol)
    const kline = await client.getKline({ category, symbol, interval: '1' })
    expect(kline.result.list.length).toBeGreaterThan(0)
    const trades = await client.getPublicTradingHistory({ category, symbol, limit: 50 })
    expect(trades.result.list).toHaveLength(50)
  }
  const option = await client.getInstrumentsInfo({ category: 'option', baseCoin: 'BTC' })
  expect(rows(option)).toHaveLength(OPTIONS.length)
  const linear = await client.getTickers({ category: 'linear' })
  expect(rows(linear)).toHaveLength(SETTINGS.symbols.length)
  expect(rows(await client.getTickers({ category: 'inverse', symbol: 'BTCUSD' }))).toHaveLength(1)
  expect(rows(await client.getTickers({ category: 'spot' }))).toHaveLength(SETTINGS.spot.length)
  const options = await client.getTickers({ category: 'option', baseCoin: 'BTC' })
  expect(rows(options)).toHaveLength(OPTIONS.length)
  const [symbol = ''] = OPTIONS
  const traded = await client.getPublicTradingHistory({ category: 'option', symbol })
  expect(traded.result.list.length).toBeGreaterThanOrEqual(100)
  for (const category of ['linear', 'inverse'] as const) {
    const symbol = symbols[category]
    const funding = await client.getFundingRateHistory({ category, symbol })
    expect(funding.result.list).toHaveLength(200)
    const interest = await client.getOpenInterest({ category, symbol, intervalTime: '5min' })
    expect(interest.result.list).toHaveLength(50)
  }
})

test('bybit-api walks the pages of instruments', async () => {
  const sim = await start()
  const client = new RestClientV5({ baseUrl: sim.restUrl })
  const found: unknown[] = []
  let cursor: string | undefined
  do {
    const page = await client.getInstrumentsInfo({
      category: 'linear',
      limit: 1,
      // The client encodes what it is given: the cursor as it came would be encoded twice.
      ...(cursor === undefined ? {} : { cursor: decodeURIComponent(cursor) }),
    })
    found.push(...rows(page).map((row) => row['symbol']))
    cursor = 'nextPageCursor' in page.result ? String(page.result.nextPageCursor) : ''
  } while (cursor !== '')
  expect(found).toEqual(SETTINGS.symbols.toSorted())
})

function rows(reply: { result: { list: unknown } }): Rows {
  return reply.result.list as Rows
}
