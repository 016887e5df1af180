import {
  changedFields,
  type GridEvent,
  type PublicTradeEvent,
  parseOptionalTs,
  TICKER_FIELDS,
  type TickerEvent,
  type TickerFieldName,
} from '@grid/core-events'
import { describe, expect, test } from 'vitest'
import { createNormalizer } from '../src/index.ts'
import { snapshotFrame } from './support/frames.ts'
import { realMessages, whyNoRealMessages } from './support/real-messages.ts'

const LINEAR = /ws_(tickers|publicTrade)_linear.*\.ndjson$|linear_tickers_.*\.ndjson$/
const LOCAL_TS_US = 1_790_000_000_000_000

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
} as const satisfies Record<string, keyof PublicTradeEvent>

interface WireFrame {
  readonly topic: string
  readonly type: string
  readonly ts: number
  readonly cs: number
  readonly data: Record<string, unknown> & Record<string, unknown>[]
}

function expectTrade(event: GridEvent | undefined, wire: Record<string, unknown>): void {
  for (const [key, value] of Object.entries(wire)) {
    expect(TRADE_FIELDS, `${key} is mapped`).toHaveProperty(key)
    expect(event, key).toHaveProperty(TRADE_FIELDS[key as keyof typeof TRADE_FIELDS], value)
  }
}

function expectTicker(event: TickerEvent, frame: WireFrame): void {
  const { symbol, ...fields } = frame.data
  expect(event).toMatchObject({ symbol, exchangeTs: frame.ts, seq: frame.cs, extra: null })
  expect(event.isSnapshot).toBe(frame.type === 'snapshot')
  expect(changedFields(event.changed).sort()).toEqual(Object.keys(fields).sort())
  for (const [key, value] of Object.entries(fields)) {
    const name = key as TickerFieldName
    const isTime = TICKER_FIELDS[name].kind === 'timestamp'
    const expected = value === '' ? null : isTime ? parseOptionalTs(value) : value
    expect(event[name], key).toBe(expected)
    if (isTime && /^\d+$/.test(String(value))) expect(String(event[name])).toBe(value)
  }
}

const files = realMessages(LINEAR)

test('there are recorded linear messages', (context) => {
  if (whyNoRealMessages !== null) context.skip(whyNoRealMessages)
  expect(files.size).toBeGreaterThanOrEqual(7)
})

describe.each([...files])('%s', (_name, lines) => {
  test('every leaf on the wire appears in the event, digit for digit', () => {
    const normalizer = createNormalizer({ category: 'linear' })
    const frames = lines.map((line) => JSON.parse(line) as WireFrame)
    // Recordings may begin after the snapshot: prime every symbol so that each delta counts.
    for (const { topic } of frames) {
      if (!topic?.startsWith('tickers.')) continue
      normalizer.normalize(snapshotFrame({}, topic.slice('tickers.'.length)), LOCAL_TS_US)
    }
    let newest = 0
    for (const [index, line] of lines.entries()) {
      const frame = frames[index]
      if (frame?.topic === undefined) continue
      // Files gather recordings of several years; within one symbol an older one needs a new start.
      if (frame.ts < newest) {
        normalizer.reset()
        normalizer.normalize(snapshotFrame({}, frame.topic.split('.')[1]), LOCAL_TS_US)
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

test('control frames of every socket family give nothing', (context) => {
  if (whyNoRealMessages !== null) context.skip(whyNoRealMessages)
  const normalizer = createNormalizer({ category: 'linear' })
  const lines = [...realMessages(/ws_control\.ndjson$/).values()].flat()
  expect(lines.length).toBeGreaterThan(10)
  for (const line of lines) {
    const nothing = { events: [], deadLetters: [], discarded: [] }
    expect(normalizer.normalize(line, LOCAL_TS_US), line).toEqual(nothing)
  }
})
