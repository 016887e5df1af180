import {
  CATEGORIES,
  type Category,
  CHANNEL_DEFINITIONS,
  decodeEvent,
  encodeEvent,
  TICKER_FIELD_NAMES,
} from '@grid/core-events'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { ItemContext } from '../../src/channels/dialect/channel-mapper.ts'
import { TickerMapper } from '../../src/channels/ticker/ticker-mapper.ts'
import { wireTickerFrameSchema } from '../../src/channels/ticker/ticker-schema.ts'
import { TickerStates } from '../../src/channels/ticker/ticker-state.ts'
import { TopOfBookMapper, wireBookFrameSchema } from '../../src/channels/ticker/top-of-book.ts'
import { PublicTradeMapper, wireTradeSchema } from '../../src/channels/trade/public-trade.ts'
import { createNormalizer } from '../../src/index.ts'
import { findElements, findMember } from '../../src/wire/json-slice.ts'
import { snapshotFrame, wireTrade } from '../support/frames.ts'

const LOCAL_TS_US = 1_760_000_000_000_000

/** Values that are right in some fields, and values that are wrong in all. */
const leaf = fc.oneof(
  fc.constantFrom<unknown>(
    ...['', '0', '1', '-1.50', '1e5', '1e99', 'NaN', '0x1', ' 1', 'Buy', 'PlusTick', 'BTCUSDT'],
    ...['a b', 'a\0', '\x85', '\ud800', 'x'.repeat(65), '1760000000101', '2025-12-26T08:00:00Z'],
    ...[0, -0, 1, -1, 1.5, 1760000000101, 2 ** 53, 1e300, true, false, null],
    ...['snapshot', 'delta', [], {}],
  ),
  fc.jsonValue({ maxDepth: 2 }),
  fc.string({ unit: 'binary' }),
)

const context = (category: Category, envelope: object): ItemContext => ({
  category,
  envelope,
  topicSymbol: 'BTCUSDT',
  variant: null,
  localTsUs: LOCAL_TS_US,
  isPlain: false,
})

/** Right values in most fields, so that often a single wrong one decides. */
function mutated(right: Record<string, unknown>): fc.Arbitrary<Record<string, unknown>> {
  const change = fc.record({
    key: fc.oneof(fc.constantFrom(...Object.keys(right), '__proto__'), fc.string()),
    value: leaf,
    isRemoved: fc.boolean(),
  })
  return fc.array(change, { maxLength: 3 }).map((changes) => {
    const entries = new Map(Object.entries(right))
    for (const { key, value, isRemoved } of changes) {
      if (isRemoved) entries.delete(key)
      else entries.set(key, value)
    }
    return Object.fromEntries(entries)
  })
}

const rightTicker = {
  symbol: 'BTCUSDT',
  ...Object.fromEntries(TICKER_FIELD_NAMES.map((name) => [name, ''])),
  lastPrice: '1.10',
  nextFundingTime: '1760025600000',
  deliveryTime: '2025-12-26T08:00:00Z',
}
const rightOptionTicker = { ...rightTicker, bidPrice: '1', bidIv: '', markPriceIv: '0.5' }
const option = { mP: '84.2', iP: '100010.5', mIv: '', iv: '0.5233' }
const trade = mutated(wireTrade(option))
const envelope = mutated({
  type: 'snapshot',
  ts: 1760000000000,
  cs: 5,
  id: 'tickers.BTC-26DEC25-120000-C-3164908233-1760000000919',
})
const tickerFrame = envelope.chain((rest) =>
  fc
    .oneof(mutated(rightTicker), mutated(rightOptionTicker))
    .map((data) => ({ topic: 'tickers.BTCUSDT', ...rest, data })),
)
const level = fc.oneof(fc.constant(['1.5', '2']), fc.array(leaf, { maxLength: 3 }), leaf)
const side = fc.oneof(fc.array(level, { maxLength: 2 }), leaf)
const bookFrame = envelope.chain((rest) =>
  fc
    .tuple(mutated({ s: 'BTCUSDT', b: [], a: [['1.5', '2']], u: 7, seq: 9 }), fc.option(side))
    .map(([data, b]) => ({
      topic: 'orderbook.1.BTCUSDT',
      ...rest,
      data: b === null ? data : { ...data, b },
    })),
)

test.each(CATEGORIES)('%s trades: guards and schema accept the same items', (category) => {
  const schema = wireTradeSchema(category)
  fc.assert(
    fc.property(fc.oneof({ weight: 9, arbitrary: trade }, leaf), (item) => {
      const isMapped = new PublicTradeMapper(category).map(item, context(category, {})) !== null
      expect(isMapped).toBe(schema.safeParse(item).success)
    }),
    { numRuns: 1000 },
  )
})

test.each(CATEGORIES)('%s tickers: guards and schema accept the same frames', (category) => {
  const schema = wireTickerFrameSchema(category)
  fc.assert(
    fc.property(tickerFrame, (frame) => {
      const mapper = new TickerMapper(category, new TickerStates(category))
      const isMapped = mapper.map(frame.data, context(category, frame)) !== null
      expect(isMapped).toBe(schema.safeParse(frame).success)
    }),
    { numRuns: 1000 },
  )
})

test('spot books: guards and schema accept the same frames', () => {
  fc.assert(
    fc.property(bookFrame, (frame) => {
      const mapper = new TopOfBookMapper(new TickerStates('spot'))
      const isMapped = mapper.map(frame.data, context('spot', frame)) !== null
      expect(isMapped).toBe(wireBookFrameSchema.safeParse(frame).success)
    }),
    { numRuns: 1000 },
  )
})

test('whatever comes in, each item ends up in one list, and every event is storable', () => {
  const topics = ['publicTrade.BTCUSDT', 'tickers.BTCUSDT', 'orderbook.1.BTCUSDT', 'kline.1.X', 'x']
  const topic = fc.constantFrom(...topics)
  const tradeFrame = fc.record({ topic, data: fc.array(fc.oneof(trade, leaf), { maxLength: 5 }) })
  const frame = fc.oneof(tradeFrame, tickerFrame, bookFrame, fc.record({ topic, data: leaf }), leaf)
  fc.assert(
    fc.property(
      fc.constantFrom(...CATEGORIES),
      fc.array(frame, { maxLength: 5 }),
      (category, frames) => {
        const normalizer = createNormalizer({ category })
        normalizer.normalize(snapshotFrame(), LOCAL_TS_US)
        for (const value of frames) {
          const text = JSON.stringify(value)
          const result = normalizer.normalize(Buffer.from(text), LOCAL_TS_US)
          const { events, deadLetters, discarded } = result
          for (const event of events) {
            const { schema } = CHANNEL_DEFINITIONS[event.channel]
            expect(schema.safeParse(event).success).toBe(true)
            expect(decodeEvent(encodeEvent(event))).toEqual(event)
          }
          for (const letter of deadLetters) {
            expect(text).toContain(Buffer.from(letter.raw).toString())
            for (const stored of [letter.reason, letter.field, letter.topic, letter.symbol]) {
              if (stored !== null) expect(/[\p{Cc}\p{Cs}]/u.test(stored), stored).toBe(false)
            }
          }
          const parsed: unknown = JSON.parse(text)
          if (typeof parsed === 'object' && parsed !== null && 'data' in parsed) {
            const { data } = parsed
            const sum = events.length + deadLetters.length + discarded.length
            const isWhole = deadLetters.some(({ code }) => code === 'FRAME_MALFORMED')
            expect(sum).toBe(Array.isArray(data) && !isWhole ? data.length : 1)
          }
        }
      },
    ),
    { numRuns: 1000 },
  )
})

test('arbitrary bytes never throw', () => {
  const normalizer = createNormalizer({ category: 'linear' })
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(), (garbage, at) => {
      const { deadLetters } = normalizer.normalize(garbage, LOCAL_TS_US)
      for (const { raw } of deadLetters) expect(raw).toEqual(new Uint8Array(garbage))
      const frame = Buffer.from(
        JSON.stringify({ topic: 'publicTrade.BTCUSDT', data: [wireTrade()] }),
      )
      frame.set(garbage.subarray(0, 3), at % (frame.length - 3))
      expect(() => normalizer.normalize(frame, LOCAL_TS_US)).not.toThrow()
    }),
    { numRuns: 2000 },
  )
})

test('items are cut out of a frame exactly', () => {
  fc.assert(
    fc.property(fc.array(fc.jsonValue()), fc.jsonValue(), fc.nat(3), (items, other, indent) => {
      const text = JSON.stringify(
        { 'da\\ta': other, data: 1, x: other, data2: items },
        null,
        indent,
      )
      const bytes = Buffer.from(text.replace('"data2"', '"d\\u0061ta"'))
      const range = findMember(bytes, 'data')
      const cut = range === null ? [] : findElements(bytes, range)
      const values = cut.map(({ start, end }) => {
        const value: unknown = JSON.parse(bytes.toString('utf8', start, end))
        return value
      })
      expect(values).toEqual(JSON.parse(JSON.stringify(items)))
    }),
  )
})
