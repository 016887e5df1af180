import { changedFields, type TickerEvent } from '@grid/core-events'
import { expect, test } from 'vitest'
import { createNormalizer, type NormalizeResult, type Normalizer } from '../../../src/index.ts'
import { snapshotFrame, tickerFrame } from '../../support/frames.ts'

function feed(normalizer: Normalizer, frame: string): NormalizeResult {
  return normalizer.normalize(frame, 1_760_000_000_210_000)
}

function primed(data: Record<string, unknown> = {}): Normalizer {
  const normalizer = createNormalizer({ category: 'linear' })
  expect(feed(normalizer, snapshotFrame(data)).events).toHaveLength(1)
  return normalizer
}

function only(result: NormalizeResult): TickerEvent {
  expect(result).toMatchObject({ deadLetters: [], discarded: [] })
  expect(result.events).toHaveLength(1)
  return result.events[0] as TickerEvent
}

test('a delta changes what it carries: an absent field is unchanged, an empty one is null', () => {
  const normalizer = primed({ lastPrice: '100.10', fundingRate: '0.0001', markPrice: '99' })
  const event = only(feed(normalizer, tickerFrame({ markPrice: '99.5', fundingRate: '' })))
  expect(event).toMatchObject({
    lastPrice: '100.10',
    markPrice: '99.5',
    fundingRate: null,
    indexPrice: null,
    isSnapshot: false,
    seq: 190000000044,
    exchangeTs: 1760000000200,
    extra: null,
  })
  expect(changedFields(event.changed)).toEqual(['markPrice', 'fundingRate'])
})

test('a snapshot replaces everything: what it does not carry is unknown again', () => {
  const normalizer = primed({ lastPrice: '100.10' })
  const event = only(feed(normalizer, tickerFrame({ markPrice: '9' }, { type: 'snapshot' })))
  expect(event).toMatchObject({ lastPrice: null, markPrice: '9', isSnapshot: true })
})

test('events given out earlier do not change', () => {
  const normalizer = primed()
  const first = only(feed(normalizer, tickerFrame({ lastPrice: '1' })))
  const copy = structuredClone(first)
  feed(normalizer, tickerFrame({ lastPrice: '2' }))
  expect(first).toEqual(copy)
})

test('a delta without a snapshot on this connection is discarded, symbol by symbol', () => {
  const normalizer = primed()
  const other = tickerFrame({ lastPrice: '1' }, { symbol: 'ETHUSDT' })
  const discard = { channel: 'ticker', reason: 'delta_before_snapshot' }
  expect(feed(normalizer, other).discarded).toEqual([
    { ...discard, topic: 'tickers.ETHUSDT', symbol: 'ETHUSDT' },
  ])
  normalizer.reset()
  expect(feed(normalizer, tickerFrame({ lastPrice: '1' })).discarded).toMatchObject([discard])
})

test('the sequence decides the order, even if the time is older', () => {
  const normalizer = primed()
  const at = (cs: number, ts: number, lastPrice: string): TickerEvent =>
    only(feed(normalizer, tickerFrame({ lastPrice }, { cs, ts })))
  at(50, 1760000000500, '5')
  at(49, 1760000000600, '4')
  at(50, 1760000000499, '4')
  expect(only(feed(normalizer, tickerFrame({}, { cs: 50, ts: 1760000000500 }))).lastPrice).toBe('5')
  expect(at(51, 1760000000400, '6').lastPrice).toBe('6')
})

test('a malformed delta is a dead letter; its readable fields are merged, the bad one is unknown', () => {
  const normalizer = primed({ lastPrice: '1', markPrice: '1' })
  const frame = tickerFrame({ lastPrice: '2', markPrice: 'abc' })
  const { events, deadLetters } = feed(normalizer, frame)
  expect(events).toEqual([])
  expect(deadLetters).toMatchObject([
    { code: 'ITEM_MALFORMED', field: 'markPrice', symbol: 'BTCUSDT', topic: 'tickers.BTCUSDT' },
  ])
  expect(deadLetters[0]?.reason).toContain('"abc"')
  const data = JSON.stringify({ symbol: 'BTCUSDT', lastPrice: '2', markPrice: 'abc' })
  expect(Buffer.from(deadLetters[0]?.raw ?? []).toString()).toBe(data)
  const next = only(feed(normalizer, tickerFrame({ bid1Price: '3' })))
  expect(next).toMatchObject({ lastPrice: '2', markPrice: null, bid1Price: '3' })
  expect(changedFields(next.changed)).toEqual(['bid1Price'])
})

test('deltas after a malformed snapshot are still read', () => {
  const normalizer = createNormalizer({ category: 'linear' })
  const broken = feed(normalizer, tickerFrame({ lastPrice: '1' }, { type: 'snapshot', cs: null }))
  expect(broken.deadLetters).toMatchObject([{ field: 'cs' }])
  expect(only(feed(normalizer, tickerFrame({ markPrice: '2' })))).toMatchObject({
    lastPrice: '1',
    markPrice: '2',
  })
})

test.each([
  ['cs', { cs: undefined }],
  ['cs', { cs: -1 }],
  ['cs', { cs: 'x' }],
  ['ts', { ts: undefined }],
  ['ts', { ts: 0 }],
  ['type', { type: undefined }],
  ['type', { type: 'update' }],
])('a fault of %s in the envelope keeps the whole frame', (field, envelope) => {
  const frame = tickerFrame({ lastPrice: '1' }, envelope)
  const { events, deadLetters } = feed(primed(), frame)
  expect(events).toEqual([])
  expect(deadLetters).toMatchObject([{ code: 'ITEM_MALFORMED', field }])
  expect(Buffer.from(deadLetters[0]?.raw ?? []).toString()).toBe(frame)
})

test('digit strings are read as sequence and time, ISO 8601 as delivery time', () => {
  const frame = tickerFrame(
    { deliveryTime: '2025-12-26T08:00:00Z', nextFundingTime: '1760025600000' },
    { cs: '190000000044', ts: '1760000000200' },
  )
  expect(only(feed(primed(), frame))).toMatchObject({
    seq: 190000000044,
    exchangeTs: 1760000000200,
    deliveryTime: 1766736000000,
    nextFundingTime: 1760025600000,
  })
})

test('unknown keys are kept for this message only', () => {
  const normalizer = primed()
  const extra = { newRate: '0.5', nested: { list: [1, null, true] } }
  expect(only(feed(normalizer, tickerFrame({ lastPrice: '1', ...extra }))).extra).toEqual(extra)
  expect(only(feed(normalizer, tickerFrame({ lastPrice: '2' }))).extra).toBeNull()
})

test('a key named __proto__ is data like any other', () => {
  const frame = tickerFrame({ lastPrice: '1' }).replace(
    '"lastPrice"',
    '"__proto__":{"markPrice":"6"},"lastPrice"',
  )
  const event = only(feed(primed(), frame))
  expect(event.markPrice).toBeNull()
  expect(Object.keys(event.extra ?? {})).toEqual(['__proto__'])
  expect(Object.getPrototypeOf(event.extra)).toBe(Object.prototype)
})

test.each([
  ['NUL in a value', { a: { b: ['x\0'] } }],
  ['NUL in a key', { a: { 'x\0': 1 } }],
  ['lone surrogate in a value', { a: 'x\udc00' }],
  ['lone surrogate in a key', { '\ud800': 1 }],
])('what the database cannot hold is refused: %s', (_name, extra) => {
  const { events, deadLetters } = feed(primed(), tickerFrame(extra))
  expect(events).toEqual([])
  expect(deadLetters).toMatchObject([{ code: 'ITEM_MALFORMED' }])
  const { reason, field } = deadLetters[0] ?? {}
  for (const text of [reason, field]) {
    expect(text?.isWellFormed() && !text.includes('\0')).toBe(true)
  }
})

test('absurd nesting is refused and overflows no stack', () => {
  const nested = `${'['.repeat(100_000)}${']'.repeat(100_000)}`
  const frame = tickerFrame({ deep: '@' }).replace('"@"', nested)
  const { events, deadLetters } = feed(primed(), frame)
  expect(events).toEqual([])
  expect(deadLetters).toMatchObject([{ code: 'ITEM_MALFORMED', field: 'deep' }])
})

test('the order in a malformed delta makes no later delta stale', () => {
  const normalizer = primed()
  const nonsense = tickerFrame({ lastPrice: 'bad' }, { cs: Number.MAX_SAFE_INTEGER })
  expect(feed(normalizer, nonsense).deadLetters).toHaveLength(1)
  expect(only(feed(normalizer, tickerFrame({ markPrice: '7' })))).toMatchObject({ markPrice: '7' })
})
