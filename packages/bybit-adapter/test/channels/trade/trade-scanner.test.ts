import type { PublicTradeEvent } from '@grid/core-events'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { MatchIndex } from '../../../src/channels/trade/match-index.ts'
import { PublicTradeMapper } from '../../../src/channels/trade/public-trade.ts'
import { TradeScanner } from '../../../src/channels/trade/trade-scanner.ts'
import { createNormalizer } from '../../../src/index.ts'
import { tradeFrame, wireTrade } from '../../support/frames.ts'
import { realMessages, whyNoRealMessages } from '../../support/real-messages.ts'

const LOCAL_TS_US = 1_760_000_000_110_000

function scan(text: string): readonly unknown[] | null {
  return new TradeScanner('linear', new MatchIndex()).scan(text, LOCAL_TS_US)?.events ?? null
}

/** What parsing gives, item by item; null unless all items are events. */
function parse(text: string): readonly unknown[] | null {
  let frame: unknown
  try {
    frame = JSON.parse(text)
  } catch {
    return null
  }
  const { topic, data } = frame as { topic: string; data: readonly unknown[] }
  const topicSymbol = topic.slice('publicTrade.'.length)
  const mapper = new PublicTradeMapper('linear')
  const rest = {
    category: 'linear',
    variant: null,
    localTsUs: LOCAL_TS_US,
    isPlain: false,
  } as const
  const events = data.map((item) => mapper.map(item, { envelope: {}, topicSymbol, ...rest }))
  return events.includes(null) ? null : events
}

test("frames of today's form are read without parsing, to the same events", () => {
  const items = [
    wireTrade({ i: 'a' }),
    wireTrade({ i: 'b', S: 'Sell', L: 'ZeroMinusTick', BT: true }),
    wireTrade({ i: 'c', L: 'MinusTick', RPI: true, seq: 190000000002 }),
    wireTrade({ i: 'd', L: 'ZeroPlusTick', RPI: undefined, s: 'OTHER' }),
    wireTrade({ i: 'e', seq: undefined }),
  ]
  const text = tradeFrame(items)
  expect(scan(text)).toHaveLength(5)
  expect(scan(text)).toEqual(parse(text))
})

test('recorded frames are read without parsing, to the same events', (context) => {
  if (whyNoRealMessages !== null) context.skip(whyNoRealMessages)
  const lines = [...realMessages(/live\/ws_publicTrade_linear\.ndjson$/).values()].flat()
  const scanned = lines.filter((line) => scan(line) !== null)
  expect(scanned.length).toBeGreaterThan(lines.length / 2)
  for (const line of scanned) expect(scan(line)).toEqual(parse(line))
})

test('however a frame is altered, reading without parsing gives what parsing gives', () => {
  const value = fc.oneof(
    fc.constantFrom<unknown>('', '-1', '01', '1.', '.5', '-0.0', '1e5', 'Buy', 'PlusTick', 'a b'),
    fc.constantFrom<unknown>(0, 1, 1760000000101, 1e300, 2 ** 53, true, null, [], 'x'.repeat(65)),
    fc.string({ unit: 'binary' }),
    fc.stringMatching(/^-?\d{0,140}(\.\d{0,3})?$/),
  )
  const key = fc.constantFrom('T', 's', 'S', 'v', 'p', 'L', 'i', 'BT', 'RPI', 'seq')
  const trade = fc
    .tuple(fc.dictionary(key, value, { maxKeys: 2 }), fc.nat(9))
    .map(([changes, id]) => wireTrade({ i: `id-${id}`, ...changes }))
  const edit = fc.tuple(fc.nat(), fc.constantFrom('', '"', ' ', '0', '}', ']', ',', '\\', '|', 'é'))
  let scanned = 0
  fc.assert(
    fc.property(
      fc.array(fc.oneof({ weight: 2, arbitrary: fc.constant(wireTrade()) }, trade)),
      fc.option(edit),
      (items, change) => {
        const right = tradeFrame(items)
        const at = change === null ? 0 : change[0] % right.length
        const text =
          change === null ? right : `${right.slice(0, at)}${change[1]}${right.slice(at + 1)}`
        const events = scan(text)
        if (events === null) return
        scanned++
        expect(events).toEqual(parse(text))
      },
    ),
    { numRuns: 5000 },
  )
  expect(scanned).toBeGreaterThan(100)
})

test('a frame that must be parsed after all finds the count unchanged', () => {
  const normalizer = createNormalizer({ category: 'linear' })
  const indexes = (...items: readonly Record<string, unknown>[]): number[] => {
    const { events } = normalizer.normalize(tradeFrame(items.map(wireTrade)), LOCAL_TS_US)
    return (events as PublicTradeEvent[]).map(({ matchIndex }) => matchIndex)
  }
  const match = (i: string, seq: number, L = 'PlusTick') => ({ i, seq, L })
  expect(indexes(match('a', 1), match('b', 1))).toEqual([0, 1])
  const rest = [2, 3, 4, 5, 6].map((seq) => match(`x${seq}`, seq))
  expect(indexes(match('c', 1), ...rest, match('y', 7, 'NewTick'))).toEqual([2, 0, 0, 0, 0, 0, 0])
})

test('a large frame is parsed, because ids cut out of it would keep all of it in memory', () => {
  expect(scan(tradeFrame(new Array(200).fill(wireTrade())))).toBeNull()
})
