import { expect, test } from 'vitest'
import { optionSymbols, startSimulator } from '../../src/index.ts'
import { Client } from '../support/client.ts'
import { SteppedClock } from '../support/stepped-clock.ts'

const OPTIONS = optionSymbols('BTC', [100_000, 120_000], 1_760_000_000_000)
const [OPTION = '', OTHER_OPTION = ''] = OPTIONS
const quiet = {
  seed: 1,
  paused: true,
  inverse: ['BTCUSD', 'BTCUSDZ30'],
  spot: ['BTCUSDT', 'ETHUSDT'],
  option: OPTIONS,
}

function masked(text: string): string {
  return text.replace(/"conn_id":"[0-9a-v-]+"/, '"conn_id":"X"')
}

test('spot has its own wording, and accepts ten topics in a request', async () => {
  await using sim = await startSimulator(quiet)
  const client = await Client.open(sim.wsUrl, '/v5/public/spot')
  const many = Array.from({ length: 11 }, (_, index) => `tickers.A${index}USDT`)
  const replies = [
    await client.ask({ op: 'ping' }),
    await client.ask({ req_id: 'p', op: 'ping' }),
    await client.ask({ op: 'subscribe', args: ['publicTrade.BTCUSDT'] }),
    await client.ask({
      req_id: 's',
      op: 'subscribe',
      args: ['tickers.ETHUSDT', 'tickers.FOOUSDT'],
    }),
    await client.ask({ req_id: 'm', op: 'subscribe', args: many }),
    await client.ask({ req_id: 'd', op: 'subscribe', args: ['publicTrade.BTCUSDT'] }),
    await client.ask({ req_id: 'u', op: 'unsubscribe', args: ['publicTrade.BTCUSDT'] }),
  ]
  expect(replies.map(masked)).toEqual([
    '{"success":true,"ret_msg":"pong","conn_id":"X","op":"ping"}',
    '{"success":true,"ret_msg":"pong","conn_id":"X","req_id":"p","op":"ping"}',
    '{"success":true,"ret_msg":"subscribe","conn_id":"X","op":"subscribe"}',
    '{"success":false,"ret_msg":"Invalid symbol :[tickers.FOOUSDT]","conn_id":"X","req_id":"s","op":"subscribe"}',
    '{"success":false,"ret_msg":"args size >10","conn_id":"X","req_id":"m","op":"subscribe"}',
    '{"success":false,"ret_msg":"error:already subscribed,topic:publicTrade.BTCUSDT","conn_id":"X","req_id":"d","op":"subscribe"}',
    '{"success":true,"ret_msg":"unsubscribe","conn_id":"X","req_id":"u","op":"unsubscribe"}',
  ])
  expect(sim.connections()[0]).toMatchObject({ category: 'spot', topics: [] })
})

test('option acknowledges topic by topic, without op and req_id, also topics without data', async () => {
  await using sim = await startSimulator(quiet)
  const client = await Client.open(sim.wsUrl, '/v5/public/option')
  const topics = [`orderbook.999.${OPTION}`, 'publicTrade.BTC', `tickers.${OPTION}`]
  expect(await client.ask({ op: 'ping' })).toMatch(/^\{"args":\["\d{13}"\],"op":"pong"\}$/)
  const taken = masked(await client.ask({ req_id: 's', op: 'subscribe', args: topics }))
  expect(taken).toBe(
    `{"success":true,"conn_id":"X","data":{"failTopics":[],"successTopics":${JSON.stringify(topics)}},"type":"COMMAND_RESP"}`,
  )
  const mixed = masked(
    await client.subscribe(
      'publicTrade.DOGE',
      `tickers.${OTHER_OPTION}`,
      `tickers.${OTHER_OPTION}`,
    ),
  )
  expect(mixed).toBe(
    `{"success":false,"conn_id":"X","data":{"failTopics":["publicTrade.DOGE"],"successTopics":["tickers.${OTHER_OPTION}"]},"type":"COMMAND_RESP"}`,
  )
  for (const symbol of [OPTION, OTHER_OPTION]) sim.trade({ category: 'option', symbol })
  await client.ask({ op: 'ping' })
  const frames = client.frames('publicTrade.BTC')
  expect(frames.map((frame) => frame.data)).toMatchObject([[{ s: OPTION }], [{ s: OTHER_OPTION }]])
  expect(client.frames(`orderbook.999.${OPTION}`)).toEqual([])
})

test('an option connection accepts 2000 topics', async () => {
  const strikes = Array.from({ length: 1001 }, (_, index) => 1000 + index)
  const option = optionSymbols('BTC', strikes, 1_760_000_000_000)
  const rules = { maxArgsLength: 1_000_000 }
  await using sim = await startSimulator({ paused: true, symbols: [], option, rules })
  const client = await Client.open(sim.wsUrl, '/v5/public/option')
  const ack = JSON.parse(await client.subscribe(...option.map((symbol) => `tickers.${symbol}`)))
  expect(ack.data.successTopics).toHaveLength(2000)
  expect(ack.data.failTopics).toHaveLength(2)
})

test('inverse is worded like linear; its tickers open with a snapshot, those of spot and options do not', async () => {
  await using sim = await startSimulator(quiet)
  const inverse = await Client.open(sim.wsUrl, '/v5/public/inverse')
  expect(masked(await inverse.subscribe('tickers.BTCUSD', 'tickers.BTCUSDZ30'))).toBe(
    '{"success":true,"ret_msg":"","conn_id":"X","req_id":"tickers.BTCUSD+tickers.BTCUSDZ30","op":"subscribe"}',
  )
  expect(await inverse.subscribe('tickers.BTCUSDT')).toContain('handler not found')
  await inverse.ask({ op: 'ping' })
  expect(inverse.frames('tickers.BTCUSD')).toMatchObject([{ type: 'snapshot' }])
  const [dated] = inverse.frames('tickers.BTCUSDZ30')
  expect(dated?.data).toMatchObject({ deliveryTime: '2030-12-27T08:00:00Z', fundingRate: '' })
  const spot = await Client.open(sim.wsUrl, '/v5/public/spot')
  await spot.subscribe('tickers.BTCUSDT')
  await spot.ask({ op: 'ping' })
  expect(spot.frames('tickers.BTCUSDT')).toEqual([])
  sim.tick('BTCUSDT', {}, 'spot')
  await spot.ask({ op: 'ping' })
  expect(spot.frames('tickers.BTCUSDT')).toMatchObject([{ type: 'snapshot' }])
})

test('the same symbol in two categories is two streams', async () => {
  await using sim = await startSimulator(quiet)
  const linear = await Client.open(sim.wsUrl)
  const spot = await Client.open(sim.wsUrl, '/v5/public/spot')
  for (const client of [linear, spot]) await client.subscribe('publicTrade.BTCUSDT')
  const [trade] = sim.trade({ symbol: 'BTCUSDT', category: 'spot' })
  await Promise.all([linear, spot].map((client) => client.ask({ op: 'ping' })))
  expect(linear.frames('publicTrade.BTCUSDT')).toEqual([])
  expect(spot.frames('publicTrade.BTCUSDT')).toHaveLength(1)
  expect(trade).toMatchObject({ category: 'spot', tickDirection: null, sentTo: [2] })
  expect(trade?.tradeId).toMatch(/^2\d{18}$/)
  const totals = sim.totals().filter((t) => t.symbol === 'BTCUSDT')
  expect(totals.map((t) => [t.category, t.trades.sent])).toEqual([
    ['linear', 0],
    ['spot', 1],
  ])
})

test('every state of the book is a snapshot with the next u, and an unchanged one is repeated after 3 s', async () => {
  const clock = new SteppedClock()
  await using sim = await startSimulator({ ...quiet, paused: false, tradesPerSecond: 0, clock })
  const client = await Client.open(sim.wsUrl, '/v5/public/spot')
  await client.subscribe('orderbook.1.BTCUSDT')
  clock.advance(2000)
  sim.pause()
  sim.moveBook('BTCUSDT', 'spot')
  const late = await Client.open(sim.wsUrl, '/v5/public/spot')
  await late.subscribe('orderbook.1.BTCUSDT')
  await Promise.all([client, late].map((c) => c.ask({ op: 'ping' })))
  const books = sim.truth().books.filter((book) => book.sentTo.includes(1))
  const rows = client.frames('orderbook.1.BTCUSDT')
  expect(books.length).toBeGreaterThan(5)
  expect(rows).toMatchObject(
    books.map((b) => ({
      type: 'snapshot',
      cts: b.cts,
      data: {
        s: b.symbol,
        b: [[b.bidPrice, b.bidSize]],
        a: [[b.askPrice, b.askSize]],
        u: b.u,
        seq: b.seq,
      },
    })),
  )
  expect(books.map((b) => b.u)).toEqual(books.map((_, index) => (books[0]?.u ?? 0) + index))
  expect(late.frames('orderbook.1.BTCUSDT')[0]?.data).toEqual(rows.at(-1)?.data)
  expect(books.at(-1)?.sentTo).toEqual([1, 2])
  const total = sim.totals().find((t) => t.category === 'spot' && t.symbol === 'BTCUSDT')
  expect(total?.books.sent).toBe(books.length)
})

test('a delisted symbol sends nothing and is refused; a listed one trades', async () => {
  const clock = new SteppedClock()
  await using sim = await startSimulator({ symbols: ['BTCUSDT'], clock })
  const client = await Client.open(sim.wsUrl)
  await client.subscribe('publicTrade.BTCUSDT')
  clock.advance(1000)
  sim.delist('linear', 'BTCUSDT')
  sim.list('linear', 'NEWUSDT')
  const before = sim.truth().trades.length
  expect(await client.subscribe('tickers.BTCUSDT')).toContain('handler not found')
  expect(await client.subscribe('publicTrade.NEWUSDT')).toContain('"success":true')
  clock.advance(1000)
  await client.ask({ op: 'ping' })
  const since = sim.truth().trades.slice(before)
  expect(new Set(since.map((t) => t.symbol))).toEqual(new Set(['NEWUSDT']))
  expect(client.frames('publicTrade.NEWUSDT').length).toBeGreaterThan(0)
})

test('assumed behaviours can be switched', async () => {
  const rules = {
    singleSidedInterest: false,
    inversePreListingKeys: true,
    optionNamesFailures: false,
  }
  await using sim = await startSimulator({ ...quiet, rules })
  const inverse = await Client.open(sim.wsUrl, '/v5/public/inverse')
  await inverse.subscribe('tickers.BTCUSD')
  await inverse.ask({ op: 'ping' })
  const keys = Object.keys(inverse.frames('tickers.BTCUSD')[0]?.data as object)
  expect(keys).toContain('preOpenPrice')
  expect(keys.filter((key) => key.startsWith('single'))).toEqual([])
  const option = await Client.open(sim.wsUrl, '/v5/public/option')
  expect(await option.subscribe('tickers.NOPE')).toContain('"successTopics":["tickers.NOPE"]')
})

test('a minute of every category has unique ids and no malformed number', async () => {
  const clock = new SteppedClock()
  const far = optionSymbols('BTC', [300_000], 1_760_000_000_000)
  const symbols = ['BTCUSDT', 'BTCUSDT-27DEC30', 'DOGEUSDT']
  await using sim = await startSimulator({
    ...quiet,
    symbols,
    option: [...OPTIONS, ...far],
    paused: false,
    tradesPerSecond: 100,
    clock,
  })
  for (let second = 0; second < 60; second++) clock.jump(1000)
  const { trades, tickers, books } = sim.truth()
  const isPositive = (text: string): boolean => /^\d+(\.\d+)?$/.test(text) && Number(text) > 0
  expect(trades.filter((t) => !isPositive(t.price) || !isPositive(t.size))).toEqual([])
  for (const own of Map.groupBy(trades, (t) => `${t.category} ${t.symbol}`).values()) {
    expect(new Set(own.map((t) => t.tradeId)).size).toBe(own.length)
  }
  const sides = books.flatMap((b) => [b.bidPrice, b.bidSize, b.askPrice, b.askSize])
  expect(sides.filter((text) => !isPositive(text))).toEqual([])
  expect(books.every((b) => Number(b.bidPrice) < Number(b.askPrice))).toBe(true)
  const isValue = /^(-?\d+(\.\d+)?|(Zero)?(Plus|Minus)Tick|2030-12-27T08:00:00Z|)$/
  const odd = tickers.flatMap(({ values }) =>
    Object.entries(values).filter(([, text]) => !isValue.test(text)),
  )
  expect(odd).toEqual([])
  const seen = new Set(tickers.map((t) => `${t.category} ${t.symbol}`))
  expect(seen.size).toBe(
    symbols.length + quiet.inverse.length + quiet.spot.length + OPTIONS.length + 2,
  )
})
