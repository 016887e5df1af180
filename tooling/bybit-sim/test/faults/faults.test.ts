import { once } from 'node:events'
import { expect, test } from 'vitest'
import { startSimulator } from '../../src/index.ts'
import { Client, tradeRows } from '../support/client.ts'
import { SteppedClock } from '../support/stepped-clock.ts'
import { truthTradeRows } from '../support/truth-rows.ts'

const quiet = { seed: 1, paused: true }

for (const abrupt of [false, true]) {
  test(`${abrupt ? 'an abrupt' : 'a clean'} close loses nothing that counts as sent`, async () => {
    await using sim = await startSimulator({ seed: 2, symbols: ['BTCUSDT'], tradesPerSecond: 5000 })
    const client = await Client.open(sim.wsUrl)
    await client.subscribe('publicTrade.BTCUSDT')
    client.ws.pause()
    // More than the system's buffers hold, so that much still waits in the process.
    sim.burst({ symbol: 'BTCUSDT', trades: 60_000 })
    const fault = sim.fault({ kind: 'close', abrupt })
    client.ws.send('{"op":"ping"}')
    sim.burst({ symbol: 'BTCUSDT', trades: 10 })
    client.ws.resume()
    expect(await client.closed).toBe(abrupt ? 1006 : 1001)
    expect(await fault).toEqual({ kind: 'close', connections: [1] })
    const truth = sim.truth()
    const sent = truthTradeRows(truth, 'BTCUSDT', 1)
    expect(sent.length).toBeGreaterThanOrEqual(60_000)
    expect(truth.trades.length).toBeGreaterThan(sent.length)
    expect(tradeRows(client, 'BTCUSDT')).toEqual(sent)
  })
}

test('a lossy close loses what has not left yet', async () => {
  await using sim = await startSimulator(quiet)
  const client = await Client.open(sim.wsUrl)
  await client.subscribe('publicTrade.BTCUSDT')
  client.ws.pause()
  sim.burst({ symbol: 'BTCUSDT', trades: 60_000 })
  await sim.fault({ kind: 'close', lossy: true })
  client.ws.resume()
  expect(await client.closed).toBe(1006)
  expect(tradeRows(client, 'BTCUSDT').length).toBeLessThan(60_000)
})

test('a fault aimed at one connection leaves the others alone', async () => {
  await using sim = await startSimulator(quiet)
  const first = await Client.open(sim.wsUrl)
  const second = await Client.open(sim.wsUrl)
  expect(await sim.fault({ kind: 'close', connection: 1, code: 1012 })).toMatchObject({
    connections: [1],
  })
  expect(await first.closed).toBe(1012)
  expect(await second.ask({ op: 'ping' })).toContain('pong')
  expect(sim.connections().map((c) => [c.open, c.endedBy])).toEqual([
    [false, 'simulator'],
    [true, null],
  ])
})

test('a half-open connection stays open, but neither answers nor gets data', async () => {
  await using sim = await startSimulator(quiet)
  const client = await Client.open(sim.wsUrl)
  const other = await Client.open(sim.wsUrl)
  for (const c of [client, other]) await c.subscribe('publicTrade.BTCUSDT')
  await sim.fault({ kind: 'half-open', connection: 1 })
  client.ws.send('{"op":"ping"}')
  client.ws.ping()
  const [trade] = sim.trade({ symbol: 'BTCUSDT' })
  await other.ask({ op: 'ping' })
  expect(trade?.sentTo).toEqual([2])
  expect(client.texts).toHaveLength(1)
  expect(client.ws.readyState).toBe(client.ws.OPEN)
})

for (const status of ['502', '403'] as const) {
  test(`new connections are refused with ${status} for a while`, async () => {
    const clock = new SteppedClock()
    await using sim = await startSimulator({ ...quiet, clock })
    await sim.fault({ kind: 'refuse', how: status, forMs: 5000 })
    await expect(Client.open(sim.wsUrl)).rejects.toThrow(status)
    clock.advance(5000)
    const client = await Client.open(sim.wsUrl)
    expect(await client.ask({ op: 'ping' })).toContain('pong')
  })
}

test('the port refuses new connections for a while, and open ones stay', async () => {
  const clock = new SteppedClock()
  await using sim = await startSimulator({ ...quiet, clock })
  const old = await Client.open(sim.wsUrl)
  await sim.fault({ kind: 'refuse', how: 'tcp', forMs: 5000 })
  await expect(Client.open(sim.wsUrl)).rejects.toThrow('ECONNREFUSED')
  expect(await old.ask({ op: 'ping' })).toContain('pong')
  clock.advance(5000)
  const client = await openWhenUp(sim.wsUrl)
  expect(await client.ask({ op: 'ping' })).toContain('pong')
})

async function openWhenUp(wsUrl: string): Promise<Client> {
  for (;;) {
    const client = await Client.open(wsUrl).catch(() => null)
    if (client !== null) return client
  }
}

test('a duplicated frame arrives twice, and the truth names its connection twice', async () => {
  await using sim = await startSimulator(quiet)
  const client = await Client.open(sim.wsUrl)
  await client.subscribe('publicTrade.BTCUSDT')
  await sim.fault({ kind: 'duplicate' })
  const [next] = sim.trade({ symbol: 'BTCUSDT' })
  const [last] = sim.trade({ symbol: 'BTCUSDT' })
  await sim.fault({ kind: 'duplicate', which: 'last' })
  await client.ask({ op: 'ping' })
  const frames = client.texts.filter((text) => text.startsWith('{"topic"'))
  expect(frames).toHaveLength(4)
  expect(frames[1]).toBe(frames[0])
  expect(frames[3]).toBe(frames[2])
  expect([next?.sentTo, last?.sentTo]).toEqual([
    [1, 1],
    [1, 1],
  ])
})

test('each kind of garbage arrives', async () => {
  await using sim = await startSimulator(quiet)
  const client = await Client.open(sim.wsUrl)
  const next = async (): Promise<[Buffer, boolean]> => {
    const [data, isBinary] = await once(client.ws, 'message')
    return [data as Buffer, isBinary as boolean]
  }
  const text = next()
  await sim.fault({ kind: 'garbage', payload: 'text' })
  const [nonsense, isBinary] = await text
  expect(() => JSON.parse(String(nonsense))).toThrow()
  expect(isBinary).toBe(false)
  const binary = next()
  await sim.fault({ kind: 'garbage', payload: 'binary' })
  expect((await binary)[1]).toBe(true)
  const oversized = next()
  await sim.fault({ kind: 'garbage', payload: 'oversized', bytes: 3_000_000 })
  expect((await oversized)[0]).toHaveLength(3_000_000)
  await sim.fault({ kind: 'garbage', payload: 'invalid-utf8' })
  // A client that checks text frames closes the connection.
  await client.closed
  expect(client.texts).toHaveLength(3)
})

test('a rejected symbol is refused with "handler not found" until its time is over', async () => {
  const clock = new SteppedClock()
  await using sim = await startSimulator({ ...quiet, clock })
  const client = await Client.open(sim.wsUrl)
  await sim.fault({ kind: 'reject-topic', target: 'BTCUSDT', forMs: 1000 })
  expect(await client.subscribe('tickers.BTCUSDT')).toContain('handler not found')
  expect(await client.subscribe('tickers.ETHUSDT')).toContain('"success":true')
  clock.advance(1000)
  expect(await client.subscribe('tickers.BTCUSDT')).toContain('"success":true')
})

test('without its ack a subscription still takes effect; a delayed ack comes after the data', async () => {
  const clock = new SteppedClock()
  await using sim = await startSimulator({ ...quiet, clock })
  const client = await Client.open(sim.wsUrl)
  await sim.fault({ kind: 'drop-ack' })
  await sim.fault({ kind: 'delay-ack', delayMs: 3000 })
  client.ws.send('{"req_id":"dropped","op":"subscribe","args":["tickers.BTCUSDT"]}')
  client.ws.send('{"req_id":"late","op":"subscribe","args":["tickers.ETHUSDT"]}')
  await client.ask({ op: 'ping' })
  expect(client.frames('tickers.BTCUSDT')).toHaveLength(1)
  expect(client.frames('tickers.ETHUSDT')).toHaveLength(1)
  expect(client.control).toHaveLength(1)
  clock.advance(3000)
  await client.until(() => client.control.length === 2)
  expect(client.control[1]).toContain('"req_id":"late"')
})

test('too many connections in five minutes get HTTP 403, and idle ones are dropped', async () => {
  const clock = new SteppedClock()
  await using sim = await startSimulator({ ...quiet, clock, rules: { maxConnects: 1 } })
  const client = await Client.open(sim.wsUrl)
  await expect(Client.open(sim.wsUrl)).rejects.toThrow('403')
  clock.advance(599_000)
  expect(client.ws.readyState).toBe(client.ws.OPEN)
  clock.advance(31_000)
  expect(await client.closed).toBe(1006)
  await Client.open(sim.wsUrl)
})
