import fc from 'fast-check'
import { expect, test } from 'vitest'
import { FrameNormalizer } from '../../../src/normalizer/frame-normalizer.ts'
import type { NormalizeResult } from '../../../src/normalizer/normalize-result.ts'
import { parseFrame } from '../../../src/wire/parsed-frame.ts'
import { realMessages, whyNoRealMessages } from '../../support/real-messages.ts'

const LOCAL_TS_US = 1_760_000_000_110_000
const TS = 1_760_000_000_101

interface Wire {
  readonly symbol?: unknown
  readonly type?: unknown
  readonly cs?: unknown
  readonly ts?: unknown
  readonly data?: Readonly<Record<string, unknown>>
}

/** A frame with its keys in the order in which the exchange writes them. */
function frame({ symbol = 'BTCUSDT', type = 'delta', cs = 7, ts = TS, data = {} }: Wire): string {
  return JSON.stringify({ topic: 'tickers.BTCUSDT', type, data: { symbol, ...data }, cs, ts })
}

const SNAPSHOT = frame({
  type: 'snapshot',
  cs: 5,
  data: { tickDirection: 'PlusTick', lastPrice: '100', markPrice: '101', nextFundingTime: '' },
})

/** Two normalizers in one state: one that reads without parsing where it can, one that always parses. */
function pair(): { read(text: string): boolean } {
  const scanning = new FrameNormalizer('linear')
  const parsing = new FrameNormalizer('linear')
  return {
    /** Compares what the two give; tells whether the frame was read without parsing. */
    read: (text) => {
      const scanned = scanning.scan(parseFrame(text), LOCAL_TS_US)
      const result: NormalizeResult =
        scanned === null
          ? scanning.map(parseFrame(text), LOCAL_TS_US)
          : { events: scanned.events, deadLetters: [], discarded: [] }
      expect(result).toEqual(parsing.map(parseFrame(text), LOCAL_TS_US))
      if (scanned !== null) expect(scanned.topic).toBe(JSON.parse(text).topic)
      return scanned !== null
    },
  }
}

test('deltas of the usual form are read without parsing, to the same events', () => {
  const { read } = pair()
  expect(read(frame({ data: { lastPrice: '1' } }))).toBe(false)
  expect(read(SNAPSHOT)).toBe(false)
  expect(read(frame({ data: { tickDirection: 'ZeroMinusTick', lastPrice: '-0.10' } }))).toBe(true)
  expect(read(frame({ cs: 8, data: { markPrice: '102', nextFundingTime: String(TS) } }))).toBe(true)
  expect(read(frame({ cs: 9 }))).toBe(true)
  expect(read(frame({ cs: 10, data: { curPreListingPhase: 'ContinuousTrading' } }))).toBe(true)
})

test.each([
  ['an unknown field', frame({ data: { lastPrice: '1', novelty: '2' } })],
  ['a number', frame({ data: { lastPrice: 1, markPrice: '2' } })],
  ['nothing in place of a value', frame({ data: { lastPrice: '', markPrice: '2' } })],
  ['an exponent', frame({ data: { lastPrice: '1e5' } })],
  ['a decimal that is too long', frame({ data: { lastPrice: '1'.repeat(129) } })],
  ["another symbol than the topic's", frame({ symbol: 'ETHUSDT', data: { lastPrice: '1' } })],
  ['a time before the exchange', frame({ ts: 1_000_000_000_000, data: { lastPrice: '1' } })],
  ['a late delta', frame({ cs: 4, data: { lastPrice: '1' } })],
  ['a repeated field', frame({ data: { lastPrice: '1' } }).replace('}', ',"lastPrice":"2"}')],
  ['an escape', frame({ data: { tickDirection: 'Plus\\Tick' } })],
  ['an escaped key', frame({ data: { lastPrice: '1' } }).replace('last', '\\u006cast')],
  ['another order', frame({ data: { lastPrice: '1' } }).replace(/(,"cs":7)(,"ts":\d+)/, '$2$1')],
  ['a blank', ` ${frame({ data: { lastPrice: '1' } })}`],
  ['an end that is cut off', frame({ data: { lastPrice: '1' } }).slice(0, -1)],
  ['bytes beyond the end', `${frame({ data: { lastPrice: '1' } })}}`],
  ['too many bytes', frame({ data: { lastPrice: '1', novelty: 'x'.repeat(2048) } })],
])('a frame with %s is parsed', (_what, text) => {
  const { read } = pair()
  read(SNAPSHOT)
  expect(read(text)).toBe(false)
})

test('recorded deltas are read to the same events', (context) => {
  if (whyNoRealMessages !== null) context.skip(whyNoRealMessages)
  const lines = [...realMessages(/tickers.*(linear|inverse).*ndjson$/).values()].flat()
  const { read } = pair()
  // Some files were written again with their keys in another order: those are parsed.
  expect(lines.filter(read).length).toBeGreaterThan(20)
})

test('however a frame is altered, reading without parsing gives what parsing gives', () => {
  const value = fc.oneof(
    fc.constantFrom<unknown>('', '-1', '01', '1.', '.5', '-', '-0.0', '1e5', 'PlusTick', 'a b'),
    fc.constantFrom<unknown>(0, 1, TS, String(TS), 1e300, 2 ** 53, true, null, [], {}),
    fc.string({ unit: 'binary' }),
    fc.stringMatching(/^-?\d{0,140}(\.\d{0,3})?$/),
  )
  const right = fc.stringMatching(/^-?\d{1,9}(\.\d{1,9})?$/)
  const key = fc.constantFrom('lastPrice', 'markPrice', 'turnover24h', 'tickDirection', 'novelty')
  const data = fc.dictionary(key, fc.oneof({ weight: 4, arbitrary: right }, value), { maxKeys: 4 })
  const wire = fc.record({ cs: fc.integer({ min: 4, max: 9 }), data })
  const edit = fc.tuple(fc.nat(), fc.constantFrom('', '"', ' ', '0', '}', '{', ',', '\\', ':', 'é'))
  let scanned = 0
  fc.assert(
    fc.property(fc.array(fc.tuple(wire, fc.option(edit))), (frames) => {
      const { read } = pair()
      read(SNAPSHOT)
      for (const [content, change] of frames) {
        const text = frame(content)
        const at = change === null ? 0 : change[0] % text.length
        const altered =
          change === null ? text : `${text.slice(0, at)}${change[1]}${text.slice(at + 1)}`
        if (read(altered)) scanned++
      }
    }),
    { numRuns: 500 },
  )
  expect(scanned).toBeGreaterThan(50)
})
