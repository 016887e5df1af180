import { expect, test } from 'vitest'
import { startSimulator, TradeDigest } from '../../src/index.ts'
import { Client, tickerRows, tradeRows } from '../support/client.ts'
import { truthTickerRows, truthTradeRows } from '../support/truth-rows.ts'

const SYMBOLS = ['BTCUSDT', 'XRPUSDT']
const TOPICS = SYMBOLS.flatMap((symbol) => [`tickers.${symbol}`, `publicTrade.${symbol}`])

/** Waits for a pong: everything that was written before it has arrived by then. */
function drained(client: Client): Promise<string> {
  return client.ask({ op: 'ping' })
}

test('the truth equals what each client received, item by item and column by column', async () => {
  await using sim = await startSimulator({
    seed: 7,
    symbols: SYMBOLS,
    tradesPerSecond: 2000,
    tickerIntervalMs: 20,
  })
  const first = await Client.open(sim.wsUrl)
  await first.subscribe(...TOPICS)
  await first.until(() => tradeRows(first, 'XRPUSDT').length > 300)
  const second = await Client.open(sim.wsUrl)
  await second.subscribe(...TOPICS)
  await second.until(() => tradeRows(second, 'XRPUSDT').length > 300)
  sim.pause()
  await Promise.all([drained(first), drained(second)])
  const truth = sim.truth()
  for (const [number, client] of [[1, first] as const, [2, second] as const]) {
    for (const symbol of SYMBOLS) {
      expect(tradeRows(client, symbol)).toEqual(truthTradeRows(truth, symbol, number))
      expect(tickerRows(client, symbol)).toEqual(truthTickerRows(truth, symbol, number))
    }
  }
  expect(truth.trades.some((trade) => trade.sentTo.length === 2)).toBe(true)
})

test('no (symbol, time, sequence, kind) of a ticker has two contents', async () => {
  await using sim = await startSimulator({ seed: 3, symbols: SYMBOLS, tickerIntervalMs: 10 })
  const client = await Client.open(sim.wsUrl)
  for (let round = 0; round < 20; round++) {
    await client.subscribe('tickers.BTCUSDT')
    sim.tick('BTCUSDT', { markPrice: `${round}.10` })
    await client.ask({ op: 'unsubscribe', args: ['tickers.BTCUSDT'] })
  }
  const contents = new Map<string, string>()
  const { tickers } = sim.truth()
  for (const t of tickers) {
    const key = [t.symbol, t.exchangeTs, t.seq, t.isSnapshot].join('|')
    const content = JSON.stringify([t.values, t.sentKeys])
    expect(contents.get(key) ?? content, key).toBe(content)
    contents.set(key, content)
  }
  for (const symbol of SYMBOLS) {
    const sequences = tickers.filter((t) => t.symbol === symbol).map((t) => t.seq)
    expect(sequences).toEqual(sequences.toSorted((a, b) => a - b))
  }
})

test('a large match spans several frames with one seq, and matchIndex counts across them', async () => {
  await using sim = await startSimulator({ seed: 1, paused: true })
  const client = await Client.open(sim.wsUrl)
  await client.subscribe('publicTrade.BTCUSDT')
  const placed = sim.burst({ symbol: 'BTCUSDT', trades: 3000 })
  await drained(client)
  const frames = client.frames('publicTrade.BTCUSDT')
  expect(frames.map((frame) => (frame.data as unknown[]).length)).toEqual([1024, 1024, 952])
  expect(new Set(placed.map((trade) => trade.seq)).size).toBe(1)
  expect(placed.map((trade) => trade.matchIndex)).toEqual(placed.map((_, index) => index))
  expect(tradeRows(client, 'BTCUSDT')).toEqual(truthTradeRows(sim.truth(), 'BTCUSDT', 1))
})

test('a digest is the same in any order, and differs when one trade is altered', async () => {
  await using sim = await startSimulator({ seed: 5, paused: true })
  const client = await Client.open(sim.wsUrl)
  sim.burst({ symbol: 'BTCUSDT', trades: 10 })
  await client.subscribe('publicTrade.BTCUSDT')
  const sent = sim.burst({ symbol: 'BTCUSDT', trades: 2000 })
  const totals = sim.totals().find((t) => t.symbol === 'BTCUSDT')
  const digestOf = (trades: typeof sent): string => {
    const digest = new TradeDigest()
    for (const trade of trades) digest.add(trade)
    return digest.value
  }
  expect(totals?.trades).toEqual({
    produced: 2010,
    sent: 2000,
    digest: digestOf(sent.toReversed()),
  })
  expect(digestOf(sent.slice(1))).not.toBe(totals?.trades.digest)
  const altered = sent.map((t, index) => (index === 9 ? { ...t, price: `${t.price}0` } : t))
  expect(digestOf(altered)).not.toBe(totals?.trades.digest)
})

test('digest mode has the same sums as full mode, and keeps no items', async () => {
  const totals = []
  for (const truth of ['full', 'digest'] as const) {
    await using sim = await startSimulator({ seed: 9, paused: true, truth })
    const client = await Client.open(sim.wsUrl)
    await client.subscribe('publicTrade.SOLUSDT')
    sim.trade({ symbol: 'SOLUSDT', count: 50, sameSeq: false, exchangeTs: 1_760_000_000_000 })
    expect(sim.truth().trades).toHaveLength(truth === 'full' ? 50 : 0)
    totals.push(sim.totals())
  }
  expect(totals[0]).toEqual(totals[1])
})

test('trades placed by hand have the given values, in the frames and in the truth', async () => {
  await using sim = await startSimulator({ seed: 1, paused: true })
  const client = await Client.open(sim.wsUrl)
  await client.subscribe('publicTrade.BTCUSDT')
  sim.trade({
    symbol: 'BTCUSDT',
    price: '100000.10',
    size: '0.003',
    side: 'Sell',
    seq: 5,
    perFrame: 1,
  })
  sim.trade({ symbol: 'BTCUSDT', count: 2, seq: 5, tradeId: 'same' })
  await drained(client)
  const rows = sim.truth().trades
  expect(rows.map((t) => [t.seq, t.matchIndex])).toEqual([
    [5, 0],
    [5, 1],
    [5, 2],
  ])
  expect(client.frames('publicTrade.BTCUSDT')[0]?.data).toMatchObject([
    { s: 'BTCUSDT', S: 'Sell', v: '0.003', p: '100000.10', seq: 5 },
  ])
  expect(() => sim.trade({ symbol: 'BTCUSDT', price: '1"' })).toThrow('broadcast')
})
