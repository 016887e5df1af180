import { expect, test } from 'vitest'
import { optionSymbols, SimError, spawnSimulator, startSimulator } from '../../src/index.ts'
import { Client, tradeRows } from '../support/client.ts'
import { truthTradeRows } from '../support/truth-rows.ts'

const [CALL = '', PUT = ''] = optionSymbols('XRP', [0.5], Date.now())

test('instruments with a dot or beyond ASCII go through sockets, REST, faults and the control port', async () => {
  await using sim = await spawnSimulator({
    seed: 6,
    symbols: ['币安人生USDT'],
    option: [CALL, PUT],
  })
  await sim.list('spot', '龙.5USDT')
  const client = await Client.open(sim.wsUrl)
  await client.subscribe('publicTrade.币安人生USDT', 'tickers.币安人生USDT')
  await sim.burst({ symbol: '币安人生USDT', trades: 20 })
  await client.until(() => client.frames('publicTrade.币安人生USDT').length > 0)
  const options = await Client.open(sim.wsUrl, '/v5/public/option')
  await options.subscribe(`tickers.${CALL}`, 'publicTrade.XRP', `orderbook.25.${CALL}`)
  await options.until(() => options.frames(`tickers.${CALL}`).length > 0)
  await sim.pause()
  const truth = await sim.truth()
  expect(tradeRows(client, '币安人生USDT')).toEqual(truthTradeRows(truth, '币安人生USDT', 1))

  const ask = async (path: string): Promise<{ retCode: number; list: { symbol: string }[] }> => {
    const reply = await (await fetch(`${sim.restUrl}/v5/market/${path}`)).json()
    const { retCode, result } = reply as { retCode: number; result: { list: [] } }
    return { retCode, list: result.list }
  }
  const named = (category: string, symbol: string): string =>
    `category=${category}&symbol=${encodeURIComponent(symbol)}`
  for (const [category, symbol] of [
    ['linear', '币安人生USDT'],
    ['spot', '龙.5USDT'],
    ['option', CALL],
  ] as const) {
    for (const endpoint of ['instruments-info', 'tickers']) {
      const { retCode, list } = await ask(`${endpoint}?${named(category, symbol)}`)
      expect({ retCode, symbols: list.map((row) => row.symbol) }, `${endpoint} ${symbol}`).toEqual({
        retCode: 0,
        symbols: [symbol],
      })
    }
  }
  const trades = await ask(`recent-trade?${named('linear', '币安人生USDT')}`)
  expect(trades.list.length).toBeGreaterThanOrEqual(20)

  await sim.fault({ kind: 'reject-topic', target: CALL, forMs: 60_000 })
  const refused = await Client.open(sim.wsUrl, '/v5/public/option')
  const answer = await refused.ask({ op: 'subscribe', args: [`tickers.${CALL}`, `tickers.${PUT}`] })
  expect(JSON.stringify(answer)).toContain(CALL)
  await sim.delist('option', CALL)
})

test('strikes of any size are written without an exponent, and the simulator takes them', async () => {
  const strikes = [0.0000001, 2.5e-7, 0.5, 100_000, 1.5e21]
  const names = optionSymbols('XRP', strikes, Date.now())
  const texts = names.map((name) => name.split('-')[2])
  const plain = ['0.0000001', '0.00000025', '0.5', '100000', '1500000000000000000000']
  expect(texts).toEqual(plain.flatMap((text) => [text, text]))
  await using _sim = await startSimulator({ symbols: [], option: names, paused: true })
})

test.each(['币安人生USDT', 'ラーメンUSDT', '佐々木USDT', 'हिंदीUSDT', '1000000BABYDOGEUSDT'])(
  '%j can be an instrument',
  async (symbol) => {
    await using _sim = await startSimulator({ symbols: [symbol], paused: true })
  },
)

test.each(['btcusdt', '.5USDT', 'A B', 'A,BUSDT', '../USDT', ''])(
  '%j cannot be an instrument',
  async (symbol) => {
    const starting = startSimulator({ symbols: [symbol], paused: true })
    await expect(starting).rejects.toBeInstanceOf(SimError)
  },
)
