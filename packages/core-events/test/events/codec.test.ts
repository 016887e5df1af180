import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  decodeEvent,
  EVENT_SCHEMA_VERSION,
  EventError,
  type EventErrorCode,
  encodeEvent,
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

const [trade] = fc.sample(publicTrade, { numRuns: 1, seed: 1 })
const [state] = fc.sample(ticker, { numRuns: 1, seed: 1 })
const [fill] = fc.sample(execution, { numRuns: 1, seed: 1 })
const [orderState] = fc.sample(order, { numRuns: 1, seed: 1 })
const [leg] = fc.sample(position, { numRuns: 1, seed: 1 })
const [coin] = fc.sample(wallet, { numRuns: 1, seed: 1 })

function refusal(text: string): { code: EventErrorCode; field: string | null; message: string } {
  try {
    decodeEvent(text)
  } catch (error) {
    if (error instanceof EventError) return error
    throw error
  }
  throw new Error(`accepted ${text}`)
}

const changed = (event: object | undefined, change: object): string =>
  JSON.stringify({ v: EVENT_SCHEMA_VERSION, ...event, ...change })

describe('codec', () => {
  it('gives back every event unchanged', () => {
    fc.assert(
      fc.property(gridEvent, (event) => {
        const text = encodeEvent(event)
        expect(text).not.toContain('\n')
        expect(decodeEvent(text)).toEqual(event)
      }),
    )
  })

  it('keeps the key `__proto__` in `extra`', () => {
    const text = changed(state, { extra: null }).replace(
      '"extra":null',
      '"extra":{"__proto__":{"a":1},"constructor":"b"}',
    )
    expect(encodeEvent(decodeEvent(text))).toContain('{"__proto__":{"a":1},"constructor":"b"}')
  })

  it('writes the version', () => {
    fc.assert(
      fc.property(gridEvent, (event) => {
        expect(JSON.parse(encodeEvent(event))).toMatchObject({ v: EVENT_SCHEMA_VERSION })
      }),
    )
  })

  it('refuses a newer version before it checks anything else', () => {
    const text = JSON.stringify({ v: EVENT_SCHEMA_VERSION + 1, channel: 'not yet known' })
    expect(refusal(text)).toMatchObject({
      code: 'EVENT_VERSION_UNSUPPORTED',
      field: 'v',
      retryable: false,
      name: 'EventError',
    })
  })

  it.each([
    ['v', changed(trade, { v: undefined })],
    ['v', changed(trade, { v: '1' })],
    ['v', changed(trade, { v: 0 })],
    ['v', changed(trade, { v: 1.5 })],
    ['channel', changed(trade, { channel: undefined })],
    ['channel', changed(trade, { channel: 'toString' })],
    ['category', changed(trade, { category: 'futures' })],
    ['symbol', changed(trade, { symbol: 'BTC|USDT' })],
    ['exchangeTs', changed(trade, { exchangeTs: 0 })],
    ['localTsUs', changed(trade, { localTsUs: -1 })],
    ['source', changed(trade, { source: null })],
    ['tradeId', changed(trade, { tradeId: '' })],
    ['price', changed(trade, { price: '' })],
    ['price', changed(trade, { price: 1.5 })],
    ['size', changed(trade, { size: 'NaN' })],
    ['seq', changed(trade, { seq: -2 })],
    ['seq', changed(trade, { seq: 2 ** 53 })],
    ['matchIndex', changed(trade, { matchIndex: undefined })],
    ['unheard', changed(trade, { unheard: 1 })],
    ['markPrice', changed(state, { markPrice: undefined })],
    ['deliveryTime', changed(state, { deliveryTime: '2025-12-26T08:00:00Z' })],
    ['changed', changed(state, { changed: -1 })],
    ['extra', changed(state, { extra: [] })],
    ['accountId', changed(fill, { accountId: 'B0B' })],
    ['execId', changed(fill, { execId: '' })],
    ['execQty', changed(fill, { execQty: null })],
    ['execPnl', changed(fill, { execPnl: '' })],
    ['feeCurrency', changed(fill, { feeCurrency: '' })],
    ['isMaker', changed(fill, { isMaker: 'false' })],
    ['extraFees', changed(fill, { extraFees: undefined })],
    ['orderStatus', changed(orderState, { orderStatus: '' })],
    ['cumFeeDetail', changed(orderState, { cumFeeDetail: [] })],
    ['contentHash', changed(orderState, { contentHash: 'abc' })],
    ['positionIdx', changed(leg, { positionIdx: -1 })],
    ['updatedTime', changed(leg, { updatedTime: '1760000000108' })],
    ['size', changed(leg, { size: '' })],
    ['coin', changed(coin, { coin: 'A|B' })],
    ['equity', changed(coin, { equity: 1 })],
    ['category', changed(coin, { category: 'linear' })],
  ])('names %s in the refusal of %s', (field, text) => {
    const error = refusal(text)
    expect(error).toMatchObject({ code: 'EVENT_MALFORMED', field })
    expect(error.message).toContain(field)
  })

  it.each(['', '{', 'null', '[]', '"v"', '1', '\0'])(
    'refuses %o, which is not an event',
    (text) => {
      expect(refusal(text)).toMatchObject({ code: 'EVENT_MALFORMED', field: null })
    },
  )

  it('refuses any other text with an EventError', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        expect(refusal(text).code).toMatch(/^EVENT_/)
      }),
    )
  })
})
