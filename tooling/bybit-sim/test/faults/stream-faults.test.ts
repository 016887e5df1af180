import { expect, test } from 'vitest'
import { startSimulator } from '../../src/index.ts'
import { Client, tradeRows } from '../support/client.ts'
import { SteppedClock } from '../support/stepped-clock.ts'
import { truthTradeRows } from '../support/truth-rows.ts'

const TOPIC = 'publicTrade.BTCUSDT'
const quiet = { seed: 1, paused: true }

test('a silenced topic is produced but not sent, while other topics flow', async () => {
  const clock = new SteppedClock()
  await using sim = await startSimulator({ ...quiet, clock })
  const client = await Client.open(sim.wsUrl)
  await client.subscribe(TOPIC, 'tickers.BTCUSDT')
  await sim.fault({ kind: 'silence', topic: TOPIC, forMs: 60_000 })
  const [lost] = sim.trade({ symbol: 'BTCUSDT' })
  sim.tick('BTCUSDT', { markPrice: '1.00' })
  clock.advance(60_000)
  const [next] = sim.trade({ symbol: 'BTCUSDT' })
  await client.ask({ op: 'ping' })
  expect([lost?.sentTo, next?.sentTo]).toEqual([[], [1]])
  expect(client.frames('tickers.BTCUSDT')).toHaveLength(2)
})

test('a silence lasts until a new subscription, or until a new connection', async () => {
  await using sim = await startSimulator(quiet)
  const client = await Client.open(sim.wsUrl)
  await client.subscribe(TOPIC, 'publicTrade.ETHUSDT')
  await sim.fault({ kind: 'silence', topic: TOPIC, until: 'resubscribed' })
  await sim.fault({ kind: 'silence', topic: 'publicTrade.ETHUSDT', until: 'reconnected' })
  const sent = (symbol: string): number => sim.trade({ symbol })[0]?.sentTo.length ?? -1
  expect([sent('BTCUSDT'), sent('ETHUSDT')]).toEqual([0, 0])
  await client.ask({ op: 'unsubscribe', args: [TOPIC, 'publicTrade.ETHUSDT'] })
  await client.subscribe(TOPIC, 'publicTrade.ETHUSDT')
  expect([sent('BTCUSDT'), sent('ETHUSDT')]).toEqual([1, 0])
  const second = await Client.open(sim.wsUrl)
  await second.subscribe('publicTrade.ETHUSDT')
  expect(sent('ETHUSDT')).toBe(1)
})

test('a dropped frame is produced but not sent, and the connection stays open', async () => {
  await using sim = await startSimulator(quiet)
  const client = await Client.open(sim.wsUrl)
  await client.subscribe(TOPIC, 'publicTrade.ETHUSDT')
  await sim.fault({ kind: 'drop-frame', topic: TOPIC, count: 2 })
  const placed = ['ETHUSDT', 'BTCUSDT', 'BTCUSDT', 'BTCUSDT'].map((symbol) => sim.trade({ symbol }))
  await client.ask({ op: 'ping' })
  expect(placed.map(([trade]) => trade?.sentTo)).toEqual([[1], [], [], [1]])
  expect(tradeRows(client, 'BTCUSDT')).toEqual(truthTradeRows(sim.truth(), 'BTCUSDT', 1))
})

test('reorder swaps two frames, and a close does not lose the one that waits', async () => {
  await using sim = await startSimulator(quiet)
  const client = await Client.open(sim.wsUrl)
  await client.subscribe(TOPIC)
  await sim.fault({ kind: 'reorder' })
  const ids = [1, 2, 3].map(() => sim.trade({ symbol: 'BTCUSDT' })[0]?.tradeId)
  await client.ask({ op: 'ping' })
  const arrived = (): unknown[] => tradeRows(client, 'BTCUSDT').map((row) => row[2])
  expect(arrived()).toEqual([ids[1], ids[0], ids[2]])
  await sim.fault({ kind: 'reorder' })
  const [held] = sim.trade({ symbol: 'BTCUSDT' })
  await sim.fault({ kind: 'close', abrupt: true })
  expect(await client.closed).toBe(1006)
  expect(held?.sentTo).toEqual([1])
  expect(arrived().at(-1)).toBe(held?.tradeId)
})

test('delayed frames come late and in order, and later frames follow them', async () => {
  const clock = new SteppedClock()
  await using sim = await startSimulator({ ...quiet, clock })
  const client = await Client.open(sim.wsUrl)
  await client.subscribe(TOPIC)
  await sim.fault({ kind: 'delay', delayMs: 5000, forMs: 1000 })
  const count = async (): Promise<number> => {
    await client.ask({ op: 'ping' })
    return client.frames(TOPIC).length
  }
  sim.trade({ symbol: 'BTCUSDT' })
  clock.advance(1000)
  sim.trade({ symbol: 'BTCUSDT' })
  expect(await count()).toBe(0)
  clock.advance(3999)
  expect(await count()).toBe(0)
  clock.advance(1)
  expect(await count()).toBe(2)
  expect(tradeRows(client, 'BTCUSDT')).toEqual(truthTradeRows(sim.truth(), 'BTCUSDT', 1))
})

test('a slow connection gets its bytes at the given rate, and all of them in the end', async () => {
  const clock = new SteppedClock()
  await using sim = await startSimulator({ ...quiet, clock })
  const client = await Client.open(sim.wsUrl)
  await client.subscribe(TOPIC)
  await sim.fault({ kind: 'slow', bytesPerSecond: 1000, forMs: 600_000 })
  for (let count = 0; count < 100; count++) sim.trade({ symbol: 'BTCUSDT' })
  const arrivedBytes = async (): Promise<number> => {
    await client.ask({ op: 'ping' })
    return client.texts.filter((text) => text.includes(TOPIC)).join('').length
  }
  for (const seconds of [1, 2, 3]) {
    clock.advance(1000)
    const bytes = await arrivedBytes()
    expect(bytes).toBeLessThanOrEqual(seconds * 1000 + 100)
    expect(bytes).toBeGreaterThan(seconds * 1000 - 500)
  }
  void sim.fault({ kind: 'close' })
  expect(await client.closed).toBe(1001)
  expect(tradeRows(client, 'BTCUSDT')).toHaveLength(100)
})

test('a server that stops reading still sends, and answers later', async () => {
  const clock = new SteppedClock()
  await using sim = await startSimulator({ ...quiet, clock })
  const client = await Client.open(sim.wsUrl)
  await client.subscribe(TOPIC)
  await sim.fault({ kind: 'stop-reading', forMs: 20_000 })
  client.ws.send('{"op":"ping"}')
  sim.trade({ symbol: 'BTCUSDT' })
  await client.until(() => client.frames(TOPIC).length === 1)
  clock.advance(19_999)
  sim.trade({ symbol: 'BTCUSDT' })
  await client.until(() => client.frames(TOPIC).length === 2)
  expect(client.control).toHaveLength(1)
  clock.advance(1)
  await client.until(() => client.control.length === 2)
})

test('an unchanged book is sent again after 3 s, with the same u', async () => {
  const clock = new SteppedClock()
  const pace = { tradesPerSecond: 0, bookIntervalMs: 60_000 }
  await using sim = await startSimulator({ seed: 1, symbols: ['BTCUSDT'], clock, ...pace })
  const client = await Client.open(sim.wsUrl)
  await client.subscribe('orderbook.1.BTCUSDT')
  clock.advance(10_000)
  await client.ask({ op: 'ping' })
  const frames = client.frames('orderbook.1.BTCUSDT')
  expect(frames.length).toBeGreaterThanOrEqual(4)
  expect(new Set(frames.map((frame) => JSON.stringify(frame.data))).size).toBe(1)
  const { books } = sim.truth()
  expect(books).toHaveLength(1)
  expect(books[0]?.sentTo).toHaveLength(frames.length)
})
