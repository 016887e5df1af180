import assert from 'node:assert/strict'
import {
  decodeEvent,
  EVENT_SCHEMA_VERSION,
  encodeEvent,
  eventKey,
  type PublicEvent,
  parseDecimal,
} from '@grid/core-events'

const price = parseDecimal('100000.10')
const size = parseDecimal('0.003')
assert(price && size)
const trade: PublicEvent = {
  channel: 'publicTrade',
  category: 'linear',
  symbol: 'BTCUSDT',
  exchangeTs: 1_760_000_000_101,
  localTsUs: 1_760_000_000_107_123,
  source: 'ws',
  tradeId: '6f1d2a3b',
  side: 'Buy',
  price,
  size,
  tickDirection: 'PlusTick',
  isBlockTrade: false,
  isRpiTrade: false,
  seq: 190_000_000_001,
  matchIndex: 0,
  markPrice: null,
  indexPrice: null,
  markIv: null,
  iv: null,
}
assert.equal(eventKey(trade), 'publicTrade|linear|BTCUSDT|1760000000101|6f1d2a3b')
assert.deepEqual(decodeEvent(encodeEvent(trade)), trade)
assert.equal(EVENT_SCHEMA_VERSION, 1)

// @ts-expect-error The types have arrived: a plain string is no decimal.
const plain: PublicEvent = { ...trade, price: '1.0' }
assert.equal(plain.symbol, 'BTCUSDT')
