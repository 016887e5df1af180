import { createHmac } from 'node:crypto'
import { inspect } from 'node:util'
import { expect, test } from 'vitest'
import { BybitPrivateStream, type PrivateStreamOptions } from '../../src/index.ts'
import { account, allow, reply } from '../support/private-hand.ts'
import { ACCOUNT_ID, API_KEY, CREDENTIALS, SECRET } from '../support/signed-hand.ts'
import { until } from '../support/until.ts'

const PAD_MS = 5_000

const EXECUTION = {
  category: 'linear',
  symbol: 'BTCUSDT',
  execId: 'e-1',
  execPrice: '100000.10',
  execQty: '0.003',
  execTime: '1760000000101',
  execType: 'Trade',
  orderId: 'o-1',
  side: 'Buy',
  seq: 190_000_000_001,
}

function message(topic: string, ...data: readonly object[]): string {
  return JSON.stringify({ id: '1', topic, creationTime: 1_760_000_000_110, data })
}

test.each([0, 300_000, -300_000])(
  'with our clock off by %d ms, its login is valid for ten seconds, and it subscribes after the answer',
  async (skewMs) => {
    const { server, watched } = await account()
    watched.rest.skewMs = skewMs
    const held: (() => void)[] = []
    server.answer = (request, socket) => {
      if (request.op === 'auth') held.push(() => allow(request, socket))
      else allow(request, socket)
    }
    const started = watched.stream.start()
    await until('the login', () => held.length === 1)
    const [login] = server.asked('auth')
    const [apiKey, expires, signature] = login?.args ?? []
    expect(apiKey).toBe(API_KEY)
    expect(Number(expires)).toBe(watched.clock.nowMs + skewMs + 10_000)
    const payload = `GET/realtime${expires}`
    expect(signature).toBe(createHmac('sha256', SECRET).update(payload).digest('hex'))
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(server.asked('subscribe')).toEqual([])
    held[0]?.()
    await started
    expect(server.asked('subscribe').map(({ args }) => args)).toEqual([
      ['execution', 'order', 'position', 'wallet'],
    ])
    expect(watched.all('authenticated')).toMatchObject([{ clockOffsetMs: skewMs }])
    expect(watched.stream.keyRefusal).toBeNull()
  },
)

test('a frame is given out raw, then normalized, then event by event', async () => {
  const { server, watched } = await account()
  const order: string[] = []
  for (const name of ['frame', 'normalized', 'execution', 'deadLetter'] as const) {
    watched.stream.on(name, () => order.push(name))
  }
  await watched.stream.start()
  const text = message('execution', EXECUTION, { ...EXECUTION, execId: '' })
  server.socket.send(text)
  await until('it is read', () => watched.normalized.length === 1)
  expect(order).toEqual(['frame', 'normalized', 'execution', 'deadLetter'])
  const [frame] = watched.frames
  expect(Buffer.from(frame?.bytes ?? []).toString()).toBe(text)
  expect(frame).toMatchObject({ accountId: ACCOUNT_ID, connection: 1, index: 0 })
  expect(watched.normalized[0]).toMatchObject({
    frame: { index: 0 },
    events: [
      { channel: 'execution', accountId: ACCOUNT_ID, execId: 'e-1', execPrice: '100000.10' },
    ],
    deadLetters: [{ accountId: ACCOUNT_ID, channel: 'execution', field: 'execId' }],
    discarded: [],
  })
  server.socket.send('{"op":"noise","success":true}')
  server.socket.send(Buffer.from(text))
  await until('the noise is told', () => watched.normalized.length === 3)
  expect(watched.normalized[1]?.discarded).toMatchObject([{ reason: 'unknown_control' }])
  expect(watched.normalized[2]?.deadLetters).toMatchObject([{ code: 'FRAME_NOT_JSON' }])
  expect(watched.frames.map(({ index }) => index)).toEqual([0, 1, 2])
})

test('a frame beyond the limit is a dead letter and costs the connection', async () => {
  const { server, watched } = await account({ maxPayloadBytes: 1_000 })
  await watched.stream.start()
  server.socket.send(message('execution', { ...EXECUTION, note: 'x'.repeat(2_000) }))
  await watched.told('closed')
  expect(watched.normalized[0]?.deadLetters).toMatchObject([{ code: 'FRAME_TOO_LARGE' }])
})

test('a connection that answers no ping is cut, and the gap begins before its last frame', async () => {
  const { server, watched } = await account()
  await watched.stream.start()
  const lastMs = watched.clock.nowMs
  server.answer = () => {}
  watched.clock.advance(31_000)
  await watched.told('closed')
  server.answer = allow
  watched.clock.advance(500)
  await watched.told('live', 8)
  watched.clock.advance(PAD_MS)
  expect(watched.all('gap')).toHaveLength(4)
  for (const { gap } of watched.all('gap')) {
    expect(gap).toMatchObject({ startTs: lastMs - PAD_MS, reason: 'stale' })
  }
})

test('an unanswered login is given up, and another is sent on a new socket', async () => {
  const { server, watched } = await account()
  let logins = 0
  server.answer = (request, socket) => {
    if (request.op !== 'auth' || ++logins > 1) allow(request, socket)
  }
  const started = watched.stream.start()
  await until('the first login', () => logins === 1)
  watched.clock.advance(10_000)
  await watched.told('closed')
  watched.clock.advance(500)
  await started
  expect(logins).toBe(2)
  expect(watched.all('key_refused')).toEqual([])
})

test('a subscription refused because of one channel costs no other channel', async () => {
  const { server, watched } = await account()
  server.answer = (request, socket) => {
    const { op, req_id, args = [] } = request
    if (op === 'subscribe' && args.includes('wallet')) {
      socket.send(reply(op, req_id, 'error:handler not found,topic:wallet'))
    } else {
      allow(request, socket)
    }
  }
  await watched.stream.start()
  expect(watched.all('refused')).toMatchObject([{ topic: 'wallet', code: 'REFUSED' }])
  const live = watched.stream.topics().filter(({ state }) => state === 'live')
  expect(live.map(({ channel }) => channel)).toEqual(['execution', 'order', 'position'])
  expect(watched.stream.keyRefusal).toBeNull()
})

test('nothing that the stream shows contains the secret, the key or a signature', async () => {
  const { server, watched } = await account()
  let login: readonly string[] = []
  server.answer = ({ op, req_id, args = [] }, socket) => {
    if (op === 'auth') login = args
    // A server that repeats what it received.
    socket.send(reply(op, req_id, `Params Error: ${args.join()}`))
    socket.send(JSON.stringify({ op: 'noise', success: false, ret_msg: args.join() }))
  }
  const started = watched.stream.start()
  await watched.told('closed')
  watched.clock.advance(500)
  await watched.told('key_refused')
  const shown = inspect([watched.stream, watched.statuses], { showHidden: true, depth: null })
  for (const part of [SECRET, API_KEY, login[2] ?? '']) {
    expect(part).not.toBe('')
    expect(shown).not.toContain(part)
  }
  await watched.stream.close()
  await expect(started).rejects.toMatchObject({ code: 'ABORTED' })
})

test.each<[option: string, wrong: Partial<PrivateStreamOptions>]>([
  ['accountId', { accountId: 'me' }],
  ['channels', { channels: [] }],
  ['channels', { channels: ['dcp' as 'order'] }],
  ['credentials.secret', { credentials: { apiKey: 'k', secret: ' ' } }],
  ['environment', { environment: 'moon' as 'mainnet' }],
  ['restUrl', { wsUrl: 'ws://127.0.0.1:1' }],
  ['wsUrl', { restUrl: 'http://127.0.0.1:1' }],
  ['wsUrl', { wsUrl: 'http://127.0.0.1:1', restUrl: 'http://127.0.0.1:1' }],
])('a wrong option is named: %s', (option, wrong) => {
  const right = { accountId: ACCOUNT_ID, credentials: CREDENTIALS }
  expect(() => new BybitPrivateStream({ ...right, ...wrong })).toThrowError(
    expect.objectContaining({ code: 'INVALID_OPTION', option }),
  )
})

test.each(['before the start', 'while connecting', 'while logging in', 'while live'])(
  'an abort %s leaves nothing behind',
  async (when) => {
    const { server, watched } = await account()
    if (when === 'while logging in') server.answer = () => {}
    const controller = new AbortController()
    if (when === 'before the start') controller.abort()
    const started = watched.stream.start({ signal: controller.signal })
    if (when === 'while connecting') await watched.told('connecting')
    if (when === 'while logging in') await until('it', () => server.asked('auth').length > 0)
    if (when === 'while live') await started
    controller.abort()
    if (when !== 'while live') await expect(started).rejects.toMatchObject({ code: 'ABORTED' })
    await watched.told('stopped')
    expect(watched.clock.pendingTimers).toBe(0)
    await expect(watched.stream.start()).rejects.toMatchObject({ code: 'ALREADY_STARTED' })
  },
)
