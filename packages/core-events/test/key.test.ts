import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { eventKey, type GridEvent, SOURCES } from '../src/index.ts'
import { gridEvent, publicTrade, ticker } from './arbitraries.ts'

/** The identity as DESIGN's table of keys lists it. */
function identity(event: GridEvent): readonly unknown[] {
  const common = [event.channel, event.category, event.symbol, event.exchangeTs]
  return event.channel === 'ticker'
    ? [...common, event.seq, event.isSnapshot]
    : [...common, event.tradeId]
}

describe('eventKey', () => {
  it('ignores when and how an event was received', () => {
    const receipt = fc.record({ localTsUs: fc.nat(), source: fc.constantFrom(...SOURCES) })
    fc.assert(
      fc.property(gridEvent, receipt, (event, other) => {
        expect(eventKey({ ...event, ...other })).toBe(eventKey(event))
      }),
    )
  })

  it('differs whenever one part of the identity differs', () => {
    const trades = fc.tuple(publicTrade, publicTrade).chain(([a, b]) => mixes(a, b, 'tradeId'))
    const tickers = fc.tuple(ticker, ticker).chain(([a, b]) => mixes(a, b, 'seq', 'isSnapshot'))
    fc.assert(
      fc.property(fc.oneof(trades, tickers), ([a, b]) => {
        const same = JSON.stringify(identity(a)) === JSON.stringify(identity(b))
        expect(eventKey(a) === eventKey(b)).toBe(same)
      }),
      { numRuns: 2000 },
    )
  })

  it('tells the channels apart', () => {
    fc.assert(
      fc.property(publicTrade, ticker, (trade, state) => {
        expect(eventKey(trade)).not.toBe(eventKey({ ...state, symbol: trade.symbol }))
      }),
    )
  })
})

/** An event beside one that takes some of its identity's parts from another. */
function mixes<Event extends GridEvent>(
  a: Event,
  b: Event,
  ...own: (keyof Event)[]
): fc.Arbitrary<[Event, Event]> {
  const parts: (keyof Event)[] = ['category', 'symbol', 'exchangeTs', ...own]
  return fc.subarray(parts).map((taken) => {
    const mixed = { ...a }
    for (const part of taken) mixed[part] = b[part]
    return [a, mixed]
  })
}
