import { changedFields, eventKey, type TickerEvent } from '@grid/core-events'
import { expect, test } from 'vitest'
import { createNormalizer, type NormalizeResult, type Normalizer } from '../../../src/index.ts'

const BOOK_FIELDS = ['bid1Price', 'bid1Size', 'ask1Price', 'ask1Size']

interface BookFields {
  readonly b?: unknown
  readonly a?: unknown
  readonly u?: unknown
  readonly seq?: unknown
}

function spot(): Normalizer {
  return createNormalizer({ category: 'spot' })
}

function feed(normalizer: Normalizer, frame: object): NormalizeResult {
  return normalizer.normalize(JSON.stringify(frame), 1_760_000_000_210_000)
}

function ticker(data: object, cs = 90000000001, ts = 1760000000100): object {
  const topic = 'tickers.BTCUSDT'
  return { topic, ts, type: 'snapshot', cs, data: { symbol: 'BTCUSDT', ...data } }
}

function book(data: BookFields = {}, envelope: object = {}): object {
  return {
    topic: 'orderbook.1.BTCUSDT',
    ts: 1760000000110,
    type: 'snapshot',
    data: { s: 'BTCUSDT', b: [['99.9', '0.5']], a: [['100.1', '2']], u: 7, seq: 50, ...data },
    cts: 1760000000108,
    ...envelope,
  }
}

function only({ events, deadLetters, discarded }: NormalizeResult): TickerEvent {
  expect({ deadLetters, discarded }).toEqual({ deadLetters: [], discarded: [] })
  expect(events).toHaveLength(1)
  return events[0] as TickerEvent
}

test('a book gives best bid and ask, merged into the ticker', () => {
  const normalizer = spot()
  only(feed(normalizer, ticker({ lastPrice: '100', usdIndexPrice: '' })))
  const event = only(feed(normalizer, book()))
  expect(event).toMatchObject({
    symbol: 'BTCUSDT',
    category: 'spot',
    exchangeTs: 1760000000110,
    seq: 50,
    isSnapshot: false,
    lastPrice: '100',
    usdIndexPrice: null,
    bid1Price: '99.9',
    bid1Size: '0.5',
    ask1Price: '100.1',
    ask1Size: '2',
    extra: null,
  })
  expect(changedFields(event.changed)).toEqual(BOOK_FIELDS)
})

test('a spot ticker keeps the bid and ask of the last book', () => {
  const normalizer = spot()
  only(feed(normalizer, ticker({ lastPrice: '100', highPrice24h: '120' })))
  only(feed(normalizer, book()))
  const event = only(feed(normalizer, ticker({ lastPrice: '101' }, 90000000002)))
  expect(event).toMatchObject({ isSnapshot: true, lastPrice: '101', highPrice24h: null })
  expect(event).toMatchObject({ bid1Price: '99.9', ask1Size: '2' })
  expect(changedFields(event.changed)).toEqual(['lastPrice'])
})

test('a book before the first ticker is an event with bid and ask only; a reset forgets everything', () => {
  const normalizer = spot()
  expect(only(feed(normalizer, book()))).toMatchObject({ bid1Price: '99.9', lastPrice: null })
  normalizer.reset()
  expect(only(feed(normalizer, ticker({ lastPrice: '1' })))).toMatchObject({ bid1Price: null })
  expect(only(feed(normalizer, book()))).toMatchObject({ bid1Price: '99.9', lastPrice: '1' })
})

test('an empty side is null', () => {
  const normalizer = spot()
  only(feed(normalizer, book()))
  expect(only(feed(normalizer, book({ b: [], u: 8, seq: 51 })))).toMatchObject({
    bid1Price: null,
    bid1Size: null,
    ask1Price: '100.1',
  })
})

test('a repeated or older book is discarded, one after a restart is not', () => {
  const normalizer = spot()
  only(feed(normalizer, book()))
  const again = feed(normalizer, book({}, { ts: 1760000003110 }))
  expect(again).toMatchObject({ events: [], discarded: [{ reason: 'repeated_book' }] })
  for (const older of [book({ u: 6 }), book({ u: 9, seq: 49 })]) {
    expect(feed(normalizer, older)).toMatchObject({ discarded: [{ reason: 'stale_book' }] })
  }
  only(feed(normalizer, book({ u: 1, seq: 3 })))
  only(feed(normalizer, book({ u: 2, seq: 4 })))
})

test('books and tickers never make each other stale, and keep different identities', () => {
  const normalizer = spot()
  const ts = 1760000000100
  const events = [
    feed(normalizer, ticker({ lastPrice: '1' }, 900, ts + 5)),
    feed(normalizer, book({ seq: 50 }, { ts })),
    feed(normalizer, ticker({ lastPrice: '2' }, 10, ts)),
    feed(normalizer, book({ seq: 51, u: 8 }, { ts })),
    feed(normalizer, ticker({ lastPrice: '3' }, 51, ts)),
  ].map(only)
  expect(new Set(events.map(eventKey)).size).toBe(5)
})

test.each([
  ['b', book({ b: [['x', '1']] })],
  ['a', book({ a: [['1']] })],
  ['u', book({ u: null })],
  ['seq', book({ seq: undefined })],
  ['type', book({}, { type: 'delta' })],
  ['ts', book({}, { ts: 0 })],
])('a book with a bad %s is a dead letter, after which bid and ask are unknown', (field, bad) => {
  const normalizer = spot()
  only(feed(normalizer, book()))
  const { events, deadLetters } = feed(normalizer, bad)
  expect(events).toEqual([])
  expect(deadLetters).toMatchObject([{ code: 'ITEM_MALFORMED', channel: 'ticker', field }])
  expect(only(feed(normalizer, ticker({ lastPrice: '1' }))).bid1Price).toBeNull()
  expect(only(feed(normalizer, book())).bid1Price).toBe('99.9')
})

test('books are read only on spot, and only those of one level', () => {
  const linear = createNormalizer({ category: 'linear' })
  const reason = 'unsupported_topic'
  expect(feed(linear, book())).toMatchObject({ discarded: [{ channel: null, reason }] })
  const deep = { ...book(), topic: 'orderbook.50.BTCUSDT' }
  expect(feed(spot(), deep)).toMatchObject({ discarded: [{ channel: null, reason }] })
})
