import { expect, onTestFinished, test } from 'vitest'
import {
  type ApiKey,
  type Simulator,
  type SimulatorOptions,
  startSimulator,
} from '../../src/index.ts'
import { ask, askAll, openPrivate, type Reply, rowsOf, signed } from '../support/private-client.ts'
import type { Document } from '../support/recordings.ts'
import { SteppedClock } from '../support/stepped-clock.ts'

const BUY = { symbol: 'BTCUSDT', side: 'Buy', qty: '0.01' } as const
const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

interface Rig {
  readonly sim: Simulator
  readonly uid: string
  readonly key: ApiKey
  readonly clock: SteppedClock
  readonly get: (path: string, query?: string) => Promise<Reply>
  readonly all: (path: string, query: string) => Promise<Document[]>
}

async function start(options: SimulatorOptions = {}): Promise<Rig> {
  const clock = new SteppedClock()
  const settings = { symbols: ['BTCUSDT', 'ETHUSDT'], paused: true, clock }
  const sim = await startSimulator({ ...settings, ...options })
  onTestFinished(() => sim.stop())
  const { uid, keys } = sim.exchange.openAccount()
  const [key] = keys
  if (key === undefined) throw new Error('no key')
  // Each request comes a little later than the one before, so that none meets a limit.
  const options_ = (): { timestamp: number } => {
    clock.advance(100)
    return { timestamp: clock.nowUs() / 1000 }
  }
  return {
    sim,
    uid,
    key,
    clock,
    get: (path, query = '') => ask(sim, key, `/v5/${path}`, query, options_()),
    all: (path, query) => askAll(sim, key, `/v5/${path}`, query, options_()),
  }
}

const idsOf = (rows: readonly Document[] | undefined, key: string): unknown[] =>
  (rows ?? []).map((row) => row[key])

test('cursors page through all executions, even when new ones arrive meanwhile', async () => {
  const { sim, uid, clock, get } = await start()
  const expected: string[] = []
  for (let count = 0; count < 25; count++) {
    sim.exchange.placeOrder(uid, { ...BUY, parts: 2 })
    if (count % 3 === 0) clock.advance(1)
  }
  expected.push(...sim.exchange.books(uid).executions.map((row) => String(row['execId'])))
  const found: unknown[] = []
  const query = 'category=linear&limit=7'
  let { result } = await get('execution/list', query)
  let pages = 0
  while (result.list !== undefined && result.list.length > 0) {
    found.push(...idsOf(result.list, 'execId'))
    pages++
    expect(result.nextPageCursor).toMatch(/^[\w-]+%3A\d{13}%2C[\w-]+%3A\d{13}$/)
    if (pages === 2) sim.exchange.placeOrder(uid, BUY)
    const next: Reply = await get('execution/list', `${query}&cursor=${result.nextPageCursor}`)
    result = next.result
  }
  expect(result).toMatchObject({ list: [], nextPageCursor: '' })
  expect(pages).toBe(8)
  expect(found.toSorted()).toEqual(expected.toSorted())
})

test('executions are listed newest first, and out of order within a millisecond', async () => {
  const { sim, uid, clock, get } = await start()
  for (let count = 0; count < 5; count++) {
    sim.exchange.placeOrder(uid, { ...BUY, parts: 3 })
    clock.advance(10)
  }
  const { result } = await get('execution/list', 'category=linear&limit=100')
  const times = idsOf(result.list, 'execTime').map(Number)
  expect(times).toEqual(times.toSorted((a, b) => b - a))
  const told = idsOf(sim.exchange.books(uid).executions as Document[], 'execId')
  const ids = idsOf(result.list, 'execId')
  expect(ids).not.toEqual(told.toReversed())
  expect(ids.toSorted()).toEqual(told.toSorted())
})

test('windows span at most seven days, and missing ends are filled in', async () => {
  const { sim, uid, clock, get } = await start({ rules: { idleCloseMs: null } })
  const times: number[] = []
  for (let day = 0; day < 20; day++) {
    times.push(clock.nowUs() / 1000)
    sim.exchange.placeOrder(uid, BUY)
    clock.jump(DAY_MS)
  }
  const [first = 0] = times
  const found = async (range: string): Promise<number[]> => {
    const reply = await get('execution/list', `category=linear&limit=100${range}`)
    return idsOf(reply.result.list, 'execTime').map((time) => times.indexOf(Number(time)))
  }
  expect(await found('')).toEqual([19, 18, 17, 16, 15, 14])
  expect(await found(`&startTime=${first}`)).toEqual([7, 6, 5, 4, 3, 2, 1, 0])
  expect(await found(`&endTime=${times[9]}`)).toEqual([9, 8, 7, 6, 5, 4, 3, 2])
  expect(await found(`&startTime=${times[3]}&endTime=${times[5]}`)).toEqual([5, 4, 3])
  const code = async (range: string): Promise<number> =>
    (await get('execution/list', `category=linear${range}`)).retCode
  expect(await code(`&startTime=${first}&endTime=${first + 7 * DAY_MS}`)).toBe(0)
  expect(await code(`&startTime=${first}&endTime=${first + 7 * DAY_MS + 1}`)).toBe(181010)
  expect(await code(`&startTime=${first}&endTime=${first - 1}`)).toBe(181009)
  expect(await code('&startTime=soon')).toBe(181006)
  expect(await code(`&startTime=${first - 800 * DAY_MS}`)).toBe(181019)
  expect((await get('account/transaction-log')).result.list).toHaveLength(0)
  expect((await get('account/transaction-log', `endTime=${times[9]}`)).result.list).toHaveLength(2)
})

test('executions and orders are found by order, link, symbol, coin and kind', async () => {
  const { sim, uid, get } = await start()
  const orderId = sim.exchange.placeOrder(uid, { ...BUY, orderLinkId: 'mine' })
  sim.exchange.placeOrder(uid, { symbol: 'ETHUSDT', side: 'Buy', qty: '1' })
  sim.exchange.payFunding({ symbol: 'BTCUSDT', rate: '0.0001' })
  const count = async (path: string, query: string): Promise<number | undefined> =>
    (await get(path, `category=linear&${query}`)).result.list?.length
  const other = 'symbol=ETHUSDT&startTime=0&execType=Funding'
  expect(await count('execution/list', `orderId=${orderId}&${other}`)).toBe(1)
  expect(await count('execution/list', 'orderLinkId=mine')).toBe(1)
  expect(await count('execution/list', 'symbol=BTCUSDT')).toBe(2)
  expect(await count('execution/list', 'execType=Funding')).toBe(1)
  expect(await count('execution/list', 'baseCoin=ETH')).toBe(1)
  expect(await count('execution/list', 'settleCoin=USDC')).toBe(0)
  expect(await count('order/history', 'orderLinkId=mine')).toBe(1)
  expect(await count('order/realtime', `orderId=${orderId}`)).toBe(1)
  expect((await get('order/history', 'category=linear&orderStatus=New')).retCode).toBe(181017)
  expect((await get('order/realtime', 'category=linear')).retCode).toBe(10001)
  expect((await get('position/list', 'category=linear')).retCode).toBe(10001)
  expect((await get('position/list', 'category=spot&symbol=BTCUSDT')).retCode).toBe(10001)
  expect((await get('account/wallet-balance', 'accountType=FUND')).retCode).toBe(10001)
  expect((await get('execution/list', 'category=linear&symbol=NOPE')).retCode).toBe(10001)
})

test('open and closed orders are listed; those without a fill are forgotten after a day', async () => {
  const { sim, uid, clock, get, all } = await start({ rules: { idleCloseMs: null } })
  const ids = Array.from({ length: 5 }, () => {
    clock.advance(1)
    return sim.exchange.placeOrder(uid, { ...BUY, price: '90000' })
  })
  const [cancelled = '', filled = '', partly = ''] = ids
  sim.exchange.cancelOrder(uid, cancelled)
  sim.exchange.fillOrder(uid, filled)
  sim.exchange.fillOrder(uid, partly, { qty: '0.001' })
  sim.exchange.cancelOrder(uid, partly)
  const own = 'category=linear&symbol=BTCUSDT&limit=2'
  const found = async (path: string, query = ''): Promise<unknown[]> =>
    idsOf(await all(path, own + query), 'orderId')
  const open = [ids[4], ids[3]]
  const closed = [partly, filled, cancelled]
  expect(await found('order/realtime')).toEqual(open)
  expect(await found('order/realtime', '&openOnly=1')).toEqual(closed)
  expect(await found('order/history')).toEqual(closed)
  expect(await found('order/history', '&orderStatus=Cancelled')).toEqual([partly, cancelled])
  clock.jump(DAY_MS)
  expect(await found('order/history')).toEqual([partly, filled])
  expect((await get('order/history', `category=linear&orderId=${cancelled}`)).result.list).toEqual(
    [],
  )
  expect(await found('order/realtime')).toEqual(open)
})

test('positions by symbol include flat legs, positions by coin only open ones', async () => {
  const { sim } = await start()
  const hedge = sim.exchange.openAccount({ positionMode: 'hedge' })
  const of = async (query: string): Promise<unknown[]> => {
    const options = { timestamp: 1_760_000_000_000 }
    const reply = await ask(sim, hedge.keys[0], '/v5/position/list', query, options)
    return (reply.result.list ?? []).map((row) => [row['symbol'], row['positionIdx'], row['size']])
  }
  sim.exchange.placeOrder(hedge.uid, BUY)
  sim.exchange.placeOrder(hedge.uid, { ...BUY, symbol: 'ETHUSDT', side: 'Sell', qty: '1' })
  expect(await of('category=linear&symbol=BTCUSDT')).toEqual([
    ['BTCUSDT', 1, '0.01'],
    ['BTCUSDT', 2, '0'],
  ])
  expect(await of('category=linear&settleCoin=USDT')).toEqual([
    ['BTCUSDT', 1, '0.01'],
    ['ETHUSDT', 2, '1'],
  ])
  expect(await of('category=linear&settleCoin=USDC')).toEqual([])
})

test('the rule historyLagMs lets REST lag behind the sockets', async () => {
  const { sim, uid, clock, get } = await start({ rules: { historyLagMs: 5000 } })
  sim.exchange.placeOrder(uid, BUY)
  const counts = async (): Promise<unknown[]> =>
    Promise.all(
      ['execution/list', 'order/history'].map(
        async (path) => (await get(path, 'category=linear')).result.list?.length,
      ),
    )
  expect(await counts()).toEqual([0, 0])
  clock.advance(5000)
  expect(await counts()).toEqual([1, 1])
})

test('each account has its own limit of an endpoint, shown in the headers', async () => {
  const { sim, key } = await start()
  const other = sim.exchange.openAccount().keys[0]
  const path = '/v5/user/query-api'
  const fetchOnce = (of: ApiKey | undefined): Promise<Response> =>
    fetch(`${sim.restUrl}${path}`, {
      headers: signed(of ?? { apiKey: '', secret: '' }, '', { timestamp: 1_760_000_000_000 }),
    })
  const left: unknown[] = []
  for (let count = 0; count < 10; count++) {
    const response = await fetchOnce(key)
    expect(response.headers.get('x-bapi-limit')).toBe('10')
    left.push(response.headers.get('x-bapi-limit-status'))
  }
  expect(left).toEqual(['9', '8', '7', '6', '5', '4', '3', '2', '1', '0'])
  const refused = await fetchOnce(key)
  expect(refused.headers.get('x-bapi-limit-reset-timestamp')).toBe('1760000001000')
  expect(await refused.json()).toMatchObject({ retCode: 10006 })
  expect(await (await fetchOnce(other)).json()).toMatchObject({ retCode: 0 })
  expect(sim.restStats().endpoints).toMatchObject([{ path, requests: 12, highest: 11, limit: 10 }])
})

test('requests without a signature or with a body are refused with an HTTP status', async () => {
  const { sim, key } = await start()
  const url = `${sim.restUrl}/v5/account/info`
  expect((await fetch(url)).status).toBe(401)
  expect((await fetch(url, { method: 'POST', body: '{}' })).status).toBe(404)
  const headers = signed(key, '', { timestamp: 1_760_000_000_000 })
  const status = await new Promise((resolve, reject) => {
    void import('node:http').then(({ request }) => {
      const sent = request(url, { method: 'GET', headers: { ...headers, 'content-length': '2' } })
      sent.on('response', (response) => resolve(response.statusCode)).on('error', reject)
      sent.end('{}')
    })
  })
  expect(status).toBe(403)
})

test('faults of REST also hit signed endpoints', async () => {
  const { sim, uid, key, get } = await start()
  sim.exchange.placeOrder(uid, { ...BUY, parts: 3 })
  const path = '/v5/execution/list'
  const query = 'category=linear&limit=1'
  const first = await get('execution/list', query)
  const again = `${query}&cursor=${first.result.nextPageCursor}`
  await sim.fault({ kind: 'rest', how: 'repeat-cursor', path })
  const looped = await get('execution/list', again)
  expect(looped.result.nextPageCursor).toBe(first.result.nextPageCursor)
  await sim.fault({ kind: 'rest', how: 'empty-page', path })
  const empty = await get('execution/list', again)
  expect(empty.result.list).toEqual([])
  expect(empty.result.nextPageCursor).not.toBe('')
  await sim.fault({ kind: 'rest', how: 'limited', path })
  expect((await get('execution/list', query)).retCode).toBe(10006)
  const raw = async (): Promise<Response> => {
    const headers = signed(key, query, { timestamp: 1_760_000_000_000, recvWindow: 60_000 })
    return fetch(`${sim.restUrl}${path}?${query}`, { headers })
  }
  await sim.fault({ kind: 'rest', how: 'html', path })
  expect(await (await raw()).text()).toContain('<html>')
  await sim.fault({ kind: 'rest', how: '502', path })
  expect((await raw()).status).toBe(502)
  await sim.fault({ kind: 'rest', how: 'reset', path })
  await expect(raw().then((response) => response.text())).rejects.toThrow()
  expect((await get('execution/list', query)).retCode).toBe(0)
})

test('socket faults hit the connections of one account, and REST still has what they lost', async () => {
  const { sim, uid, key, all } = await start()
  const other = sim.exchange.openAccount()
  const client = await openPrivate(sim, key, 'execution')
  const untouched = await openPrivate(sim, other.keys[0], 'execution')
  const trade = (): void => {
    for (const account of [uid, other.uid]) sim.exchange.placeOrder(account, BUY)
  }
  await sim.fault({ kind: 'drop-frame', topic: 'execution', uid })
  trade()
  await sim.fault({ kind: 'duplicate', uid })
  trade()
  await client.until(() => rowsOf(client, 'execution').length === 2)
  expect(new Set(idsOf(rowsOf(client, 'execution'), 'execId')).size).toBe(1)
  await sim.fault({ kind: 'half-open', uid })
  trade()
  await untouched.until(() => rowsOf(untouched, 'execution').length === 3)
  expect(rowsOf(client, 'execution')).toHaveLength(2)
  const report = await sim.fault({ kind: 'close', lossy: true, uid })
  expect(report.connections).toEqual([])
  const found = await all('/execution/list'.slice(1), 'category=linear')
  expect(idsOf(found, 'execId').toSorted()).toEqual(
    idsOf(sim.exchange.books(uid).executions as Document[], 'execId').toSorted(),
  )
  expect(sim.exchange.messages(uid).filter(({ kind }) => kind === 'execution')).toMatchObject([
    { sentTo: [] },
    { sentTo: [1, 1] },
    { sentTo: [] },
  ])
})

test('three hundred accounts stay connected, and each gets only its own messages', async () => {
  const { sim } = await start()
  const accounts = Array.from({ length: 300 }, () => sim.exchange.openAccount())
  const clients = await Promise.all(
    accounts.map(({ keys }) => openPrivate(sim, keys[0], 'execution', 'wallet')),
  )
  expect(sim.connections().filter(({ open, uid }) => open && uid !== null)).toHaveLength(300)
  for (const { uid } of accounts) sim.exchange.placeOrder(uid, BUY)
  await Promise.all(clients.map((client) => client.until(() => client.texts.length >= 4)))
  for (const [at, client] of clients.entries()) {
    expect(rowsOf(client, 'execution')).toEqual(
      sim.exchange.books(accounts[at]?.uid ?? '').executions,
    )
  }
})
