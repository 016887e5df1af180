import { expect, test } from 'vitest'
import { topicsOf, type WantedTopic } from '../../../src/channels/topics.ts'
import { classifyControl } from '../../../src/wire/control-frame.ts'
import type { StreamStatus } from '../../../src/ws/stream/stream-status.ts'
import { DEFAULT_TIMINGS } from '../../../src/ws/stream/stream-timings.ts'
import { SubscriptionManager } from '../../../src/ws/subscription/subscription-manager.ts'
import { SteppedClock } from '../../support/stepped-clock.ts'

const SYMBOL = 'BTC-26DEC25-120000-C-USDT'
const TICKER = `tickers.${SYMBOL}`
const TRADES = 'publicTrade.BTC'

class Harness {
  readonly clock = new SteppedClock()
  readonly sent: { readonly op: string; readonly args: readonly string[] }[] = []
  readonly recycled: string[] = []
  readonly proven: string[] = []
  readonly statuses: StreamStatus[] = []
  readonly manager: SubscriptionManager

  constructor(...topics: readonly WantedTopic[]) {
    this.manager = new SubscriptionManager(
      { topics, topicsPerRequest: 10, clock: this.clock, timings: DEFAULT_TIMINGS },
      {
        send: (text) => this.sent.push(JSON.parse(text)),
        recycle: (reason) => this.recycled.push(reason),
        onStatus: (status) => this.statuses.push(status),
        onProven: (topic) => this.proven.push(topic),
      },
    )
    this.manager.onOpen()
  }

  answer(successTopics: readonly string[], failTopics: readonly string[] = []): boolean {
    const data = { failTopics, successTopics }
    const control = classifyControl({ success: true, conn_id: 'c', data, type: 'COMMAND_RESP' })
    if (control?.kind !== 'ack') throw new Error('no ack')
    return this.manager.onAck(control)
  }

  states(): Record<string, string> {
    return Object.fromEntries(this.manager.topics().map(({ topic, state }) => [topic, state]))
  }
}

function both(): Harness {
  return new Harness(
    ...topicsOf('option', 'ticker', SYMBOL),
    ...topicsOf('option', 'publicTrade', SYMBOL),
  )
}

test('an ack names its topics instead of a request, and proves nothing', () => {
  const harness = both()
  expect(harness.sent[0]?.args).toEqual([TICKER, TRADES])
  expect(harness.answer([TICKER, TRADES])).toBe(true)
  expect(harness.states()).toEqual({ [TICKER]: 'pending', [TRADES]: 'pending' })
  expect(harness.proven).toEqual([])
  harness.manager.onData(TICKER, 1)
  expect(harness.states()).toMatchObject({ [TICKER]: 'live' })
})

test('a topic silent after its ack is asked for once more, then left unproven; it costs no socket', () => {
  const harness = both()
  harness.answer([TICKER, TRADES])
  harness.clock.advance(10_000)
  expect(harness.sent.slice(1).map(({ op, args }) => [op, ...args])).toEqual([
    ['unsubscribe', TICKER],
    ['subscribe', TICKER],
    ['unsubscribe', TRADES],
    ['subscribe', TRADES],
  ])
  for (const topic of [TICKER, TICKER, TRADES, TRADES]) harness.answer([topic])
  expect(harness.manager.isSettled).toBe(false)
  harness.clock.advance(10_000)
  expect(harness.states()).toEqual({ [TICKER]: 'unproven', [TRADES]: 'unproven' })
  expect(harness.manager.isSettled).toBe(true)
  harness.clock.advance(24 * 3_600_000)
  expect(harness.recycled).toEqual([])
  expect(harness.sent).toHaveLength(5)
  harness.manager.onData(TRADES, 1)
  expect(harness.states()).toMatchObject({ [TRADES]: 'live' })
})

test('topics listed as failed are refused, the others are not asked for again', () => {
  const harness = both()
  harness.answer([TRADES], [TICKER])
  expect(harness.states()).toEqual({ [TICKER]: 'refused', [TRADES]: 'pending' })
  harness.manager.onData(TRADES, 1)
  harness.clock.advance(60_000)
  expect(harness.sent).toHaveLength(1)
})

test('a topic whose first ack may have been lost is not refused', () => {
  const harness = both()
  harness.clock.advance(10_000)
  expect(harness.sent.map(({ op }) => op)).toEqual(['subscribe', 'subscribe'])
  harness.answer([], [TICKER, TRADES])
  expect(harness.states()).toEqual({ [TICKER]: 'pending', [TRADES]: 'pending' })
  harness.clock.advance(10_000)
  expect(harness.sent.slice(2).map(({ op }) => op)).toEqual([
    ...['unsubscribe', 'subscribe'],
    ...['unsubscribe', 'subscribe'],
  ])
  // After unsubscribing and asking once, the refusal is beyond doubt.
  harness.answer([TICKER], [TRADES])
  harness.clock.advance(10_000)
  expect(harness.states()).toEqual({ [TICKER]: 'unproven', [TRADES]: 'refused' })
  expect(harness.recycled).toEqual([])
})

test('a late ack and the refusal of the repetition leave the topic subscribed', () => {
  const harness = both()
  harness.clock.advance(10_000)
  harness.answer([TICKER, TRADES])
  harness.answer([], [TICKER, TRADES])
  expect(harness.states()).toEqual({ [TICKER]: 'pending', [TRADES]: 'pending' })
})

test('a refused topic that is accepted later is no longer refused', () => {
  const harness = both()
  harness.answer([TRADES], [TICKER])
  harness.clock.advance(DEFAULT_TIMINGS.refusedRetryMs)
  harness.answer([TICKER])
  harness.clock.advance(10_000)
  harness.answer([TICKER])
  harness.clock.advance(10_000)
  expect(harness.states()).toMatchObject({ [TICKER]: 'unproven' })
})

test('an ack that never comes costs the socket on option sockets as well', () => {
  const harness = both()
  harness.clock.advance(20_000)
  expect(harness.recycled).toHaveLength(1)
})

test('contracts of one coin share one trade topic', () => {
  const other = 'BTC-26DEC25-90000-P-USDT'
  const [topic] = topicsOf('option', 'publicTrade', other)
  const { kind, ...wanted } = topic ?? {}
  expect(wanted).toEqual({ topic: TRADES, channel: 'publicTrade', symbol: 'BTC', proof: 'data' })
  expect(kind).toMatchObject({ prefix: 'publicTrade', proof: 'data' })
})
