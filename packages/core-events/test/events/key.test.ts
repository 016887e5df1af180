import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type Channel,
  type ChannelEvents,
  eventKey,
  type GridEvent,
  SOURCES,
} from '../../src/index.ts'
import {
  execution,
  gridEvent,
  order,
  position,
  publicTrade,
  ticker,
  wallet,
} from '../support/arbitraries.ts'

/** The fields that identify an event of each channel, apart from the channel itself. */
const IDENTITY: { readonly [Name in Channel]: readonly (keyof ChannelEvents[Name])[] } = {
  ticker: ['category', 'symbol', 'exchangeTs', 'seq', 'isSnapshot'],
  publicTrade: ['category', 'symbol', 'exchangeTs', 'tradeId'],
  execution: ['accountId', 'category', 'symbol', 'execId'],
  order: ['accountId', 'category', 'orderId', 'exchangeTs', 'contentHash'],
  position: ['accountId', 'category', 'symbol', 'positionIdx', 'exchangeTs', 'contentHash'],
  wallet: ['accountId', 'accountType', 'coin', 'exchangeTs', 'contentHash'],
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

  it.each([
    ['ticker', ticker],
    ['publicTrade', publicTrade],
    ['execution', execution],
    ['order', order],
    ['position', position],
    ['wallet', wallet],
  ] as const)('differs whenever one part of the identity of a %s differs', (channel, event) => {
    const parts: readonly string[] = IDENTITY[channel]
    const pairs = fc.tuple(event, event, fc.subarray([...parts]))
    fc.assert(
      fc.property(pairs, ([a, b, taken]) => {
        const mixed = { ...b, ...pick(a, parts), ...pick(b, taken) } as GridEvent
        const same = JSON.stringify(pick(a, parts)) === JSON.stringify(pick(mixed, parts))
        expect(eventKey(a) === eventKey(mixed)).toBe(same)
      }),
      { numRuns: 500 },
    )
  })

  it('differs between channels', () => {
    fc.assert(
      fc.property(publicTrade, ticker, (trade, state) => {
        expect(eventKey(trade)).not.toBe(eventKey({ ...state, symbol: trade.symbol }))
      }),
    )
  })
})

function pick(event: GridEvent, fields: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(event)
      .filter(([field]) => fields.includes(field))
      .sort(),
  )
}
