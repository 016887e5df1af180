import { generateKeyPairSync } from 'node:crypto'
import { expect, onTestFinished, test } from 'vitest'
import {
  type AccountInfo,
  type Simulator,
  type SimulatorOptions,
  startSimulator,
} from '../../src/index.ts'
import { Client } from '../support/client.ts'
import { ask, authRequest, hmac, openPrivate, rowsOf, rsa } from '../support/private-client.ts'
import { SteppedClock } from '../support/stepped-clock.ts'

async function start(options: SimulatorOptions = {}): Promise<Simulator> {
  const sim = await startSimulator({ seed: 1, symbols: ['BTCUSDT'], paused: true, ...options })
  onTestFinished(() => sim.stop())
  return sim
}

async function retMsg(sim: Simulator, request: object): Promise<string> {
  const client = await Client.open(sim.wsUrl, '/v5/private')
  return (JSON.parse(await client.ask(request)) as { ret_msg: string }).ret_msg
}

/** The refusal of a key by the socket, and its code in REST. */
async function refusals(sim: Simulator, { keys: [key] }: AccountInfo): Promise<unknown[]> {
  if (key === undefined) throw new Error('no key')
  const reply = await ask(sim, key, '/v5/account/wallet-balance', 'accountType=UNIFIED')
  return [await retMsg(sim, authRequest(key)), reply.retCode]
}

test('signatures of the documented vectors are accepted', async () => {
  expect(hmac('TESTSECRET000000000000000000000000000', 'GET/realtime1760000000000')).toBe(
    '8d10322bfa30f0e8fc93a94ea825857a92dd44c023568c3ae6ed0315cf4f17b5',
  )
  const sim = await start()
  const secret = 'TESTSECRET000000000000000000000000000'
  const apiKey = 'TESTKEY0000000000'
  sim.exchange.openAccount({ keys: [{ apiKey, secret }] })
  await sim.fault({ kind: 'clock-offset', offsetMs: 1_760_000_000_000 - Date.now() })
  const query = 'category=linear&cursor=132766%3A2%2C132766%3A2&limit=100'
  const headers = {
    'X-BAPI-API-KEY': apiKey,
    'X-BAPI-TIMESTAMP': '1760000000000',
    'X-BAPI-RECV-WINDOW': '5000',
    'X-BAPI-SIGN': 'c4c7dc80ab9776cd28babd4c31b93cc92bb83d4c8dddde9786eab73f3041f13b',
  }
  const url = `${sim.restUrl}/v5/execution/list`
  const good = await (await fetch(`${url}?${query}`, { headers })).json()
  expect(good).toMatchObject({ retCode: 0 })
  const other = query.replace('%3A2%2C', ':2%2C')
  expect(await (await fetch(`${url}?${other}`, { headers })).json()).toMatchObject({
    retCode: 10004,
    retMsg: `error sign! origin_string[1760000000000${apiKey}5000${other}]`,
  })
})

test('wrong, revoked, expired, bound and misspelt keys each get their own refusal', async () => {
  const sim = await start()
  const [known] = sim.exchange.openAccount().keys
  if (known === undefined) throw new Error('no key')
  expect(await retMsg(sim, authRequest(known))).toBe('')
  expect(await retMsg(sim, authRequest({ ...known, secret: 'other' }))).toBe('error sign!')
  expect(await retMsg(sim, authRequest(known, Date.now() - 1))).toBe('Params Error')
  expect(await retMsg(sim, { op: 'auth', args: [known.apiKey, 'soon', 'x'] })).toBe('Params Error')
  expect(await retMsg(sim, { op: 'subscribe', args: ['order'] })).toBe('Request not authorized')

  const revoked = sim.exchange.openAccount()
  sim.exchange.revokeKey(revoked.keys[0]?.apiKey ?? '')
  expect(await refusals(sim, revoked)).toEqual(['Invalid apikey', 10003])
  const expired = sim.exchange.openAccount({ keys: [{ expiresAt: Date.now() - 1 }] })
  expect(await refusals(sim, expired)).toEqual(['Your api key has expired.', 33004])
  const bound = sim.exchange.openAccount({ keys: [{ ips: ['10.0.0.1'] }] })
  expect(await refusals(sim, bound)).toEqual([expect.stringContaining('Unmatched IP'), 10010])
  const here = sim.exchange.openAccount({ keys: [{ ips: ['10.0.0.1', '127.0.0.1'] }] })
  expect(await refusals(sim, here)).toEqual(['', 0])
})

test('a key without permissions authenticates, and can read only itself', async () => {
  const sim = await start()
  const [none] = sim.exchange.openAccount({ keys: [{ permissions: {} }] }).keys
  const [spot] = sim.exchange.openAccount({ keys: [{ permissions: { Spot: ['SpotTrade'] } }] }).keys
  const refusal = (topic: string): string => `refused: .*error:permission denied,topic:${topic}`
  for (const topic of ['execution', 'order.linear', 'wallet']) {
    await expect(openPrivate(sim, none, topic)).rejects.toThrow(new RegExp(refusal(topic)))
  }
  await expect(openPrivate(sim, spot, 'order.linear')).rejects.toThrow(/permission denied/)
  await openPrivate(sim, spot, 'order.spot')
  const codes = async (key: typeof none): Promise<number[]> => [
    (await ask(sim, key, '/v5/execution/list', 'category=linear')).retCode,
    (await ask(sim, key, '/v5/execution/list', 'category=spot')).retCode,
    (await ask(sim, key, '/v5/account/wallet-balance', 'accountType=UNIFIED')).retCode,
    (await ask(sim, key, '/v5/user/query-api')).retCode,
  ]
  expect(await codes(none)).toEqual([10005, 10005, 10005, 0])
  expect(await codes(spot)).toEqual([10005, 0, 10005, 0])
})

test('an RSA key can sign on the socket and in REST', async () => {
  const sim = await start()
  const pem = { type: 'pkcs8', format: 'pem' } as const
  const { publicKey, privateKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: pem,
  })
  const [key] = sim.exchange.openAccount({ keys: [{ rsaPublicKey: publicKey }] }).keys
  if (key === undefined) throw new Error('no key')
  const expires = Date.now() + 10_000
  const args = (signature: string): unknown[] => [key.apiKey, expires, signature]
  const text = `GET/realtime${expires}`
  expect(await retMsg(sim, { op: 'auth', args: args(rsa(privateKey, text)) })).toBe('')
  expect(await retMsg(sim, { op: 'auth', args: args(hmac('', text)) })).toBe('error sign!')
  const path = '/v5/account/info'
  const reply = await ask(sim, key, path, '', { sign: (payload) => rsa(privateKey, payload) })
  expect(reply.retCode).toBe(0)
  expect((await ask(sim, key, path)).retCode).toBe(10004)
})

test('REST accepts a timestamp within the window before the exchange’s clock, and one second after', async () => {
  const sim = await start()
  const [key] = sim.exchange.openAccount().keys
  await sim.fault({ kind: 'clock-offset', offsetMs: 300_000 })
  const server = Date.now() + 300_000
  const code = async (timestamp: number, recvWindow = 5000): Promise<number> =>
    (await ask(sim, key, '/v5/account/info', '', { timestamp, recvWindow })).retCode
  expect(await code(Date.now())).toBe(10002)
  expect(await code(server)).toBe(0)
  expect(await code(server - 20_000)).toBe(10002)
  expect(await code(server - 20_000, 60_000)).toBe(0)
  expect(await code(server + 20_000, 60_000)).toBe(10002)
  const late = await ask(sim, key, '/v5/account/info', '', { timestamp: 1_700_000_000_000 })
  expect(late.retMsg).toMatch(
    /req_timestamp\[1700000000000\],server_timestamp\[\d{13}\],recv_window\[5000\]$/,
  )
  expect(await retMsg(sim, authRequest(key ?? { apiKey: '', secret: '' }))).toBe('Params Error')
})

test('the connection of a revoked key stays open, or is closed with the rule closeRevoked', async () => {
  for (const closeRevoked of [false, true]) {
    const sim = await start({ rules: { closeRevoked } })
    const { uid, keys } = sim.exchange.openAccount()
    const client = await openPrivate(sim, keys[0], 'wallet')
    sim.exchange.revokeKey(keys[0]?.apiKey ?? '')
    if (closeRevoked) expect(await client.closed).toBe(1000)
    else {
      sim.exchange.transfer(uid, 'USDT', '1')
      await client.until(() => rowsOf(client, 'wallet').length === 1)
    }
  }
})

test('faults refuse, delay or do not answer an authentication', async () => {
  const sim = await start()
  const one = sim.exchange.openAccount()
  const other = sim.exchange.openAccount()
  await sim.fault({ kind: 'auth', how: 'refuse', retMsg: 'Invalid apikey', uid: one.uid })
  await openPrivate(sim, other.keys[0], 'order')
  await expect(openPrivate(sim, one.keys[0])).rejects.toThrow(/Invalid apikey/)
  await openPrivate(sim, one.keys[0], 'order')

  await sim.fault({ kind: 'auth', how: 'late', delayMs: 50 })
  const late = await Client.open(sim.wsUrl, '/v5/private')
  late.ws.send(JSON.stringify(authRequest(one.keys[0] ?? { apiKey: '', secret: '' })))
  expect(await late.subscribe('order')).toContain('Request not authorized')
  await late.until(() => late.control.length === 2)
  expect(late.control[1]).toContain('"op":"auth"')
  expect(await late.subscribe('order')).toContain('"success":true')

  await sim.fault({ kind: 'auth', how: 'drop' })
  const dropped = await Client.open(sim.wsUrl, '/v5/private')
  dropped.ws.send(JSON.stringify(authRequest(one.keys[0] ?? { apiKey: '', secret: '' })))
  expect(await dropped.subscribe('order')).toContain('"success":true')
})

test('the rule maxSessions limits the connections of an account', async () => {
  const sim = await start({ rules: { maxSessions: 1 } })
  const [one, other] = [0, 1].map(() => sim.exchange.openAccount().keys[0])
  const first = await openPrivate(sim, one)
  await openPrivate(sim, other)
  await expect(openPrivate(sim, one)).rejects.toThrow('too many sessions')
  first.ws.terminate()
  await first.closed
  await expect.poll(() => sim.connections()[0]?.open).toBe(false)
  await openPrivate(sim, one)
})

test('a connection is dropped after the idle time that it asked for', async () => {
  const clock = new SteppedClock()
  const sim = await start({ clock })
  const [asking, other] = await Promise.all(
    ['?max_active_time=1m', '?max_active_time=5s'].map((query) =>
      Client.open(sim.wsUrl, `/v5/private${query}`),
    ),
  )
  clock.advance(59_000)
  expect(sim.connections().map(({ open }) => open)).toEqual([true, true])
  clock.advance(1000)
  expect(await asking?.closed).toBe(1006)
  expect(JSON.parse((await other?.ask({ op: 'ping' })) ?? '')).toMatchObject({ op: 'pong' })
})

test('the private socket has its own control frames and topics', async () => {
  const sim = await start()
  const { uid, keys } = sim.exchange.openAccount()
  const client = await openPrivate(sim, keys[0])
  const reply = async (request: object): Promise<object> =>
    JSON.parse(await client.ask(request)) as object
  expect(Object.keys(await reply({ req_id: 'p', op: 'ping' }))).toEqual([
    ...['req_id', 'op', 'args', 'conn_id'],
  ])
  expect(Object.keys(await reply({ op: 'ping' }))).toEqual(['op', 'args', 'conn_id'])
  const refused = { success: false, ret_msg: 'error:handler not found,topic:publicTrade.BTCUSDT' }
  expect(await reply({ op: 'subscribe', args: ['order', 'publicTrade.BTCUSDT'] })).toMatchObject(
    refused,
  )
  expect(await reply({ op: 'subscribe', args: ['order', 'order.linear'] })).toMatchObject({
    success: false,
  })
  const all = ['execution', 'order.linear', 'order.spot', 'position.inverse', 'wallet', 'greeks']
  const ack = await reply({ req_id: 's', op: 'subscribe', args: all })
  expect(ack).toMatchObject({ req_id: 's', success: true, ret_msg: '', op: 'subscribe' })
  expect(sim.connections()[0]).toMatchObject({ category: 'private', uid, topics: all })
  expect(await reply({ op: 'subscribe', args: ['wallet'] })).toMatchObject({
    ret_msg: 'error:already subscribed,topic:wallet',
  })
})
