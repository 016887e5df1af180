import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { type SimulatorSettings, spawnSimulator } from '../../src/index.ts'
import { readFlags, writeFlags } from '../../src/process/flags.ts'
import { readOptions } from '../../src/simulator/simulator-options.ts'
import { Client, tickerRows, tradeRows } from '../support/client.ts'
import { authRequest, rowsOf } from '../support/private-client.ts'
import { truthTickerRows, truthTradeRows } from '../support/truth-rows.ts'

test('a simulator in its own process can be steered and gives its truth', async () => {
  const sim = await spawnSimulator({ seed: 4, symbols: ['BTCUSDT'], tradesPerSecond: 500 })
  const client = await Client.open(sim.wsUrl)
  await client.subscribe('publicTrade.BTCUSDT', 'tickers.BTCUSDT')
  await client.until(() => client.frames('publicTrade.BTCUSDT').length > 20)
  const { seq } = await sim.burst({ symbol: 'BTCUSDT', trades: 3000 })
  await sim.fault({ kind: 'close', abrupt: true })
  expect(await client.closed).toBe(1006)
  await sim.pause()
  const truth = await sim.truth()
  expect(tradeRows(client, 'BTCUSDT')).toEqual(truthTradeRows(truth, 'BTCUSDT', 1))
  expect(tickerRows(client, 'BTCUSDT')).toEqual(truthTickerRows(truth, 'BTCUSDT', 1))
  expect(truth.trades.filter((trade) => trade.seq === seq)).toHaveLength(3000)
  const { symbols, connections } = await sim.stats()
  expect(symbols).toEqual(truth.symbols)
  expect(connections).toMatchObject([{ number: 1, open: false, endedBy: 'simulator' }])
  await expect(sim.burst({ symbol: 'NOPE', trades: 1 })).rejects.toThrow('NOPE')
  await sim.stop()
  await expect(Client.open(sim.wsUrl)).rejects.toThrow('ECONNREFUSED')
})

test('accounts in the process can be opened, traded for and read', async () => {
  await using sim = await spawnSimulator({ accounts: 2, fillsPerSecond: 200, paused: true })
  const [one, other] = await sim.exchange('accounts')
  expect([one?.positionMode, other?.positionMode]).toEqual(['one-way', 'hedge'])
  const { uid, keys } = await sim.exchange('openAccount', { uid: '77' })
  const client = await Client.open(sim.wsUrl, '/v5/private')
  await client.ask(authRequest(keys[0] ?? { apiKey: '', secret: '' }))
  await client.subscribe('order')
  const order = { symbol: 'BTCUSDT', side: 'Buy', qty: '0.01', price: '90000' } as const
  const orderId = await sim.exchange('placeOrder', uid, order)
  await sim.exchange('amendOrder', uid, orderId, { qty: '0.02' })
  await sim.exchange('fillOrder', uid, orderId, { qty: '0.005' })
  await client.until(() => rowsOf(client, 'order').length === 3)
  const books = await sim.exchange('books', uid)
  expect(rowsOf(client, 'order')).toEqual(books.orderHistory)
  expect(books.orders).toMatchObject([{ orderId, qty: '0.02', cumExecQty: '0.005' }])
  await expect(sim.exchange('cancelOrder', uid, 'none')).rejects.toThrow('has no order none')

  await sim.resume()
  await client.until(() => rowsOf(client, 'order').length > 20)
  await sim.pause()
  expect((await sim.exchange('books', one?.uid ?? '')).executions.length).toBeGreaterThan(0)
})

test('the process has all categories, REST and the archive, and can be steered', async () => {
  const settings = { symbols: [], inverse: ['BTCUSD'], spot: ['BTCUSDT'], paused: true }
  const rules = { restLimits: { '/v5/market/time': 1 } }
  await using sim = await spawnSimulator({ ...settings, rules })
  await sim.list('linear', 'NEWUSDT')
  await sim.delist('spot', 'BTCUSDT')
  const client = await Client.open(sim.wsUrl)
  expect(await client.subscribe('publicTrade.NEWUSDT')).toContain('"success":true')
  await sim.burst({ symbol: 'NEWUSDT', trades: 3 })
  await sim.burst({ symbol: 'BTCUSD', category: 'inverse', trades: 2 })
  const { symbols } = await sim.stats()
  expect(symbols.map((t) => [t.category, t.symbol, t.trades.produced])).toEqual([
    ['inverse', 'BTCUSD', 2],
    ['spot', 'BTCUSDT', 0],
    ['linear', 'NEWUSDT', 3],
  ])
  const spot = await fetch(`${sim.restUrl}/v5/market/instruments-info?category=spot`)
  expect(await spot.json()).toMatchObject({ retCode: 0, result: { list: [] } })
  await sim.fault({ kind: 'rest', how: '502', path: '/v5/market/time' })
  for (const status of [502, 200]) {
    expect((await fetch(`${sim.restUrl}/v5/market/time`)).status).toBe(status)
  }
  await sim.preList('BIOUSDT', { phase: 'ContinuousTrading' })
  await sim.changeInstrument('linear', 'BIOUSDT', { fullName: 'Bio Protocol' })
  const preMarket = 'instruments-info?category=linear&status=PreLaunch'
  expect(await (await fetch(`${sim.restUrl}/v5/market/${preMarket}`)).json()).toMatchObject({
    result: { list: [{ symbol: 'BIOUSDT', fullName: 'Bio Protocol' }] },
  })
  await expect(sim.preList('BIOUSDT', { phase: 'Odd' as never })).rejects.toThrow('phase must be')
  expect((await sim.restStats()).endpoints).toMatchObject([
    { path: '/v5/market/instruments-info', requests: 2, limit: null },
    { path: '/v5/market/time', requests: 2, limit: 1 },
  ])
  expect((await fetch(`${sim.archiveUrl}/trading/`)).status).toBe(404)
  await expect(sim.fault({ kind: 'rest', how: 'odd' as never })).rejects.toThrow('rest.how')
})

test('SIGTERM ends the process with 0, after everything that was sent', async () => {
  const sim = await spawnSimulator({ seed: 4, symbols: ['BTCUSDT'], truth: 'digest' })
  const client = await Client.open(sim.wsUrl)
  await client.subscribe('tickers.BTCUSDT')
  process.kill(sim.pid ?? 0, 'SIGTERM')
  expect(await client.closed).toBe(1001)
  expect(await sim.exitCode).toBe(0)
})

test('bad settings are reported and end the process', async () => {
  await expect(spawnSimulator({ symbols: ['btc usdt'] })).rejects.toThrow('code 2')
})

test.each([
  [['--rules={"maxRequest":5}'], 'there is no rule "maxRequest"'],
  [['--rules={"maxRequests":"5"}'], 'rule "maxRequests" must be a number'],
  [['--rules=[]'], 'rules must be an object'],
  [['--http-port=70000'], 'httpPort must be a port'],
  [['--control-port=-1'], '--control-port must be a port'],
  [['--accounts=1.5'], 'accounts must be a whole number'],
])('%s is refused', (args, reason) => {
  expect(() => readOptions(readFlags(args).settings)).toThrow(reason)
})

test('--help names every flag', async () => {
  const main = fileURLToPath(new URL('../../src/process/main.ts', import.meta.url))
  const run = promisify(execFile)
  const { stdout } = await run(process.execPath, ['--conditions=@grid/source', main, '--help'])
  const flags = writeFlags({
    seed: 1,
    symbols: [],
    inverse: [],
    spot: [],
    option: [],
    tradesPerSecond: 1,
    tickerIntervalMs: 1,
    bookIntervalMs: 10,
    tradesPerFrame: 1,
    accounts: 0,
    fillsPerSecond: 0,
    paused: true,
    host: '',
    port: 0,
    httpPort: 0,
    truth: 'full',
    extraTopics: ['x'],
    rules: {},
  } satisfies SimulatorSettings)
  for (const flag of flags) expect(stdout).toContain(`${flag.split('=')[0]} `)
})
