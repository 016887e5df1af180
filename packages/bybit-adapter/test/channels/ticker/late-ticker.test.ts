import { changedFields, type TickerEvent } from '@grid/core-events'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createNormalizer, type NormalizeResult, type Normalizer } from '../../../src/index.ts'
import { snapshotFrame, tickerFrame } from '../../support/frames.ts'

const KEYS = ['lastPrice', 'markPrice', 'indexPrice', 'fundingRate', 'bid1Price'] as const
const BEGIN_MS = 1_760_000_000_000

type Values = Partial<Record<string, string>>

interface Message {
  readonly order: number
  readonly text: string
  /** Every value after it, `''` for "not applicable". */
  readonly truth: Values
}

function feed(normalizer: Normalizer, frame: string): NormalizeResult {
  return normalizer.normalize(frame, BEGIN_MS * 1000)
}

function only({ events, deadLetters, discarded }: NormalizeResult): TickerEvent {
  expect({ deadLetters, discarded }).toEqual({ deadLetters: [], discarded: [] })
  return events[0] as TickerEvent
}

function valuesOf(event: TickerEvent): Values {
  return Object.fromEntries(KEYS.map((key) => [key, event[key] ?? '']))
}

/** What an exchange might send, in its order; some messages share the sequence of the one before. */
const messages = fc
  .array(
    fc.record({
      keys: fc.subarray([...KEYS]),
      isSnapshot: fc.nat(11).map((n) => n === 0),
      isSameSequence: fc.boolean(),
      isEmpty: fc.boolean(),
      late: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.nat(4)),
    }),
    { minLength: 1, maxLength: 40 },
  )
  .map((specs) => {
    let seq = 100
    let truth: Values = Object.fromEntries(KEYS.map((key) => [key, '']))
    return specs.map(({ keys, isSnapshot, isSameSequence, isEmpty, late }, order) => {
      if (!isSameSequence) seq++
      const data = Object.fromEntries(
        keys.map((key, index) => [key, isEmpty && index === 0 ? '' : `${order}.${index}`]),
      )
      const before = isSnapshot ? Object.fromEntries(KEYS.map((key) => [key, ''])) : truth
      truth = { ...before, ...data }
      const type = isSnapshot ? 'snapshot' : 'delta'
      const text = tickerFrame(data, { type, cs: seq, ts: BEGIN_MS + order })
      return { late, message: { order, text, truth } satisfies Message }
    })
  })

test("in any order of arrival, a row equals the exchange's state once everything before it has arrived", () => {
  fc.assert(
    fc.property(messages, (sent) => {
      const normalizer = createNormalizer({ category: 'linear' })
      feed(normalizer, snapshotFrame())
      const arriving = sent
        .map(({ late, message }) => ({
          at: message.order + late + 0.5 * Number(late > 0),
          message,
        }))
        .sort((a, b) => a.at - b.at)
      const arrived = new Set<number>()
      for (const { message } of arriving) {
        const { order, text, truth } = message
        arrived.add(order)
        const [row] = feed(normalizer, text).events as TickerEvent[]
        expect(row).toMatchObject({ exchangeTs: BEGIN_MS + order })
        const isComplete = sent
          .slice(0, order)
          .every((earlier) => arrived.has(earlier.message.order))
        if (isComplete && row !== undefined) expect(valuesOf(row)).toEqual(truth)
      }
      const end = tickerFrame({}, { cs: 1_000_000, ts: BEGIN_MS + 1_000_000 })
      expect(valuesOf(only(feed(normalizer, end)))).toEqual(sent.at(-1)?.message.truth)
    }),
    { numRuns: 500 },
  )
})

test('a late delta gives a row at its own time, and later rows keep the fields that only it carried', () => {
  const normalizer = createNormalizer({ category: 'linear' })
  feed(normalizer, snapshotFrame({ lastPrice: '1', markPrice: '1', fundingRate: '1' }))
  const at = (cs: number, data: Values): TickerEvent =>
    only(feed(normalizer, tickerFrame(data, { cs, ts: BEGIN_MS + cs })))
  expect(at(3, { markPrice: '3' })).toMatchObject({ lastPrice: '1', fundingRate: '1' })
  const late = at(2, { markPrice: '2', fundingRate: '2' })
  expect(late).toMatchObject({ seq: 2, lastPrice: '1', markPrice: '2', fundingRate: '2' })
  expect(changedFields(late.changed)).toEqual(['markPrice', 'fundingRate'])
  expect(at(4, { lastPrice: '4' })).toMatchObject({ markPrice: '3', fundingRate: '2' })
})

test('a very late delta still fills fields that nothing newer carried; a repetition does nothing', () => {
  const normalizer = createNormalizer({ category: 'linear' })
  feed(normalizer, snapshotFrame({ fundingRate: '1', lastPrice: '1' }))
  const at = (cs: number, data: Values): NormalizeResult =>
    feed(normalizer, tickerFrame(data, { cs, ts: BEGIN_MS + cs }))
  for (let cs = 10; cs < 30; cs++) only(at(cs, { lastPrice: String(cs) }))
  const stale = { events: [], discarded: [{ reason: 'stale_delta', symbol: 'BTCUSDT' }] }
  expect(at(5, { lastPrice: '5', fundingRate: '5' })).toMatchObject(stale)
  expect(at(28, { lastPrice: '28' })).toMatchObject(stale)
  expect(only(at(30, {}))).toMatchObject({ lastPrice: '29', fundingRate: '5' })
})

test('a delta that comes before its snapshot is merged into it', () => {
  const normalizer = createNormalizer({ category: 'linear' })
  const first = tickerFrame({ lastPrice: '2' }, { cs: 2, ts: BEGIN_MS + 2 })
  expect(feed(normalizer, first).discarded).toMatchObject([{ reason: 'delta_before_snapshot' }])
  const data = { lastPrice: '1', markPrice: '1' }
  const snapshot = tickerFrame(data, { type: 'snapshot', cs: 1, ts: BEGIN_MS + 1 })
  expect(only(feed(normalizer, snapshot))).toMatchObject({ isSnapshot: true, ...data })
  const next = tickerFrame({ indexPrice: '3' }, { cs: 3, ts: BEGIN_MS + 3 })
  expect(only(feed(normalizer, next))).toMatchObject({ lastPrice: '2', markPrice: '1' })
})

test('a late snapshot replaces nothing newer', () => {
  const normalizer = createNormalizer({ category: 'linear' })
  feed(normalizer, snapshotFrame({ lastPrice: '0', markPrice: '0' }))
  feed(normalizer, tickerFrame({ lastPrice: '3' }, { cs: 3, ts: BEGIN_MS + 3 }))
  const data = { lastPrice: '2', indexPrice: '2' }
  const late = tickerFrame(data, { type: 'snapshot', cs: 2, ts: BEGIN_MS + 2 })
  expect(only(feed(normalizer, late))).toMatchObject({ ...data, markPrice: null, seq: 2 })
  expect(feed(normalizer, late).discarded).toMatchObject([{ reason: 'stale_snapshot' }])
  const next = only(feed(normalizer, tickerFrame({}, { cs: 4, ts: BEGIN_MS + 4 })))
  expect(next).toMatchObject({ lastPrice: '3', indexPrice: '2', markPrice: null })
})

test('a repeated snapshot, however late, reverts nothing', () => {
  const normalizer = createNormalizer({ category: 'linear' })
  const data = { lastPrice: '0', fundingRate: '0' }
  const snapshot = tickerFrame(data, { type: 'snapshot', cs: 1, ts: BEGIN_MS })
  only(feed(normalizer, snapshot))
  for (let cs = 10; cs < 30; cs++) {
    only(feed(normalizer, tickerFrame({ lastPrice: String(cs) }, { cs, ts: BEGIN_MS + cs })))
  }
  expect(only(feed(normalizer, snapshot))).toMatchObject({ ...data, seq: 1 })
  const next = only(feed(normalizer, tickerFrame({}, { cs: 30, ts: BEGIN_MS + 30 })))
  expect(next).toMatchObject({ lastPrice: '29', fundingRate: '0' })
})

test.each([
  ['of an older sequence, but newer', { cs: 5, ts: BEGIN_MS + 1000 }],
  ['older than all that is remembered', { cs: 5, ts: BEGIN_MS + 5 }],
])('a snapshot %s begins a new count', (_name, envelope) => {
  const normalizer = createNormalizer({ category: 'linear' })
  feed(normalizer, snapshotFrame({ lastPrice: '0', markPrice: '0' }))
  for (let cs = 10; cs < 30; cs++) {
    feed(normalizer, tickerFrame({ markPrice: '1' }, { cs, ts: BEGIN_MS + cs }))
  }
  only(feed(normalizer, tickerFrame({ lastPrice: '7' }, { type: 'snapshot', ...envelope })))
  const next = tickerFrame({ indexPrice: '8' }, { cs: 6, ts: BEGIN_MS + 1006 })
  const expected = { lastPrice: '7', markPrice: null, indexPrice: '8' }
  expect(only(feed(normalizer, next))).toMatchObject(expected)
})

test('a late spot ticker gives its own row, and later rows keep the newer values', () => {
  const normalizer = createNormalizer({ category: 'spot' })
  const ticker = (cs: number): string =>
    tickerFrame({ lastPrice: String(cs) }, { type: 'snapshot', cs, ts: BEGIN_MS + cs })
  for (const cs of [1, 3]) only(feed(normalizer, ticker(cs)))
  expect(only(feed(normalizer, ticker(2)))).toMatchObject({ lastPrice: '2', seq: 2 })
  const book = { s: 'BTCUSDT', b: [['9', '1']], a: [['10', '1']], u: 7, seq: 50 }
  const frame = { topic: 'orderbook.1.BTCUSDT', ts: BEGIN_MS, type: 'snapshot', data: book }
  expect(only(feed(normalizer, JSON.stringify(frame)))).toMatchObject({ lastPrice: '3' })
})
