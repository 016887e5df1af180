import { DefaultLogger, RestClientV5, WebsocketClient } from 'bybit-api'
import { expect, onTestFinished, test } from 'vitest'
import { type ApiKey, type Simulator, startSimulator } from '../../src/index.ts'

const TOPICS = ['execution', 'order', 'position', 'wallet', 'execution.fast']

const silent: typeof DefaultLogger = {
  ...DefaultLogger,
  trace: () => {},
  info: () => {},
  error: () => {},
}

async function start(): Promise<{ sim: Simulator; uid: string; key: ApiKey }> {
  const sim = await startSimulator({
    symbols: ['BTCUSDT', 'ETHUSDT'],
    inverse: ['BTCUSD'],
    spot: ['BTCUSDT'],
  })
  onTestFinished(() => sim.stop())
  const { uid, keys } = sim.exchange.openAccount({ balances: { USDT: '100000', BTC: '1' } })
  const [key] = keys
  if (key === undefined) throw new Error('no key')
  return { sim, uid, key }
}

function socket(sim: Simulator, { apiKey, secret }: { apiKey: string; secret: string }) {
  const wsUrl = `${sim.wsUrl}/v5/private`
  return new WebsocketClient({ key: apiKey, secret, wsUrl, reconnectTimeout: 50 }, silent)
}

test('bybit-api authenticates and receives every private topic, also after a lost connection', async () => {
  const { sim, uid, key } = await start()
  const client = socket(sim, key)
  const rows = new Map<string, unknown[]>()
  const exceptions: unknown[] = []
  client.on('exception', (exception) => exceptions.push(exception))
  let wake = (): void => {}
  client.on('update', ({ topic, data }) => {
    rows.set(topic, [...(rows.get(topic) ?? []), ...(data as unknown[])])
    wake()
  })
  const told = async (): Promise<void> => {
    while (!TOPICS.every((topic) => rows.has(topic))) {
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    }
  }
  const subscribed = (): Promise<void> =>
    new Promise((resolve) => {
      // The client's own promise resolves before it is authenticated.
      client.on('response', ({ op }) => {
        if (op === 'subscribe') resolve()
      })
    })
  let ready = subscribed()
  client.subscribeV5(TOPICS, 'linear')
  await ready
  const orderId = sim.exchange.placeOrder(uid, { symbol: 'BTCUSDT', side: 'Buy', qty: '0.01' })
  await told()
  expect(rows.get('execution')).toEqual(sim.exchange.books(uid).executions)
  expect(rows.get('order')?.at(-1)).toMatchObject({ orderId, orderStatus: 'Filled' })

  ready = subscribed()
  await sim.fault({ kind: 'close', abrupt: true, uid })
  await ready
  rows.clear()
  sim.exchange.placeOrder(uid, { symbol: 'ETHUSDT', side: 'Sell', qty: '0.5' })
  await told()
  expect(rows.get('execution')).toHaveLength(1)
  client.closeAll(true)
  expect(exceptions).toEqual([])
})

test('bybit-api reports a wrong secret', async () => {
  const { sim, key } = await start()
  const client = socket(sim, { ...key, secret: 'another' })
  const refused = new Promise((resolve) => client.once('exception', resolve))
  client.subscribeV5('order', 'linear').forEach((request) => {
    request.catch(() => {})
  })
  expect(JSON.stringify(await refused)).toContain('error sign!')
  client.closeAll(true)
})

test('bybit-api pages executions and reads every endpoint of an account', async () => {
  const { sim, uid, key } = await start()
  for (let count = 0; count < 120; count++) {
    sim.exchange.placeOrder(uid, { symbol: 'BTCUSDT', side: 'Buy', qty: '0.001' })
  }
  sim.exchange.placeOrder(uid, { symbol: 'BTCUSDT', side: 'Sell', qty: '0.1', reduceOnly: true })
  sim.exchange.placeOrder(uid, { category: 'spot', symbol: 'BTCUSDT', side: 'Buy', qty: '0.01' })
  sim.exchange.placeOrder(uid, { category: 'inverse', symbol: 'BTCUSD', side: 'Buy', qty: '100' })
  const resting = { symbol: 'BTCUSDT', side: 'Buy', qty: '0.001', price: '90000' } as const
  sim.exchange.placeOrder(uid, resting)
  const client = new RestClientV5({
    key: key.apiKey,
    secret: key.secret,
    baseUrl: sim.restUrl,
    throwExceptions: true,
  })
  const found: string[] = []
  for (let cursor: string | undefined; ; ) {
    const { result } = await client.getExecutionList({
      category: 'linear',
      limit: 50,
      // The client encodes what it is given: the cursor as it came would be encoded twice.
      ...(cursor === undefined ? {} : { cursor: decodeURIComponent(cursor) }),
    })
    found.push(...result.list.map(({ execId }) => execId))
    cursor = result.nextPageCursor
    if (result.list.length === 0) break
  }
  const linear = sim.exchange.books(uid).executions.filter((row) => row['category'] === 'linear')
  expect(found.sort()).toEqual(linear.map((row) => row['execId']).sort())

  const symbol = 'BTCUSDT'
  expect((await client.getActiveOrders({ category: 'linear', symbol })).result.list).toHaveLength(1)
  const history = await client.getHistoricOrders({ category: 'linear', symbol, limit: 50 })
  expect(history.result.list).toHaveLength(50)
  const [position] = (await client.getPositionInfo({ category: 'linear', symbol })).result.list
  expect(position).toMatchObject({ side: 'Buy', size: '0.02' })
  const closed = await client.getClosedPnL({ category: 'linear', symbol })
  expect(closed.result.list).toMatchObject([{ closedSize: '0.1', side: 'Sell' }])
  const wallet = await client.getWalletBalance({ accountType: 'UNIFIED' })
  expect(wallet.result.list[0]?.coin.map(({ coin }) => coin)).toEqual(['USDT', 'BTC'])
  const log = await client.getTransactionLog({ accountType: 'UNIFIED', limit: 50 })
  expect(log.result.list).toHaveLength(50)
  expect((await client.getAccountInfo()).result.unifiedMarginStatus).toBe(6)
  const info = await client.getQueryApiKey()
  expect(info.result).toMatchObject({ apiKey: key.apiKey, readOnly: 1, ips: ['*'], secret: '' })
})
