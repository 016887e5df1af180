import { expect, test } from 'vitest'
import { startSimulator, type Truth } from '../../src/index.ts'
import { SteppedClock } from '../support/stepped-clock.ts'

/** The truth of some steps of the market on a stepped clock. */
async function produce(seed: number, waits: readonly number[]): Promise<Truth> {
  const clock = new SteppedClock()
  await using sim = await startSimulator({ seed, clock, tradesPerSecond: 333 })
  for (const ms of waits) clock.jump(ms)
  return sim.truth()
}

const steady = Array.from({ length: 300 }, () => 10)

test('the same seed gives the same items step by step; another seed gives others', async () => {
  const once = await produce(42, steady)
  expect(await produce(42, steady)).toEqual(once)
  const other = await produce(43, steady)
  expect(other.trades.map((t) => t.tradeId)).not.toEqual(once.trades.map((t) => t.tradeId))
})

test('a delayed process catches up, with the items that it would have made', async () => {
  const once = await produce(42, steady)
  const late = await produce(42, [10, 500, 3, 1487, 1000])
  const names = (truth: Truth): unknown[] => truth.trades.map((t) => [t.tradeId, t.price, t.seq])
  expect(names(late)).toEqual(names(once))
  expect(once.symbols[0]?.trades.produced).toBe(999)
})

test('the market contains what makes a capture hard', async () => {
  const { trades, tickers } = await produce(
    42,
    Array.from({ length: 6000 }, () => 10),
  )
  const btc = trades.filter((t) => t.symbol === 'BTCUSDT')
  const perSeq = Map.groupBy(btc, (t) => t.seq)
  expect(Math.max(...[...perSeq.values()].map((match) => match.length))).toBeGreaterThan(3)
  for (const match of perSeq.values()) {
    expect(new Set(match.map((t) => t.exchangeTs)).size).toBe(1)
    expect(match.map((t) => t.matchIndex)).toEqual(match.map((_, index) => index))
  }
  expect(new Set(trades.map((t) => t.tradeId)).size).toBe(trades.length)
  expect(btc.every((t) => /^\d+\.\d0$/.test(t.price) && /^\d+\.\d{3}$/.test(t.size))).toBe(true)
  expect(btc.some((t) => t.price.endsWith('00'))).toBe(true)
  expect(trades.some((t) => t.isRpiTrade) && trades.some((t) => t.isBlockTrade)).toBe(true)
  expect(new Set(trades.map((t) => t.tickDirection)).size).toBe(4)
  const deltas = tickers.filter((t) => t.symbol === 'BTCUSDT')
  const repeats = deltas.filter((t, index) => t.seq === deltas[index - 1]?.seq)
  expect(repeats.length).toBeGreaterThan(0)
  expect(deltas.some((t) => t.sentKeys.some((key) => t.values[key] === ''))).toBe(true)
  const isDecimal = /^-?\d+(\.\d+)?$/
  for (const { values } of tickers) {
    const { tickDirection: _, ...numbers } = values
    expect(Object.values(numbers).filter((text) => text !== '' && !isDecimal.test(text))).toEqual(
      [],
    )
  }
})

test('a huge match never sells a price down to zero', async () => {
  await using sim = await startSimulator({ seed: 1, paused: true, symbols: ['XRPUSDT'] })
  const trades = sim.trade({ symbol: 'XRPUSDT', count: 200_000, side: 'Sell' })
  expect(trades.every((trade) => /^[0-9.]+$/.test(trade.price))).toBe(true)
  expect(Math.min(...trades.slice(-1000).map((trade) => Number(trade.price)))).toBeGreaterThan(0.5)
})
