import {
  CATEGORIES,
  type Category,
  changedFields,
  type PublicEvent,
  type PublicTradeEvent,
  parseOptionalTs,
  TICKER_FIELDS,
  type TickerEvent,
  type TickerFieldName,
} from '@grid/core-events'
import { describe, expect, test } from 'vitest'
import { createNormalizer } from '../../src/index.ts'
import { snapshotFrame } from '../support/frames.ts'
import { realMessages, whyNoRealMessages } from '../support/real-messages.ts'

const LOCAL_TS_US = 1_790_000_000_000_000

/** The category of a file's messages, by the file's name. */
const FILES: readonly (readonly [Category, RegExp, number])[] = [
  ['linear', /ws_(tickers|publicTrade)_linear.*\.ndjson$|linear_tickers_.*\.ndjson$/, 7],
  ['inverse', /ws_(tickers|publicTrade)_inverse.*\.ndjson$/, 1],
  ['spot', /ws_(tickers|publicTrade)_spot.*\.ndjson$|spot_trades_.*\.ndjson$/, 4],
  ['option', /ws_(tickers|publicTrade)_option.*\.ndjson$/, 1],
]

const TRADE_FIELDS = {
  T: 'exchangeTs',
  s: 'symbol',
  S: 'side',
  v: 'size',
  p: 'price',
  L: 'tickDirection',
  i: 'tradeId',
  BT: 'isBlockTrade',
  RPI: 'isRpiTrade',
  seq: 'seq',
  mP: 'markPrice',
  iP: 'indexPrice',
  mIv: 'markIv',
  iv: 'iv',
} as const satisfies Record<string, keyof PublicTradeEvent>

/** The names that only option sockets use. */
const OPTION_FIELDS: Readonly<Record<string, TickerFieldName>> = {
  bidPrice: 'bid1Price',
  bidSize: 'bid1Size',
  bidIv: 'bid1Iv',
  askPrice: 'ask1Price',
  askSize: 'ask1Size',
  askIv: 'ask1Iv',
  markPriceIv: 'markIv',
}

interface WireFrame {
  readonly topic: string
  readonly type: string
  readonly ts: number
  readonly cs?: number
  readonly id?: string
  readonly data: Record<string, unknown> & Record<string, unknown>[]
}

function expectTrade(event: PublicEvent | undefined, wire: Record<string, unknown>): void {
  for (const [key, value] of Object.entries(wire)) {
    expect(TRADE_FIELDS, `${key} is mapped`).toHaveProperty(key)
    expect(event, key).toHaveProperty(TRADE_FIELDS[key as keyof typeof TRADE_FIELDS], value)
  }
}

function expectTicker(event: TickerEvent, frame: WireFrame): void {
  const { symbol, ...fields } = frame.data
  const seq = frame.cs ?? Number(frame.id?.split('-').at(-2))
  expect(event).toMatchObject({ symbol, exchangeTs: frame.ts, seq, extra: null })
  expect(event.isSnapshot).toBe(frame.type === 'snapshot')
  const names = Object.keys(fields).map((key) => OPTION_FIELDS[key] ?? (key as TickerFieldName))
  expect(changedFields(event.changed).sort()).toEqual(names.sort())
  for (const [key, value] of Object.entries(fields)) {
    const name = OPTION_FIELDS[key] ?? (key as TickerFieldName)
    const isTime = TICKER_FIELDS[name].kind === 'timestamp'
    const expected = value === '' ? null : isTime ? parseOptionalTs(value) : value
    expect(event[name], key).toBe(expected)
    if (isTime && /^\d+$/.test(String(value))) expect(String(event[name])).toBe(value)
  }
}

const files = FILES.flatMap(([category, path]) =>
  [...realMessages(path)].map(([name, lines]) => ({ category, name, lines })),
)

test.each(FILES)('there are recorded %s messages', (category, _path, count) => {
  const found = files.filter((file) => file.category === category)
  if (whyNoRealMessages === null) expect(found.length).toBeGreaterThanOrEqual(count)
})

test('there are recorded messages', (context) => {
  if (whyNoRealMessages !== null) context.skip(whyNoRealMessages)
})

describe.each(files)('$category: $name', ({ category, lines }) => {
  test('every leaf on the wire appears in the event, digit for digit', () => {
    const normalizer = createNormalizer({ category })
    const prime = (topic: string): void => {
      if (topic.startsWith('tickers.') && category !== 'option') {
        normalizer.normalize(snapshotFrame({}, topic.slice('tickers.'.length)), LOCAL_TS_US)
      }
    }
    const frames = lines.map((line) => JSON.parse(line) as WireFrame)
    // Recordings may begin after the snapshot: each symbol gets one, so that each delta is an event.
    for (const { topic } of frames) if (topic !== undefined) prime(topic)
    let newest = 0
    for (const [index, line] of lines.entries()) {
      const frame = frames[index]
      if (frame?.topic === undefined) continue
      // Files hold recordings of several years: an older one of a symbol needs a new start.
      if (frame.ts < newest) {
        normalizer.reset()
        prime(frame.topic)
      }
      newest = frame.ts
      const { events, deadLetters, discarded } = normalizer.normalize(line, LOCAL_TS_US)
      expect(deadLetters).toEqual([])
      expect(discarded).toEqual([])
      if (frame.topic.startsWith('publicTrade.')) {
        expect(events).toHaveLength(frame.data.length)
        for (const [at, wire] of frame.data.entries()) expectTrade(events[at], wire)
      } else {
        expect(events).toHaveLength(1)
        expectTicker(events[0] as TickerEvent, frame)
      }
    }
  })
})

test('control frames of every kind of socket yield nothing', (context) => {
  if (whyNoRealMessages !== null) context.skip(whyNoRealMessages)
  const lines = [...realMessages(/ws_control\.ndjson$/).values()].flat()
  expect(lines.length).toBeGreaterThan(10)
  const nothing = { events: [], deadLetters: [], discarded: [] }
  for (const category of CATEGORIES) {
    const normalizer = createNormalizer({ category })
    for (const line of lines) {
      expect(normalizer.normalize(line, LOCAL_TS_US), line).toEqual(nothing)
    }
  }
})
