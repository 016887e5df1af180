import { expect, test } from 'vitest'
import { spawnSimulator } from '../src/index.ts'
import { Client, tickerRows, tradeRows } from './client.ts'
import { truthTickerRows, truthTradeRows } from './truth-rows.ts'

test('a simulator in its own process is steered and tells its truth', async () => {
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

test('SIGTERM ends the process with 0, behind all that was sent', async () => {
  const sim = await spawnSimulator({ seed: 4, symbols: ['BTCUSDT'], truth: 'digest' })
  const client = await Client.open(sim.wsUrl)
  await client.subscribe('tickers.BTCUSDT')
  process.kill(sim.pid ?? 0, 'SIGTERM')
  expect(await client.closed).toBe(1001)
  expect(await sim.exitCode).toBe(0)
})

test('bad settings are told and end the process', async () => {
  await expect(spawnSimulator({ symbols: ['btc usdt'] })).rejects.toThrow('code 2')
})
