import { expect, test } from 'vitest'
import { optionSymbols, startSimulator, TICKER_KEYS } from '../../src/index.ts'
import { Client } from '../support/client.ts'
import { type Document, needsRecordings, recorded, shape } from '../support/recordings.ts'

/** Keys that the exchange added after these recordings. */
/** Keys of instruments that are newer than the recordings. */
const NEW_INSTRUMENT_KEYS = [
  'symbolId',
  'fullName',
  'marketRegion',
  'underlyingTicker',
  'skipCallAuction',
]
const SINGLE_SIDED = ['singleOpenInterest', 'singleOpenInterestValue']
const SINCE_2023 = [...SINGLE_SIDED, 'basisRateYear']

const OPTIONS = optionSymbols('ETH', [2000], 1_760_000_000_000)
const [OPTION = ''] = OPTIONS
const SETTINGS = {
  seed: 1,
  paused: true,
  inverse: ['BTCUSD', 'BTCUSDU30'],
  spot: ['BTCUSDT', 'BTCUSDC'],
  option: OPTIONS,
}

function ofType(name: string, type: string, symbol?: string): Document[] {
  return recorded(name).filter(
    (m) => m['type'] === type && (symbol === undefined || m['topic'] === `tickers.${symbol}`),
  )
}

/** Values of the market for exactly the keys of a recorded delta. */
function valuesOf(message: Document): Record<string, string> {
  const { symbol: _, ...values } = message['data'] as Record<string, string>
  return values
}

test('linear frames have the keys, key order and types of recorded ones', async (context) => {
  needsRecordings(context)
  await using sim = await startSimulator(SETTINGS)
  const client = await Client.open(sim.wsUrl)
  await client.subscribe('publicTrade.BTCUSDT', 'tickers.BTCUSDT', 'orderbook.1.BTCUSDT')
  sim.trade({ symbol: 'BTCUSDT' })
  const deltas = ofType('live/ws_tickers_linear.ndjson', 'delta')
  for (const delta of deltas) {
    const known = Object.entries(valuesOf(delta)).filter(([key]) =>
      TICKER_KEYS.some((name) => name === key),
    )
    sim.tick('BTCUSDT', Object.fromEntries(known))
  }
  await client.ask({ op: 'ping' })
  const [snapshot, ...rest] = client.frames('tickers.BTCUSDT')
  const [real] = ofType('live/ws_tickers_linear.ndjson', 'snapshot')
  expect(shape(snapshot)).toEqual(shape(real))
  expect(rest.map((frame) => shape(frame))).toEqual(deltas.map((delta) => shape(delta)))
  const [trade] = client.frames('publicTrade.BTCUSDT')
  expect(shape(trade)).toEqual(shape(recorded('live/ws_publicTrade_linear.ndjson')[0]))
  const books = recorded('live/ws_orderbook.ndjson')
  const book = books.find((m) => m['topic'] === 'orderbook.1.BTCUSDT')
  expect(shape(client.frames('orderbook.1.BTCUSDT')[0])).toEqual(shape(book))
})

test('inverse frames have the keys, key order and types of recorded ones', async (context) => {
  needsRecordings(context)
  await using sim = await startSimulator(SETTINGS)
  const client = await Client.open(sim.wsUrl, '/v5/public/inverse')
  await client.subscribe('tickers.BTCUSD', 'tickers.BTCUSDU30')
  const [delta] = ofType('reserialized/ws_tickers_inverse.ndjson', 'delta', 'BTCUSD')
  sim.tick('BTCUSD', delta === undefined ? {} : valuesOf(delta), 'inverse')
  await client.ask({ op: 'ping' })
  expect(shape(client.frames('tickers.BTCUSD')[1])).toEqual(shape(delta))
  const [dated] = ofType('reserialized/ws_tickers_inverse.ndjson', 'snapshot', 'BTCUSDU23')
  const [snapshot] = client.frames('tickers.BTCUSDU30')
  expect(shape(snapshot, SINCE_2023)).toEqual(shape(dated))
})

test('spot frames have the keys, key order and types of recorded ones', async (context) => {
  needsRecordings(context)
  await using sim = await startSimulator(SETTINGS)
  const client = await Client.open(sim.wsUrl, '/v5/public/spot')
  await client.subscribe('publicTrade.BTCUSDC', 'tickers.BTCUSDT')
  sim.trade({ symbol: 'BTCUSDC', category: 'spot' })
  sim.tick('BTCUSDT', {}, 'spot')
  await client.ask({ op: 'ping' })
  const [trade] = client.frames('publicTrade.BTCUSDC')
  expect(shape(trade)).toEqual(shape(recorded('live/ws_publicTrade_spot.ndjson')[0]))
  const [ticker] = client.frames('tickers.BTCUSDT')
  expect(shape(ticker)).toEqual(shape(recorded('docs/ws_tickers_spot.ndjson')[0]))
})

test('option tickers have the keys, key order and types of recorded ones', async (context) => {
  needsRecordings(context)
  await using sim = await startSimulator(SETTINGS)
  const client = await Client.open(sim.wsUrl, '/v5/public/option')
  await client.subscribe(`tickers.${OPTION}`)
  sim.tick(OPTION, {}, 'option')
  await client.ask({ op: 'ping' })
  const [ticker] = client.frames(`tickers.${OPTION}`)
  const [real] = recorded('reserialized/ws_tickers_option.ndjson')
  expect(shape(ticker)).toEqual(shape(real))
  const idOf = (frame: unknown): string => String((frame as Document)['id'])
  const form = /^tickers\.ETH-\d+[A-Z]{3}\d\d-\d+-[CP](-USDT)?-\d{9,}-\d{13}$/
  expect(idOf(ticker)).toMatch(form)
  expect(idOf(real)).toMatch(form)
})

test('control frames have the keys and the key order of real ones', async (context) => {
  needsRecordings(context)
  await using sim = await startSimulator(SETTINGS)
  const real = ['live', 'docs'].flatMap((name) => recorded(`${name}/ws_control.ndjson`))
  const shapes = real.map((message) => shape(message))
  for (const category of ['linear', 'inverse', 'spot']) {
    const client = await Client.open(sim.wsUrl, `/v5/public/${category}`)
    const symbol = category === 'inverse' ? 'BTCUSD' : 'BTCUSDT'
    const replies = [
      await client.ask({ op: 'ping' }),
      await client.ask({ req_id: 'p', op: 'ping' }),
      await client.ask({ op: 'subscribe', args: [`tickers.${symbol}`] }),
      await client.ask({ req_id: 's', op: 'subscribe', args: [`publicTrade.${symbol}`] }),
    ]
    for (const reply of replies) expect(shapes).toContainEqual(shape(JSON.parse(reply)))
  }
  const option = await Client.open(sim.wsUrl, '/v5/public/option')
  const taken = JSON.parse(await option.subscribe(`tickers.${OPTION}`)) as Document
  const commands = real.filter((message) => message['type'] === 'COMMAND_RESP')
  expect(commands.map((command) => shape(command))).toContainEqual(shape(taken))
})

test('REST replies have the keys, key order and types of recorded ones', async (context) => {
  needsRecordings(context)
  const clock = { symbols: ['BTCUSDT', 'BTCUSDT-27DEC30'] }
  await using sim = await startSimulator({ ...SETTINGS, ...clock })
  for (const category of ['linear', 'spot'] as const) sim.trade({ symbol: 'BTCUSDT', category })
  const get = async (path: string): Promise<Document> =>
    (await (await fetch(`${sim.restUrl}/v5/market/${path}`)).json()) as Document
  const result = (reply: Document | undefined): Document => reply?.['result'] as Document
  const rows = (reply: Document | undefined): Document[] => result(reply)['list'] as Document[]
  const find = (reply: Document | undefined, key: string, value: RegExp): unknown =>
    rows(reply).find((row) => value.test(String(row[key])))

  expect(shape(await get('time'))).toEqual(shape(recorded('live/rest_time.ndjson')[0]))

  const instruments = recorded('live/rest_instruments_info.ndjson')[1]
  const ours = await get('instruments-info?category=linear')
  expect(shape(ours, NEW_INSTRUMENT_KEYS)).toEqual(shape(instruments))
  const pairs = recorded('docs/rest_instruments_info.ndjson')[1]
  const spotPairs = await get('instruments-info?category=spot')
  expect(shape(spotPairs, ['xstockMultiplier'])).toEqual(shape(pairs))
  sim.preList('BIOUSDT', { phase: 'ContinuousTrading' })
  const preMarket = await get('instruments-info?category=linear&status=PreLaunch')
  const newest = [...NEW_INSTRUMENT_KEYS, 'displayName', 'forbidUplWithdrawal']
  expect(shape(preMarket, newest)).toEqual(shape(recorded('docs/rest_instruments_info.ndjson')[0]))

  const contracts = recorded('live/rest_tickers.ndjson')[1]
  const linear = await get('tickers?category=linear')
  expect(shape(linear)).toEqual(shape(contracts))
  for (const kind of [/^0$/, /^[1-9]\d+$/]) {
    const real = find(contracts, 'deliveryTime', kind)
    expect(shape(find(linear, 'deliveryTime', kind))).toEqual(shape(real))
  }
  const dated = find(linear, 'deliveryTime', /^[1-9]\d+$/)
  expect(dated).toMatchObject({ fundingRate: '', nextFundingTime: '0', fundingCap: '' })
  const inverse = await get('tickers?category=inverse')
  const [real] = recorded('docs/rest_tickers.ndjson')
  expect(shape(inverse, SINGLE_SIDED)).toEqual(shape(real))
  const spot = await get('tickers?category=spot')
  expect(shape(spot)).toEqual(shape(recorded('live/rest_tickers.ndjson')[0]))

  const trades = await get('recent-trade?category=spot&symbol=BTCUSDT')
  const older = ['isRPITrade', 'seq']
  expect(shape(trades, older)).toEqual(shape(recorded('live/rest_recent_trade.ndjson')[0]))

  const contract = await get('recent-trade?category=linear&symbol=BTCUSDT')
  const [history] = recorded('reserialized/rest_result_public_trading_history.ndjson')
  expect(shape(contract['result'], older)).toEqual(shape(history))

  const kline = await get('kline?category=spot&symbol=BTCUSDT&interval=1')
  expect(shape(kline)).toEqual(shape(recorded('live/rest_kline.ndjson')[0]))

  const [funding, interest] = recorded('live/rest_other.ndjson')
  const query = 'category=linear&symbol=BTCUSDT'
  expect(shape(await get(`funding/history?${query}`))).toEqual(shape(funding))
  const page = await get(`open-interest?${query}&intervalTime=1d`)
  expect(shape(page, SINGLE_SIDED)).toEqual(shape(interest))
  const form = /^lastid%3D\d+%26lasttime%3D\d{10}$/
  expect(result(page)['nextPageCursor']).toMatch(form)
  expect(result(interest)['nextPageCursor']).toMatch(form)

  const refused = await get('tickers?category=nope')
  expect(shape(refused)).toEqual(shape(recorded('live/rest_error.ndjson')[0]))
})
