import { expect, onTestFinished, test } from 'vitest'
import { optionSymbols, type Simulator, startSimulator } from '../../src/index.ts'
import { Client } from '../support/client.ts'
import { ask, authRequest, openPrivate, rowsOf } from '../support/private-client.ts'
import { type Document, needsRecordings, recorded, shape } from '../support/recordings.ts'

/** Keys that the exchange added after these recordings. */
const YOUNG = {
  execution: ['execPnl', 'extraFees', 'feeCurrency'],
  order: ['rpiTakerAccess', 'rpiMatchedQty'],
  spotOrder: [
    ...['closedPnl', 'parentOrderLinkId', 'slippageTolerance', 'slippageToleranceType'],
    ...['cumFeeDetail', 'rpiTakerAccess', 'rpiMatchedQty', 'marketUnit'],
  ],
  position: ['breakEvenPrice', 'openTime', 'netDeltaRatio'],
  wallet: ['colRes'],
  restOrder: [
    ...['closedPnl', 'parentOrderLinkId', 'slippageTolerance', 'slippageToleranceType'],
    ...['cumFeeDetail', 'rpiTakerAccess', 'rpiMatchedQty'],
  ],
  restExecution: ['createType'],
}

const OPTIONS = optionSymbols('BTC', [100_000], Date.now())

async function start(): Promise<Simulator> {
  const sim = await startSimulator({
    symbols: ['BTCUSDT'],
    inverse: ['BTCUSD'],
    spot: ['BTCUSDT'],
    option: OPTIONS,
    paused: true,
  })
  onTestFinished(() => sim.stop())
  return sim
}

/** The first recorded message of a topic that matches. */
function real(file: string, matches: (message: Document) => boolean = () => true): Document {
  const found = recorded(file).find(matches)
  if (found === undefined) throw new Error(`no such message in ${file}`)
  return found
}

function rowOf(message: Document): Document {
  return (message['data'] as Document[])[0] ?? {}
}

test('private messages have the keys, key order and types of recorded ones', async (context) => {
  needsRecordings(context)
  const sim = await start()
  const { uid, keys } = sim.exchange.openAccount({ balances: { USDT: '1000', BTC: '1' } })
  const topics = ['execution', 'execution.fast', 'order', 'position', 'wallet']
  const client = await openPrivate(sim, keys[0], ...topics)
  sim.exchange.placeOrder(uid, { symbol: 'BTCUSDT', side: 'Buy', qty: '0.003' })
  await client.ask({ op: 'ping' })
  const [execution, fast, order, position, wallet] = topics.map(
    (topic) => client.frames(topic).at(-1) as unknown as Document,
  )
  const executed = real('live/ws_execution.ndjson', (m) => m['topic'] === 'execution')
  expect(shape(execution, YOUNG.execution)).toEqual(shape(executed))
  const documented = rowOf(real('docs/ws_execution.ndjson'))
  const withoutFees = { ...documented, extraFees: '' }
  expect(shape(rowOf(execution ?? {}))).toEqual(shape(withoutFees))
  expect(shape(fast)).toEqual(shape(real('live/ws_execution_fast.ndjson')))
  const newest = real('live/ws_order.ndjson', (m) => String(m['id']).includes('BTCPERP'))
  const told = JSON.parse(JSON.stringify(order).replace('"USDT":', '"USDC":')) as Document
  expect(shape(told, YOUNG.order)).toEqual(shape(newest))
  const held = real('live/ws_position.ndjson', (m) => String(m['id']).includes('_position_'))
  expect(shape(position, YOUNG.position)).toEqual(shape(held))
  const owned = real('live/ws_wallet.ndjson', (m) => JSON.stringify(m).includes('spotBorrow'))
  expect(shape(wallet, YOUNG.wallet)).toEqual(shape(owned))
  const idForm = (message: Document | undefined): string =>
    String(message?.['id']).replace(/\d+/g, '0')
  expect(idForm(execution)).toBe(idForm(executed))
  expect(idForm(order)).toBe(idForm(newest).replace('BTCPERP', 'BTCUSDT'))
  expect(idForm(position)).toBe(idForm(held))
  expect(idForm(wallet)).toBe(idForm(owned))
})

test('values are written as recorded: trimmed for contracts, with all decimals for spot', async (context) => {
  needsRecordings(context)
  const sim = await start()
  const { uid, keys } = sim.exchange.openAccount({ balances: { USDT: '1000', BTC: '1' } })
  const client = await openPrivate(sim, keys[0], 'execution.spot', 'order.spot', 'order.linear')
  const market = { category: 'spot', symbol: 'BTCUSDT', side: 'Sell', qty: '0.001936' } as const
  sim.exchange.placeOrder(uid, market)
  const linear = { symbol: 'BTCUSDT', side: 'Buy', qty: '0.01', price: '69000.50' } as const
  const orderId = sim.exchange.placeOrder(uid, linear)
  sim.exchange.cancelOrder(uid, orderId)
  await client.ask({ op: 'ping' })

  const executed = real('live/ws_execution.ndjson', (m) => m['topic'] === 'execution.spot')
  const execution = client.frames('execution.spot')[0] as unknown as Document
  const young = [...YOUNG.execution, 'marketUnit']
  expect(shape(execution, young)).toEqual(shape(executed))
  const filled = real('live/ws_order.ndjson', (m) => m['topic'] === 'order.spot')
  const order = client.frames('order.spot').at(-1) as unknown as Document
  expect(shape(order, YOUNG.spotOrder)).toEqual(shape(filled, ['marketUnit']))
  const digits = (row: Document, key: string): number => String(row[key]).split('.')[1]?.length ?? 0
  for (const key of ['qty', 'leavesQty', 'cumExecQty', 'leavesValue', 'cumExecValue']) {
    expect([key, digits(rowOf(order), key)]).toEqual([key, digits(rowOf(filled), key)])
  }
  expect(execution['id']).toBe(order['id'])
  expect(String(execution['id'])).toMatch(/^\d+_20000_\d+$/)

  const cancelled = real('live/ws_order.ndjson', (m) => m['topic'] === 'order.linear')
  const row = rowsOf(client, 'order.linear').at(-1)
  const same = [
    ...['orderStatus', 'cancelType', 'rejectReason', 'timeInForce', 'isLeverage', 'avgPrice'],
    ...['leavesQty', 'leavesValue', 'cumExecQty', 'orderType', 'stopOrderType', 'triggerPrice'],
    ...['takeProfit', 'triggerDirection', 'slLimitPrice', 'tpslMode', 'createType', 'marketUnit'],
  ]
  for (const key of same) expect([key, row?.[key]]).toEqual([key, rowOf(cancelled)[key]])
  expect(row).toMatchObject({ price: '69000.5', qty: '0.01' })
})

test('orders of options have the keys, key order and types of the documented example', async (context) => {
  needsRecordings(context)
  const sim = await start()
  const { uid } = sim.exchange.openAccount()
  const [symbol = ''] = OPTIONS
  sim.exchange.placeOrder(uid, { category: 'option', symbol, side: 'Sell', qty: '1' })
  const [order] = sim.exchange.books(uid).orders
  const told = JSON.parse(JSON.stringify(order).replace('{"USDT":', '{"MNT":')) as Document
  expect(shape(told)).toEqual(shape(rowOf(real('docs/ws_order.ndjson'))))
})

test('signed REST replies have the keys, key order and types of recorded ones', async (context) => {
  needsRecordings(context)
  const sim = await start()
  const { uid, keys } = sim.exchange.openAccount({ balances: { USDT: '1000', BTC: '1' } })
  const resting = { symbol: 'BTCUSDT', side: 'Buy', qty: '0.001', price: '40000' } as const
  for (let count = 0; count < 2; count++) sim.exchange.placeOrder(uid, resting)
  const short = { category: 'inverse', symbol: 'BTCUSD', side: 'Sell', qty: '300' } as const
  sim.exchange.placeOrder(uid, short)
  sim.exchange.placeOrder(uid, { symbol: 'BTCUSDT', side: 'Buy', qty: '0.1' })
  const get = (path: string, query: string): Promise<Document> =>
    ask(sim, keys[0], path, query) as Promise<unknown> as Promise<Document>

  const orders = await get('/v5/order/realtime', 'category=linear&symbol=BTCUSDT')
  const [realOrders] = recorded('live/rest_orders.ndjson')
  expect(shape(orders, YOUNG.restOrder)).toEqual(shape(realOrders))
  const history = await get('/v5/order/history', 'category=linear')
  expect(shape(history, [...YOUNG.restOrder])).toEqual(shape(realOrders))
  const cursor = (reply: Document | undefined): string =>
    String(resultOf(reply)['nextPageCursor']).replace(/[0-9a-f]{4,}|\d+/g, '0')
  expect(cursor(orders).replace(/0+/g, '0')).toBe(cursor(realOrders).replace(/0+/g, '0'))

  const executions = await get('/v5/execution/list', 'category=linear')
  expect(shape(executions, YOUNG.restExecution)).toEqual(
    shape(recorded('docs/rest_execution_list.ndjson')[0]),
  )
  const positions = await get('/v5/position/list', 'category=inverse&symbol=BTCUSD')
  expect(shape(positions, ['openTime', 'netDeltaRatio'])).toEqual(
    shape(recorded('docs/rest_position_list.ndjson')[0]),
  )
  const wallet = await get('/v5/account/wallet-balance', 'accountType=UNIFIED&coin=BTC')
  expect(shape(wallet, YOUNG.wallet)).toEqual(shape(recorded('docs/rest_wallet_balance.ndjson')[0]))
  const none = await get('/v5/order/history', 'category=spot')
  expect(shape(none)).toEqual(shape(swapped(recorded('live/rest_empty_list.ndjson')[1])))
  const refused = await get('/v5/order/realtime', 'category=linear')
  expect(shape(refused)).toEqual(shape(recorded('live/rest_error.ndjson')[0]))
})

test('control frames have the keys and the key order of real ones', async (context) => {
  needsRecordings(context)
  const sim = await start()
  const [key] = sim.exchange.openAccount().keys
  if (key === undefined) throw new Error('no key')
  const shapes = ['live', 'docs']
    .flatMap((name) => recorded(`${name}/ws_control.ndjson`))
    .map((message) => shape(message))
  const client = await Client.open(sim.wsUrl, '/v5/private')
  const { req_id: _, ...auth } = authRequest(key) as Document
  for (const request of [
    ...[authRequest(key), auth, { op: 'ping' }, { req_id: 'p', op: 'ping' }],
    { op: 'subscribe', args: ['order'] },
  ]) {
    expect(shapes).toContainEqual(shape(JSON.parse(await client.ask(request))))
  }
})

/** Empty lists were recorded with their keys in the order of another version. */
function swapped(reply: Document | undefined): Document {
  const { list, nextPageCursor, category } = resultOf(reply)
  return { ...reply, result: { nextPageCursor, category, list } }
}

function resultOf(reply: Document | undefined): Document {
  return (reply?.['result'] ?? {}) as Document
}
