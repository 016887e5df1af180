import { type Simulator, startSimulator } from '@grid/bybit-sim'
import type { PublicEvent } from '@grid/core-events'
import { expect, onTestFinished, test } from 'vitest'
import { BybitPublicStream, type PublicStreamOptions, type StreamStatus } from '../../src/index.ts'
import { until } from '../support/until.ts'

const SILENT_TOPIC = 'publicTrade.BTCUSDT'
/** The real timings, ten times as fast. */
const TIMINGS = { gapPadMs: 100, silenceGraceMs: 300, silenceAfterMs: 500, backoffBaseMs: 50 }

class Healing {
  readonly sim: Simulator
  readonly stream: BybitPublicStream
  readonly events: PublicEvent[] = []
  readonly statuses: StreamStatus[] = []

  constructor(sim: Simulator, stream: BybitPublicStream) {
    this.sim = sim
    this.stream = stream
    stream.on('normalized', ({ events }) => this.events.push(...events))
    stream.on('status', (status) => this.statuses.push(status))
  }

  all<Type extends StreamStatus['type']>(type: Type): Extract<StreamStatus, { type: Type }>[] {
    return this.statuses.filter(
      (status): status is Extract<StreamStatus, { type: Type }> => status.type === type,
    )
  }

  get tradeIds(): Set<string> {
    const isTrade = (event: PublicEvent) => event.channel === 'publicTrade'
    return new Set(this.events.filter(isTrade).map(({ tradeId }) => tradeId))
  }

  get steps(): string[] {
    return this.all('silent_topic').map(({ topic, step }) => `${step} ${topic}`)
  }
}

async function heal(timings: PublicStreamOptions['timings'] = {}): Promise<Healing> {
  const sim = await startSimulator({
    seed: 5,
    symbols: ['BTCUSDT', 'ETHUSDT'],
    tradesPerSecond: 20,
  })
  onTestFinished(() => sim.stop())
  const stream = new BybitPublicStream({
    wsUrl: sim.wsUrl,
    category: 'linear',
    symbols: ['BTCUSDT', 'ETHUSDT'],
    channels: ['ticker', 'publicTrade'],
    timings: { ...TIMINGS, ...timings },
  })
  onTestFinished(() => stream.close())
  const healing = new Healing(sim, stream)
  await stream.start()
  return healing
}

test('rotations lose no event: every trade sent to any connection arrived', async () => {
  // A pong that takes longer than the pad on a loaded machine would rightly be a gap.
  const healing = await heal({ rotateAfterMs: 300, gapPadMs: 1_000 })
  const { sim, stream } = healing
  await until('three rotations', () => healing.all('rotated').length >= 3)
  sim.pause()
  const sent = sim.truth().trades.filter(({ sentTo }) => sentTo.length > 0)
  const ids = (): Set<string> => healing.tradeIds
  await until('the last trade', () => ids().size === sent.length)
  // Every trade after the first that arrived must be there, because there was always a connection.
  const produced = sim.truth().trades.map(({ tradeId }) => tradeId)
  const first = produced.findIndex((id) => ids().has(id))
  expect(produced.slice(first).filter((id) => !ids().has(id))).toEqual([])
  expect(healing.all('gap')).toEqual([])
  await stream.close()
})

test('a topic that goes silent is subscribed anew, and the gap says what was missed', async () => {
  const healing = await heal()
  await healing.sim.fault({ kind: 'silence', topic: SILENT_TOPIC, until: 'resubscribed' })
  await until('the gap', () => healing.all('gap').length === 1)
  expect(healing.steps).toEqual([`resubscribe ${SILENT_TOPIC}`])
  expect(healing.all('closed')).toEqual([])
  const [{ gap } = { gap: null }] = healing.all('gap')
  expect(gap).toMatchObject({ channel: 'publicTrade', symbol: 'BTCUSDT', reason: 'stale' })
  const received = healing.tradeIds
  const first = healing.events.find(({ channel }) => channel === 'publicTrade')
  const missed = healing.sim.truth().trades.filter(({ symbol, exchangeTs, tradeId }) => {
    const isCaptured = exchangeTs > (first?.exchangeTs ?? 0) && exchangeTs <= (gap?.endTs ?? 0)
    return symbol === 'BTCUSDT' && isCaptured && !received.has(tradeId)
  })
  expect(missed.length).toBeGreaterThan(0)
  expect(missed.filter(({ exchangeTs }) => exchangeTs < (gap?.startTs ?? 0))).toEqual([])
})

test('a connection that delivers nothing of a topic is replaced, without a gap for the others', async () => {
  const healing = await heal()
  await healing.sim.fault({ kind: 'silence', topic: SILENT_TOPIC, until: 'reconnected' })
  await until('the gap', () => healing.all('gap').length === 1)
  expect(healing.steps).toEqual([`resubscribe ${SILENT_TOPIC}`, `reconnect ${SILENT_TOPIC}`])
  await until('the rotation', () => healing.all('rotated').length === 1)
  expect(healing.all('gap')).toMatchObject([{ gap: { symbol: 'BTCUSDT', reason: 'stale' } }])
})

test('topics that no cure helps share a connection of their own, and are then left alone', async () => {
  const healing = await heal()
  const silent = ['publicTrade.BTCUSDT', 'publicTrade.ETHUSDT']
  for (const topic of silent) await healing.sim.fault({ kind: 'silence', topic })
  const stepsOf = (topic: string): string[] =>
    healing
      .all('silent_topic')
      .filter((status) => status.topic === topic)
      .map(({ step }) => step)
  await until('every step', () => silent.every((topic) => stepsOf(topic).at(-1) === 'wait'))
  for (const topic of silent) {
    expect(stepsOf(topic)).toEqual(['resubscribe', 'reconnect', 'another_connection', 'wait'])
  }
  const carried = (): string[][] =>
    healing.sim
      .connections()
      .filter(({ open }) => open)
      .map(({ topics }) => [...topics].sort())
  await until('two connections', () => carried().length === 2)
  expect(carried()).toEqual([['tickers.BTCUSDT', 'tickers.ETHUSDT'], silent])
  expect(healing.all('closed')).toEqual([])
  expect(healing.stream.topics()).toHaveLength(4)
  expect(healing.all('gap')).toEqual([])
}, 300_000)
