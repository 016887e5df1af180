import { changedFields, type TickerEvent } from '@grid/core-events'
import { expect, test } from 'vitest'
import { createNormalizer, type NormalizeResult } from '../../../src/index.ts'

const SYMBOL = 'BTC-26DEC25-120000-C-USDT'
const TRADE = {
  p: '85',
  v: '0.01',
  i: '11111111-2222-5333-8444-555555555555',
  T: 1760000000101,
  BT: false,
  s: SYMBOL,
  S: 'Buy',
  mP: '84.2',
  iP: '100010.5',
  mIv: '0.5201',
  iv: '',
  seq: 3000000001,
}

function feed(frame: object): NormalizeResult {
  const normalizer = createNormalizer({ category: 'option' })
  return normalizer.normalize(JSON.stringify(frame), 1_760_000_000_210_000)
}

function trades(...data: readonly object[]): NormalizeResult {
  return feed({ id: 'x', topic: 'publicTrade.BTC', ts: 1760000000105, data, type: 'snapshot' })
}

function ticker(data: object, envelope: object = {}): NormalizeResult {
  const topic = `tickers.${SYMBOL}`
  const id = `${topic}-3164908233-1760000000919`
  const body = { symbol: SYMBOL, ...data }
  return feed({ id, topic, ts: 1760000000919, data: body, type: 'snapshot', ...envelope })
}

test('trades come by their base coin and have their own symbol', () => {
  const { events, deadLetters } = trades(TRADE, { ...TRADE, s: 'BTC-26DEC25-90000-P-USDT' })
  expect(deadLetters).toEqual([])
  expect(events).toMatchObject([
    {
      symbol: SYMBOL,
      markPrice: '84.2',
      indexPrice: '100010.5',
      markIv: '0.5201',
      iv: null,
      tickDirection: null,
      isRpiTrade: null,
      matchIndex: 0,
    },
    { symbol: 'BTC-26DEC25-90000-P-USDT', matchIndex: 0 },
  ])
})

test('a trade without a symbol is a dead letter: the base coin is no symbol', () => {
  const { events, deadLetters } = trades({ ...TRADE, s: undefined }, TRADE)
  expect(events).toMatchObject([{ symbol: SYMBOL }])
  expect(deadLetters).toMatchObject([{ field: 's', symbol: null, topic: 'publicTrade.BTC' }])
})

test("an option ticker's names become the common ones, and its id's counter its sequence", () => {
  const { events } = ticker({ bidPrice: '0.1', askIv: '0', markPriceIv: '1.5991', delta: '-0.5' })
  const [event] = events as TickerEvent[]
  expect(event).toMatchObject({
    seq: 3164908233,
    isSnapshot: true,
    bid1Price: '0.1',
    ask1Iv: '0',
    markIv: '1.5991',
    delta: '-0.5',
    extra: null,
  })
  const changed = changedFields(event?.changed ?? 0)
  expect(changed).toEqual(['bid1Price', 'ask1Iv', 'markIv', 'delta'])
})

test("another socket's name for a value is not read as that value", () => {
  const [event] = ticker({ bidPrice: '1', bid1Price: '2' }).events as TickerEvent[]
  expect(event).toMatchObject({ bid1Price: '1', extra: { bid1Price: '2' } })
  expect(changedFields(event?.changed ?? 0)).toEqual(['bid1Price'])
})

test('without an id the sequence is unknown; an id that cannot be read is a dead letter', () => {
  expect(ticker({}, { id: undefined }).events).toMatchObject([{ seq: -1 }])
  for (const id of [7, '', 'tickers.X', `${SYMBOL}-99999999999999999999-1`]) {
    expect(ticker({}, { id }).deadLetters).toMatchObject([{ field: 'id' }])
  }
})
