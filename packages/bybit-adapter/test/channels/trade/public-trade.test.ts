import type { PublicTradeEvent } from '@grid/core-events'
import { describe, expect, test } from 'vitest'
import { createNormalizer, type Normalizer } from '../../../src/index.ts'
import { tradeFrame, wireTrade } from '../../support/frames.ts'

const LOCAL_TS_US = 1_760_000_000_110_000

function indexes(normalizer: Normalizer, ...items: readonly Record<string, unknown>[]): number[] {
  const { events } = normalizer.normalize(tradeFrame(items.map(wireTrade)), LOCAL_TS_US)
  return events.map((event) => (event as PublicTradeEvent).matchIndex)
}

test('a trade keeps every field', () => {
  const { events } = createNormalizer({ category: 'linear' }).normalize(
    tradeFrame([wireTrade({ seq: '190000000001', T: '1760000000101' })]),
    LOCAL_TS_US,
  )
  expect(events).toEqual([
    {
      channel: 'publicTrade',
      category: 'linear',
      symbol: 'BTCUSDT',
      exchangeTs: 1760000000101,
      localTsUs: LOCAL_TS_US,
      source: 'ws',
      tradeId: '6f1d2a3b-0c4d-5e6f-8a9b-0c1d2e3f4a5b',
      side: 'Buy',
      price: '100000.10',
      size: '0.003',
      tickDirection: 'PlusTick',
      isBlockTrade: false,
      isRpiTrade: false,
      seq: 190000000001,
      matchIndex: 0,
      markPrice: null,
      indexPrice: null,
      markIv: null,
      iv: null,
    },
  ])
})

test("absent values are null or −1, and an absent symbol is the topic's", () => {
  const old = wireTrade({ s: undefined, L: '', BT: undefined, RPI: undefined, seq: undefined })
  const { events } = createNormalizer({ category: 'linear' }).normalize(
    tradeFrame([old]),
    LOCAL_TS_US,
  )
  expect(events).toEqual([
    expect.objectContaining({
      symbol: 'BTCUSDT',
      tickDirection: null,
      isBlockTrade: null,
      isRpiTrade: null,
      seq: -1,
      matchIndex: -1,
    }),
  ])
})

const BAD_ITEMS: readonly [string, unknown, string | null][] = [
  ['missing id', wireTrade({ i: undefined }), 'i'],
  ['numeric id', wireTrade({ i: 229 }), 'i'],
  ['NUL in the id', wireTrade({ i: 'a\0b' }), 'i'],
  ['lone surrogate in the id', wireTrade({ i: '\ud800' }), 'i'],
  ['empty price', wireTrade({ p: '' }), 'p'],
  ['price as a JSON number', wireTrade({ p: 100000.1 }), 'p'],
  ['price NaN', wireTrade({ p: 'NaN' }), 'p'],
  ['null size', wireTrade({ v: null }), 'v'],
  ['missing time', wireTrade({ T: undefined }), 'T'],
  ['time in seconds', wireTrade({ T: 1760000000 }), 'T'],
  ['time in microseconds', wireTrade({ T: '1760000000101000' }), 'T'],
  ['control character in the symbol', wireTrade({ s: 'BTC\u0001USDT' }), 's'],
  ['side as an object', wireTrade({ S: {} }), 'S'],
  ['flag as text', wireTrade({ BT: 'false' }), 'BT'],
  ['fractional sequence', wireTrade({ seq: 1.5 }), 'seq'],
  ['sequence beyond 2^53', wireTrade({ seq: '9999999999999999' }), 'seq'],
  ['null', null, null],
  ['array', [wireTrade()], null],
  ['text', 'trade', null],
]

describe.each(BAD_ITEMS)('one item with %s', (_name, bad, field) => {
  test('costs no other and keeps its bytes', () => {
    const raw = ` ${JSON.stringify(bad, null, 1)} `
    const good = [wireTrade({ i: 'a' }), wireTrade({ i: 'b' })].map((item) => JSON.stringify(item))
    const frame = tradeFrame(['@']).replace('"@"', `${good[0]},${raw},${good[1]}`)
    for (const given of [frame, Buffer.from(frame)]) {
      const normalizer = createNormalizer({ category: 'linear' })
      const { events, deadLetters } = normalizer.normalize(given, LOCAL_TS_US)
      expect(events).toMatchObject([{ tradeId: 'a' }, { tradeId: 'b' }])
      expect(deadLetters).toMatchObject([
        {
          code: 'ITEM_MALFORMED',
          field,
          category: 'linear',
          channel: 'publicTrade',
          topic: 'publicTrade.BTCUSDT',
          source: 'ws',
          localTsUs: LOCAL_TS_US,
        },
      ])
      expect(Buffer.from(deadLetters[0]?.raw ?? []).toString()).toBe(raw.trim())
      if (field !== null) expect(deadLetters[0]?.reason).toContain(field)
    }
  })
})

test('a byte that is not UTF-8 costs only its item, whose bytes are kept', () => {
  const frame = Buffer.from(tradeFrame([wireTrade({ i: 'a' }), wireTrade({ i: 'b?c' })]))
  frame[frame.indexOf('b?c') + 1] = 0xff
  const { events, deadLetters } = createNormalizer({ category: 'linear' }).normalize(frame, 0)
  expect(events).toMatchObject([{ tradeId: 'a' }])
  expect(deadLetters).toMatchObject([{ code: 'ITEM_MALFORMED' }])
  const raw = Buffer.from(deadLetters[0]?.raw ?? [])
  expect(frame.includes(raw)).toBe(true)
  expect(raw.includes(0xff)).toBe(true)
})

test('the position within a match counts across frames and reconnects', () => {
  const normalizer = createNormalizer({ category: 'linear' })
  expect(indexes(normalizer, { seq: 7, i: 'a' }, { seq: 7, i: 'b' })).toEqual([0, 1])
  normalizer.reset()
  expect(indexes(normalizer, { seq: 7, i: 'c' }, { seq: 9, i: 'd' })).toEqual([2, 0])
  expect(indexes(normalizer, { seq: 9, i: 'e', s: 'ETHUSDT' })).toEqual([0])
  expect(indexes(normalizer, { seq: 9, i: 'f' })).toEqual([1])
})

test("a repeated frame changes neither its own trades' positions nor later ones", () => {
  const normalizer = createNormalizer({ category: 'linear' })
  const first = [
    { seq: 7, i: 'a' },
    { seq: 8, i: 'b' },
    { seq: 8, i: 'c' },
  ]
  expect(indexes(normalizer, ...first)).toEqual([0, 0, 1])
  expect(indexes(normalizer, ...first)).toEqual([0, 0, 1])
  expect(indexes(normalizer, { seq: 8, i: 'd' })).toEqual([2])
})

test.each([
  ['no JSON', 'FRAME_NOT_JSON', 'publicTrade{'],
  ['nothing', 'FRAME_NOT_JSON', ''],
  ['a number', 'FRAME_MALFORMED', '17'],
  ['a list', 'FRAME_MALFORMED', '[{"topic":"publicTrade.BTCUSDT"}]'],
  ['no topic', 'FRAME_MALFORMED', '{"data":[]}'],
  ['a numeric topic', 'FRAME_MALFORMED', '{"topic":5,"data":[]}'],
  ['a topic without symbol', 'FRAME_MALFORMED', '{"topic":"publicTrade","data":[]}'],
  ['a topic with NUL', 'FRAME_MALFORMED', '{"topic":"publicTrade.A\\u0000","data":[]}'],
  ['null data', 'FRAME_MALFORMED', '{"topic":"publicTrade.BTCUSDT","data":null}'],
  ['data as text', 'FRAME_MALFORMED', '{"topic":"publicTrade.BTCUSDT","data":"x"}'],
  ['data as an object', 'FRAME_MALFORMED', '{"topic":"publicTrade.BTCUSDT","data":{}}'],
  ['ticker data as a list', 'FRAME_MALFORMED', '{"topic":"tickers.BTCUSDT","data":[]}'],
])('a frame of %s is one dead letter with the whole frame', (_name, code, frame) => {
  const result = createNormalizer({ category: 'linear' }).normalize(frame, LOCAL_TS_US)
  expect(result).toMatchObject({ events: [], deadLetters: [{ code }], discarded: [] })
  expect(Buffer.from(result.deadLetters[0]?.raw ?? []).toString()).toBe(frame)
  expect(result.deadLetters[0]?.topic ?? '').not.toContain('\0')
  expect(result.deadLetters[0]?.reason).not.toContain('\0')
})

test('items of topics that are not mapped are counted one by one', () => {
  const normalizer = createNormalizer({ category: 'linear' })
  const discard = { channel: null, topic: 'kline.1.BTCUSDT', symbol: null }
  const frame = '{"topic":"kline.1.BTCUSDT","type":"snapshot","ts":1,"data":[{},{}]}'
  expect(normalizer.normalize(frame, LOCAL_TS_US).discarded).toEqual([
    { ...discard, reason: 'unsupported_topic' },
    { ...discard, reason: 'unsupported_topic' },
  ])
})

test.each(['a b', 'a|b', 'a\u007fb', 'a\u00a0b', 'a\nb', '', 'x'.repeat(65)])(
  'an id that is no name is refused among many good ones: %o',
  (i) => {
    const normalizer = createNormalizer({ category: 'linear' })
    const items = ['1', '2', '3', i, '5'].map((id) => wireTrade({ i: id }))
    for (const frame of [tradeFrame(items), Buffer.from(tradeFrame(items))]) {
      const { events, deadLetters } = normalizer.normalize(frame, 1_760_000_000_110_000)
      expect(events).toHaveLength(4)
      expect(deadLetters).toMatchObject([{ code: 'ITEM_MALFORMED', field: 'i' }])
    }
  },
)

test('a late repetition of an older match changes no position in newer ones', () => {
  const normalizer = createNormalizer({ category: 'linear' })
  const old = [
    { seq: 77, i: 'm1' },
    { seq: 77, i: 'm2' },
  ]
  expect(indexes(normalizer, ...old)).toEqual([0, 1])
  expect(indexes(normalizer, { seq: 77, i: 'm3' })).toEqual([2])
  expect(indexes(normalizer, { seq: 78, i: 'n1' }, { seq: 78, i: 'n2' })).toEqual([0, 1])
  expect(indexes(normalizer, ...old)).toEqual([0, 1])
  expect(indexes(normalizer, { seq: 78, i: 'n3' })).toEqual([2])
})
