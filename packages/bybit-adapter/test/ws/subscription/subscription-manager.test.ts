import { expect, test } from 'vitest'
import type { StreamStatus } from '../../../src/ws/stream/stream-status.ts'
import { DEFAULT_TIMINGS } from '../../../src/ws/stream/stream-timings.ts'
import type { TopicState } from '../../../src/ws/stream/topic-status.ts'
import { SubscriptionManager } from '../../../src/ws/subscription/subscription-manager.ts'
import { SteppedClock } from '../../support/stepped-clock.ts'

interface Sent {
  readonly req_id: string
  readonly op: string
  readonly args: readonly string[]
}

class Harness {
  readonly clock = new SteppedClock()
  readonly sent: Sent[] = []
  readonly recycled: string[] = []
  readonly statuses: StreamStatus[] = []
  readonly manager: SubscriptionManager

  constructor(...topics: readonly string[]) {
    this.manager = new SubscriptionManager(
      {
        topics: topics.map((topic) => {
          const [prefix = '', symbol = ''] = topic.split('.')
          return prefix === 'tickers'
            ? { topic, symbol, channel: 'ticker', proof: 'snapshot' }
            : { topic, symbol, channel: 'publicTrade', proof: 'ack' }
        }),
        topicsPerRequest: 10,
        clock: this.clock,
        timings: DEFAULT_TIMINGS,
      },
      {
        send: (text) => this.sent.push(JSON.parse(text) as Sent),
        recycle: (reason) => this.recycled.push(reason),
        onStatus: (status) => this.statuses.push(status),
        onProven: () => {},
      },
    )
  }

  /** The request that was sent last. */
  get last(): Sent {
    const request = this.sent.at(-1)
    if (request === undefined) throw new Error('nothing was sent')
    return request
  }

  ack(request: Sent = this.last): boolean {
    return this.#reply(request, true, '')
  }

  refuse(message: string, request: Sent = this.last): boolean {
    return this.#reply(request, false, message)
  }

  states(): Record<string, TopicState> {
    return Object.fromEntries(this.manager.topics().map(({ topic, state }) => [topic, state]))
  }

  #reply({ req_id: reqId, op }: Sent, ok: boolean, message: string): boolean {
    return this.manager.onAck({ kind: 'ack', op, reqId, ok, message, topics: null })
  }
}

function trades(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `publicTrade.C${index}`)
}

test('topics are asked for in batches of ten, each with its own id', () => {
  const harness = new Harness(...trades(23))
  harness.manager.onOpen()
  expect(harness.sent.map(({ args }) => args.length)).toEqual([10, 10, 3])
  expect(new Set(harness.sent.map(({ req_id }) => req_id)).size).toBe(3)
  expect(harness.sent.flatMap(({ args }) => args)).toEqual(trades(23))
})

test('an ack confirms only its own request', () => {
  const harness = new Harness(...trades(11))
  harness.manager.onOpen()
  harness.ack(harness.sent[1])
  expect(harness.states()).toMatchObject({ 'publicTrade.C0': 'pending', 'publicTrade.C10': 'live' })
  expect(harness.manager.isSettled).toBe(false)
  harness.ack(harness.sent[0])
  expect(harness.manager.isSettled).toBe(true)
  expect(harness.ack(harness.sent[0])).toBe(false)
})

test('a ticker is live at its first data, not at its ack', () => {
  const harness = new Harness('tickers.A')
  harness.manager.onOpen()
  harness.ack()
  expect(harness.states()).toEqual({ 'tickers.A': 'pending' })
  harness.manager.onData('tickers.A', 5)
  expect(harness.manager.topics()).toMatchObject([{ state: 'live', lastEventAtUs: 5 }])
})

test('data before the ack makes a topic live, and losing the ack then costs nothing', () => {
  const harness = new Harness('publicTrade.A', 'tickers.A')
  harness.manager.onOpen()
  harness.manager.onData('tickers.A', 1)
  harness.clock.advance(10_000)
  expect(harness.last.args).toEqual(['publicTrade.A'])
  harness.ack()
  harness.clock.advance(60_000)
  expect(harness.recycled).toEqual([])
  expect(harness.manager.isSettled).toBe(true)
})

test.each(['error:handler not found,topic:publicTrade.C1', 'Invalid symbol :[publicTrade.C1]'])(
  'one topic refused with "%s" leaves the others alive',
  (message) => {
    const harness = new Harness(...trades(3))
    harness.manager.onOpen()
    harness.refuse(message)
    expect(harness.last.args).toEqual(['publicTrade.C0', 'publicTrade.C2'])
    harness.ack()
    expect(harness.states()).toEqual({
      'publicTrade.C0': 'live',
      'publicTrade.C1': 'refused',
      'publicTrade.C2': 'live',
    })
    expect(harness.manager.topics()[1]?.reason).toBe(message)
  },
)

test('a topic that is subscribed already is live, and the rest is asked for again', () => {
  const harness = new Harness(...trades(3))
  harness.manager.onOpen()
  harness.refuse('error:already subscribed,topic:publicTrade.C0')
  expect(harness.states()).toMatchObject({ 'publicTrade.C0': 'live' })
  expect(harness.last.args).toEqual(['publicTrade.C1', 'publicTrade.C2'])
})

test('a request that is too large is halved until it is not', () => {
  const harness = new Harness(...trades(4))
  harness.manager.onOpen()
  harness.refuse('args size \u003e1')
  const halves = harness.sent.slice(1)
  expect(halves.map(({ args }) => args.length)).toEqual([2, 2])
  for (const half of halves) harness.refuse('args size >1', half)
  for (const single of harness.sent.slice(3)) harness.ack(single)
  expect(Object.values(harness.states())).toEqual(['live', 'live', 'live', 'live'])
})

test('an unexplained refusal is retried at growing intervals, then halving finds the bad topic', () => {
  const harness = new Harness(...trades(4))
  harness.manager.onOpen()
  const guilty = (request: Sent): boolean => request.args.includes('publicTrade.C2')
  let answered = 0
  for (let second = 0; second < 60; second++) {
    for (; answered < harness.sent.length; answered++) {
      const request = harness.sent[answered]
      if (request === undefined) break
      if (guilty(request)) harness.refuse('error:busy', request)
      else harness.ack(request)
    }
    harness.clock.advance(1000)
  }
  expect(harness.sent.slice(0, 4).map(({ args }) => args.length)).toEqual([4, 4, 4, 4])
  expect(harness.states()).toEqual({
    'publicTrade.C0': 'live',
    'publicTrade.C1': 'live',
    'publicTrade.C2': 'refused',
    'publicTrade.C3': 'live',
  })
})

test('a missing ack is asked for once more, then the socket is given up', () => {
  const harness = new Harness('publicTrade.A')
  harness.manager.onOpen()
  harness.clock.advance(9_999)
  expect(harness.sent).toHaveLength(1)
  harness.clock.advance(1)
  expect(harness.sent).toHaveLength(2)
  harness.clock.advance(10_000)
  expect(harness.recycled).toHaveLength(1)
})

test('the ack of the first attempt counts even when it comes after the second was sent', () => {
  const harness = new Harness('publicTrade.A')
  harness.manager.onOpen()
  harness.clock.advance(10_000)
  expect(harness.ack(harness.sent[0])).toBe(true)
  harness.clock.advance(60_000)
  expect(harness.recycled).toEqual([])
  expect(harness.states()).toEqual({ 'publicTrade.A': 'live' })
})

test('a ticker without a snapshot is subscribed anew, then costs one socket, then is refused', () => {
  const harness = new Harness('tickers.A', 'publicTrade.B')
  const connect = (): void => {
    harness.manager.onOpen()
    harness.ack()
    harness.clock.advance(10_000)
    expect(harness.sent.slice(-2)).toMatchObject([
      { op: 'unsubscribe', args: ['tickers.A'] },
      { op: 'subscribe', args: ['tickers.A'] },
    ])
    harness.ack()
    harness.clock.advance(10_000)
  }
  connect()
  expect(harness.recycled).toHaveLength(1)
  harness.manager.onDisconnect()
  connect()
  expect(harness.recycled).toHaveLength(1)
  expect(harness.states()).toEqual({ 'tickers.A': 'refused', 'publicTrade.B': 'live' })
})

test('while no topic is live, sockets are given up and no topic is refused', () => {
  const harness = new Harness('tickers.A', 'publicTrade.A')
  for (let connection = 1; connection <= 3; connection++) {
    harness.manager.onOpen()
    harness.clock.advance(20_000)
    expect(harness.recycled).toHaveLength(connection)
    harness.manager.onDisconnect()
  }
  expect(Object.values(harness.states())).toEqual(['pending', 'pending'])
})

test('refused topics are asked for again, each alone: every five minutes and on each new socket', () => {
  const harness = new Harness(...trades(2))
  harness.manager.onOpen()
  harness.refuse('error:handler not found,topic:publicTrade.C0')
  harness.ack()
  harness.clock.advance(299_999)
  expect(harness.sent).toHaveLength(2)
  harness.clock.advance(1)
  expect(harness.last.args).toEqual(['publicTrade.C0'])
  harness.refuse('error:handler not found,topic:publicTrade.C0')
  expect(harness.statuses.filter(({ type }) => type === 'refused')).toHaveLength(1)
  harness.manager.onDisconnect()
  harness.manager.onOpen()
  expect(harness.sent.slice(-2).map(({ args }) => args)).toEqual([
    ['publicTrade.C1'],
    ['publicTrade.C0'],
  ])
  harness.ack()
  expect(harness.states()).toMatchObject({ 'publicTrade.C0': 'live' })
})

test('an unanswered request for a refused topic does not cost the others their socket', () => {
  const harness = new Harness(...trades(2))
  harness.manager.onOpen()
  harness.refuse('error:handler not found,topic:publicTrade.C0')
  harness.ack()
  harness.clock.advance(300_000 + 60_000)
  expect(harness.recycled).toEqual([])
})

test('no timer outlives the connection', () => {
  const harness = new Harness('tickers.A', 'publicTrade.A', 'publicTrade.B')
  harness.manager.onOpen()
  harness.refuse('error:busy')
  expect(harness.clock.pendingTimers).toBeGreaterThan(0)
  harness.manager.onDisconnect()
  expect(harness.clock.pendingTimers).toBe(0)
})

test('topics may be added and removed on an open socket', () => {
  const harness = new Harness(...trades(1))
  harness.manager.onOpen()
  harness.ack()
  harness.manager.add([{ topic: 'tickers.N', symbol: 'N', channel: 'ticker', proof: 'snapshot' }])
  expect(harness.last).toMatchObject({ op: 'subscribe', args: ['tickers.N'] })
  expect(harness.manager.isSettled).toBe(false)
  harness.manager.remove(['tickers.N', 'publicTrade.C0'])
  expect(harness.last).toMatchObject({ op: 'unsubscribe', args: ['tickers.N', 'publicTrade.C0'] })
  expect(harness.states()).toEqual({})
  // Neither the ack nor its absence brings back a topic that is no longer wanted.
  harness.clock.advance(60_000)
  expect(harness.sent).toHaveLength(3)
  expect(harness.recycled).toEqual([])
})

test('topics added before the socket opens are asked for when it opens', () => {
  const harness = new Harness(...trades(1))
  harness.manager.add([{ topic: 'tickers.N', symbol: 'N', channel: 'ticker', proof: 'snapshot' }])
  expect(harness.sent).toEqual([])
  harness.manager.onOpen()
  expect(harness.last.args).toEqual(['publicTrade.C0', 'tickers.N'])
})

test('an ack without an id answers the only request that waits, and none among several', () => {
  const ack = {
    kind: 'ack',
    op: 'subscribe',
    reqId: null,
    ok: true,
    message: '',
    topics: null,
  } as const
  const several = new Harness(...trades(11))
  several.manager.onOpen()
  expect(several.manager.onAck(ack)).toBe(false)
  several.ack(several.sent[0])
  expect(several.manager.onAck(ack)).toBe(true)
  expect(several.manager.isSettled).toBe(true)
})

test('a refusal for lack of permission is final; permitted topics of the request are found by halving', () => {
  const harness = new Harness('publicTrade.A', 'publicTrade.B', 'publicTrade.C')
  harness.manager.onOpen()
  harness.refuse('Request not authorized')
  const [, pair, single] = harness.sent
  if (pair === undefined || single === undefined) throw new Error('not halved')
  expect([pair.args, single.args]).toEqual([['publicTrade.A', 'publicTrade.B'], ['publicTrade.C']])
  harness.refuse('Request not authorized', single)
  harness.refuse('error:permission denied,topic:publicTrade.A', pair)
  harness.ack()
  expect(harness.states()).toEqual({
    'publicTrade.A': 'refused',
    'publicTrade.B': 'live',
    'publicTrade.C': 'refused',
  })
  expect(harness.sent).toHaveLength(4)
})
