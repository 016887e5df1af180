import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { type Simulator, startSimulator } from '@grid/bybit-sim'
import type { PublicEvent } from '@grid/core-events'
import { expect, onTestFinished, test } from 'vitest'
import { BybitPublicStream, type StreamStatus } from '../../src/index.ts'
import { until } from '../support/until.ts'

interface Capture {
  readonly sim: Simulator
  readonly stream: BybitPublicStream
  readonly events: PublicEvent[]
  readonly statuses: StreamStatus[]
}

async function capture(symbols: readonly string[]): Promise<Capture> {
  const sim = await startSimulator({ seed: 7, symbols: ['BTCUSDT', 'ETHUSDT'], paused: true })
  onTestFinished(() => sim.stop())
  const stream = new BybitPublicStream({
    wsUrl: sim.wsUrl,
    category: 'linear',
    symbols,
    channels: ['ticker', 'publicTrade'],
    timings: { backoffBaseMs: 50 },
  })
  onTestFinished(() => stream.close())
  const events: PublicEvent[] = []
  const statuses: StreamStatus[] = []
  stream.on('normalized', (frame) => events.push(...frame.events))
  stream.on('status', (status) => statuses.push(status))
  return { sim, stream, events, statuses }
}

test('a refused symbol costs no other; the trades of a split match come complete and in order', async () => {
  const { sim, stream, events } = await capture(['BTCUSDT', 'NOPEUSDT', 'ETHUSDT'])
  await stream.start()
  const states = stream.topics().map(({ symbol, state }) => [symbol, state])
  expect(states).toEqual([
    ...[
      ['BTCUSDT', 'live'],
      ['BTCUSDT', 'live'],
    ],
    ...[
      ['NOPEUSDT', 'refused'],
      ['NOPEUSDT', 'refused'],
    ],
    ...[
      ['ETHUSDT', 'live'],
      ['ETHUSDT', 'live'],
    ],
  ])
  await sim.fault({ kind: 'duplicate', which: 'next' })
  const truth = sim.burst({ symbol: 'BTCUSDT', trades: 2500 })
  const trades = (): PublicEvent[] => events.filter(({ channel }) => channel === 'publicTrade')
  await until('all trades', () => trades().length === 2500 + 1024)
  const indexById = new Map<string, number>()
  for (const event of trades()) {
    if (event.channel !== 'publicTrade') continue
    const known = indexById.get(event.tradeId)
    expect(known === undefined || known === event.matchIndex).toBe(true)
    indexById.set(event.tradeId, event.matchIndex)
  }
  expect([...indexById.values()]).toEqual(truth.map((_, index) => index))
})

test('a forced reconnect resubscribes all topics and leaves one gap for each', async () => {
  const { sim, stream, events, statuses } = await capture(['BTCUSDT', 'ETHUSDT'])
  await stream.start()
  sim.trade({ symbol: 'BTCUSDT', count: 3 })
  await until('the trades', () => events.length === 5)
  await sim.fault({ kind: 'close', abrupt: true })
  await until('back', () => statuses.filter(({ type }) => type === 'live').length === 8)
  sim.trade({ symbol: 'BTCUSDT', count: 1 })
  sim.trade({ symbol: 'ETHUSDT', count: 1 })
  const gaps = (): StreamStatus[] => statuses.filter(({ type }) => type === 'gap')
  await until('four gaps', () => gaps().length === 4)
  expect(events.filter(({ channel }) => channel === 'ticker')).toHaveLength(4)
  expect(events.filter(({ channel }) => channel === 'publicTrade')).toHaveLength(5)
})

test('after close nothing keeps the process alive, and no rejection is unhandled', async () => {
  const sim = await startSimulator({ seed: 7 })
  onTestFinished(() => sim.stop())
  const script = fileURLToPath(new URL('../support/start-and-close.ts', import.meta.url))
  const child = spawn(process.execPath, ['--conditions=@grid/source', script, sim.wsUrl], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let output = ''
  child.stdout.on('data', (chunk) => {
    output += String(chunk)
  })
  const [code] = await once(child, 'exit')
  expect(output).toBe('closed\n')
  expect(code).toBe(0)
})
