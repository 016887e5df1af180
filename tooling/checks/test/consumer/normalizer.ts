import assert from 'node:assert/strict'
import { createNormalizer } from '@grid/bybit-adapter'
import { changedFields } from '@grid/core-events'

const normalizer = createNormalizer({ category: 'linear' })
const frame = (data: object, rest: object): string =>
  JSON.stringify({ topic: 'tickers.BTCUSDT', data, cs: 7, ...rest })

const trades = normalizer.normalize(
  '{"topic":"publicTrade.BTCUSDT","type":"snapshot","ts":1760000000105,"data":[' +
    '{"T":1760000000101,"s":"BTCUSDT","S":"Buy","v":"0.003","p":"100000.10","L":"PlusTick",' +
    '"i":"6f1d2a3b-0c4d-5e6f-8a9b-0c1d2e3f4a5b","BT":false,"RPI":false,"seq":190000000001},' +
    '{"T":1760000000101,"s":"BTCUSDT","p":""}]}',
  1_760_000_000_107_123,
)
const [trade] = trades.events
assert(trade?.channel === 'publicTrade')
assert.equal(trade.price, '100000.10')
assert.equal(trades.deadLetters[0]?.code, 'ITEM_MALFORMED')

const early = normalizer.normalize(
  frame({ symbol: 'BTCUSDT', markPrice: '1.0' }, { type: 'delta', ts: 1_760_000_000_100 }),
  1_760_000_000_107_124,
)
assert.equal(early.discarded.length, 1)

normalizer.normalize(
  frame({ symbol: 'BTCUSDT', lastPrice: '2.50' }, { type: 'snapshot', ts: 1_760_000_000_200 }),
  1_760_000_000_207_123,
)
const merged = normalizer.normalize(
  frame({ symbol: 'BTCUSDT', markPrice: '2.60' }, { type: 'delta', ts: 1_760_000_000_300 }),
  1_760_000_000_307_123,
)
const [ticker] = merged.events
assert(ticker?.channel === 'ticker')
assert.equal(ticker.lastPrice, '2.50')
assert.deepEqual(changedFields(ticker.changed), ['markPrice'])
