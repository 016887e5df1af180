import type { PublicEvent } from '@grid/core-events'
import { expect, test } from 'vitest'
import { topicsOf } from '../../../src/channels/topics.ts'
import { createNormalizer, type PublicCategory } from '../../../src/index.ts'
import { SilenceWatch, type TopicSilence } from '../../../src/ws/coverage/silence-watch.ts'
import { DEFAULT_TIMINGS } from '../../../src/ws/stream/stream-timings.ts'
import { snapshotFrame, tickerFrame, tradeFrame, wireTrade } from '../../support/frames.ts'
import { SteppedClock } from '../../support/stepped-clock.ts'

const HOUR_MS = 3_600_000

class Harness {
  readonly clock = new SteppedClock()
  readonly silent: [topic: string, silentForMs: number][] = []
  readonly watch: SilenceWatch
  readonly topics = new Map<string, TopicSilence>()
  readonly #normalizer: ReturnType<typeof createNormalizer>

  constructor(category: PublicCategory, ...symbols: readonly string[]) {
    this.#normalizer = createNormalizer({ category })
    this.watch = new SilenceWatch({
      clock: this.clock,
      timings: DEFAULT_TIMINGS,
      onSilent: (topic, silentForMs) => this.silent.push([topic, silentForMs]),
    })
    for (const symbol of symbols) {
      for (const channel of ['ticker', 'publicTrade'] as const) {
        for (const topic of topicsOf(category, channel, symbol)) {
          this.topics.set(topic.topic, this.watch.add(topic))
        }
      }
    }
  }

  topic(name: string): TopicSilence {
    const topic = this.topics.get(name)
    if (topic === undefined) throw new Error(`${name} is not watched`)
    return topic
  }

  feed(text: string): readonly PublicEvent[] {
    const { topic }: { topic: string } = JSON.parse(text)
    const { events } = this.#normalizer.normalize(text, this.clock.nowUs())
    this.watch.onData(this.topic(topic), this.clock.nowUs(), events)
    return events
  }

  ticker(data: Record<string, unknown>): void {
    const ts = this.clock.nowMs
    expect(this.feed(tickerFrame(data, { cs: ts, ts }))).toHaveLength(1)
  }

  trade(): void {
    const T = this.clock.nowMs
    this.feed(tradeFrame([wireTrade({ T, i: `t${T}`, seq: T })]))
  }
}

function linear(): Harness {
  const harness = new Harness('linear', 'BTCUSDT')
  harness.feed(snapshotFrame({ lastPrice: '1', volume24h: '100', turnover24h: '100' }))
  return harness
}

/** Calls once for each step of a span, and lets the step's milliseconds pass. */
function during(harness: Harness, ms: number, stepMs: number, call: (step: number) => void): void {
  for (let step = 0; step < ms / stepMs; step++) {
    call(step)
    harness.clock.advance(stepMs)
  }
}

test('silent trades are found within 60 s while the ticker shows that the symbol trades', () => {
  const harness = linear()
  harness.trade()
  during(harness, 60_000, 1_000, (step) => harness.ticker({ lastPrice: String(step) }))
  expect(harness.silent[0]?.[0]).toBe('publicTrade.BTCUSDT')
  expect(harness.silent[0]?.[1]).toBeLessThan(60_000)
  expect(harness.silent.map(([topic]) => topic)).not.toContain('tickers.BTCUSDT')
})

test.each(['volume24h', 'turnover24h'])('a growing %s proves trades', (field) => {
  const harness = linear()
  during(harness, 60_000, 10_000, (step) => harness.ticker({ [field]: String(101 + step) }))
  expect(harness.silent[0]?.[0]).toBe('publicTrade.BTCUSDT')
})

test('a ticker that is silent while trades go on is found', () => {
  const harness = linear()
  during(harness, 60_000, 5_000, () => harness.trade())
  expect(harness.silent[0]?.[0]).toBe('tickers.BTCUSDT')
})

test('a silence that lasts is told again, with its whole length', () => {
  const harness = linear()
  during(harness, 120_000, 1_000, () => harness.trade())
  const times = harness.silent.map(([, silentForMs]) => silentForMs)
  expect(times.length).toBeGreaterThan(2)
  expect(times).toEqual(times.toSorted((a, b) => a - b))
})

test('24 hours without trades are no silence, however quotes and sums move', () => {
  const harness = linear()
  during(harness, 24 * HOUR_MS, 5_000, (step) => {
    harness.ticker({ markPrice: String(step), bid1Price: String(step), openInterest: String(step) })
    harness.ticker({ volume24h: String(100 - step / 1e6), turnover24h: String(100 - step / 1e6) })
  })
  expect(harness.silent).toEqual([])
})

test('24 hours of rare trades, each by both topics in either order, are no silence', () => {
  const harness = linear()
  during(harness, 24 * HOUR_MS, 90_000, (step) => {
    const tell = [
      () => harness.trade(),
      () => harness.ticker({ lastPrice: String(step), volume24h: String(100 + step) }),
    ]
    const inOrder = step % 2 === 0 ? tell : tell.reverse()
    for (const one of inOrder) {
      one()
      harness.clock.advance(150)
    }
    harness.ticker({ turnover24h: String(100 + step) })
  })
  expect(harness.silent).toEqual([])
})

test('data in time clears the suspicion: a topic that is merely late is not silent', () => {
  const harness = linear()
  harness.clock.advance(10_000)
  for (let step = 0; step < 5; step++) {
    harness.ticker({ lastPrice: String(step + 2) })
    harness.clock.advance(1_500)
  }
  harness.trade()
  harness.clock.advance(60_000)
  expect(harness.silent).toEqual([])
})

test('changes between an old subscription and a new one prove no trade', () => {
  const harness = linear()
  harness.watch.restart(harness.topic('publicTrade.BTCUSDT'))
  harness.clock.advance(20_000)
  harness.feed(snapshotFrame({ lastPrice: '9', volume24h: '900', turnover24h: '900' }))
  harness.clock.advance(20_000)
  expect(harness.silent).toEqual([])
})

test('on spot a trade must be answered by ticker and book, and a repeated book is an answer', () => {
  const harness = new Harness('spot', 'BTCUSDT')
  const book = { s: 'BTCUSDT', b: [['1', '1']], a: [['2', '1']], u: 7, seq: 50 }
  const topic = 'orderbook.1.BTCUSDT'
  during(harness, 60_000, 3_000, () => {
    const ts = harness.clock.nowMs
    harness.feed(JSON.stringify({ topic, ts, type: 'snapshot', data: book }))
    harness.trade()
  })
  expect(new Set(harness.silent.map(([name]) => name))).toEqual(new Set(['tickers.BTCUSDT']))
})

test("an option's ticker proves trades that its base coin's topic must deliver", () => {
  const symbol = 'BTC-26DEC25-120000-C-USDT'
  const harness = new Harness('option', symbol)
  during(harness, 60_000, 5_000, (step) => {
    const ts = harness.clock.nowMs
    const topic = `tickers.${symbol}`
    const data = { symbol, lastPrice: '1', totalVolume: '5', volume24h: String(step) }
    harness.feed(
      JSON.stringify({ id: `${topic}-${step}-${ts}`, topic, ts, type: 'snapshot', data }),
    )
  })
  expect(harness.silent[0]?.[0]).toBe('publicTrade.BTC')
})
