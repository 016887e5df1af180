import { expect, test } from 'vitest'
import type { KeyFaultCode } from '../../../src/index.ts'
import type { Answer } from '../../support/hand-server.ts'
import { account, allow, goodKey, NO_PINGS, refuse, reply } from '../../support/private-hand.ts'
import { envelope } from '../../support/signed-hand.ts'
import { until } from '../../support/until.ts'

const deny =
  (words: string, ...denied: readonly string[]): Answer =>
  (request, socket) => {
    const { op, req_id, args = [] } = request
    const bad = op === 'subscribe' && args.some((topic) => denied.includes(topic))
    if (bad) socket.send(reply(op, req_id, words))
    else allow(request, socket)
  }

test.each<[words: string, retCode: number, code: KeyFaultCode]>([
  ['Invalid apikey', 10003, 'API_KEY_INVALID'],
  ['Params Error', 10003, 'API_KEY_INVALID'],
  ['Params Error', 33004, 'API_KEY_EXPIRED'],
  ['Params Error', 10004, 'SIGNATURE_INVALID'],
  ['Params Error', 10010, 'IP_NOT_ALLOWED'],
  ['Params Error', 10008, 'ACCOUNT_RESTRICTED'],
  ['error sign!', 0, 'SIGNATURE_INVALID'],
  ['Permission denied', 0, 'PERMISSION_DENIED'],
  ['Params Error', 0, 'AUTH_REFUSED'],
])('"%s", with REST answering %d, is %s, and attempts are spaced', async (words, retCode, code) => {
  const { server, watched } = await account({}, refuse(words), (request, response) =>
    retCode === 0 ? goodKey(request, response) : envelope(retCode, 'no'),
  )
  void watched.stream.start().catch(() => {})
  // Words that may mean the clock get a second chance at once, others do not.
  const chances = words !== 'Params Error' ? 0 : retCode === 0 ? 2 : 1
  for (let chance = 1; chance <= chances; chance++) {
    await watched.told('closed', chance)
    if (chance === 2) await until('REST lets it in', () => watched.rest.asked.length === 1)
    await until('the next login', () => {
      watched.clock.advance(100)
      return server.asked('auth').length > chance
    })
  }
  for (const [index, minutes] of [0.75, 1.5].entries()) {
    const attempt = index + 1
    await watched.told('key_refused', attempt)
    await watched.told('closed', attempt + chances)
    const retryInMs = minutes * 60_000
    expect(watched.all('key_refused').at(-1)).toMatchObject({ code, attempt, retryInMs })
    expect(watched.stream.keyRefusal).toMatchObject({ code, attempt })
    watched.clock.advance(retryInMs - 1)
    expect(watched.all('connecting')).toHaveLength(attempt + chances)
    watched.clock.advance(1)
  }
  expect(server.asked('subscribe')).toEqual([])
  expect(watched.all('gap')).toEqual([])
})

test('a key that stays refused is tried at growing intervals, but at least once an hour', async () => {
  const { watched } = await account({}, refuse('Invalid apikey'))
  void watched.stream.start().catch(() => {})
  const waits: number[] = []
  while (waits.length < 9) {
    await watched.told('key_refused', waits.length + 1)
    await watched.told('closed', waits.length + 1)
    const { retryInMs = 0 } = watched.all('key_refused').at(-1) ?? {}
    waits.push(retryInMs / 60_000)
    watched.clock.advance(retryInMs)
  }
  expect(waits).toEqual([0.75, 1.5, 3, 6, 12, 24, 45, 45, 45])
})

test.each<[words: string, code: KeyFaultCode]>([
  ['Your api key has expired.', 'API_KEY_EXPIRED'],
  ['Unmatched IP', 'IP_NOT_ALLOWED'],
])('"%s" is %s also when REST cannot be asked', async (words, code) => {
  const { watched } = await account({}, refuse(words), () => '<html>')
  void watched.stream.start().catch(() => {})
  await watched.told('closed')
  await until('the verdict', () => {
    // Time for the request's second attempt.
    watched.clock.advance(10)
    return watched.all('key_refused').length === 1
  })
  expect(watched.all('key_refused')).toMatchObject([{ code }])
})

test('a repaired key is let in at the next attempt, and the refusal is over', async () => {
  const { server, watched } = await account({}, refuse('Invalid apikey'), () =>
    envelope(10003, 'API key is invalid.'),
  )
  const started = watched.stream.start()
  await watched.told('key_refused')
  await watched.told('closed')
  server.answer = allow
  watched.clock.advance(45_000)
  await started
  expect(watched.stream.keyRefusal).toBeNull()
})

test('a login refused because of the clock is cured by a new measurement, and is no refusal of the key', async () => {
  const { server, watched } = await account()
  await watched.stream.start()
  watched.clock.advance(6_000)
  watched.rest.skewMs = -120_000
  const late: Answer = (request, socket) => {
    const aheadMs = Number(request.args?.[1] ?? 0) - (watched.clock.nowMs - 120_000)
    if (request.op === 'auth' && aheadMs > 60_000) refuse('Params Error')(request, socket)
    else allow(request, socket)
  }
  server.answer = late
  server.socket.terminate()
  for (const times of [1, 2]) {
    await watched.told('closed', times)
    watched.clock.advance(1_000)
  }
  await watched.told('live', 8)
  expect(server.asked('auth')).toHaveLength(3)
  expect(watched.all('key_refused')).toEqual([])
})

test('a key that was let in before and is unknown now was revoked', async () => {
  const { server, watched } = await account()
  await watched.stream.start()
  server.answer = refuse('Invalid apikey')
  watched.rest.answer = () => envelope(10003, 'API key is invalid.')
  server.socket.terminate()
  await watched.told('closed')
  watched.clock.advance(500)
  await watched.told('key_refused')
  expect(watched.all('key_refused')).toMatchObject([{ code: 'API_KEY_REVOKED' }])
})

test('a key revoked while the connection stays open is found, and the gap reaches back', async () => {
  const { server, watched } = await account({ timings: NO_PINGS })
  await watched.stream.start()
  const { clock, rest } = watched
  clock.advance(450_000)
  await until('the key is examined', () => rest.asked.length === 1)
  const goodMs = clock.nowMs
  rest.answer = () => envelope(10003, 'API key is invalid.')
  server.socket.send('{"op":"pong","args":["1"]}')
  await until('it is examined again', () => {
    clock.advance(1_000)
    // The connection still answers pings.
    server.socket.send('{"op":"pong","args":["1"]}')
    return rest.asked.length === 2
  })
  await watched.told('key_refused')
  await watched.told('closed')
  expect(watched.all('key_refused')).toMatchObject([{ code: 'API_KEY_REVOKED' }])
  watched.rest.answer = goodKey
  watched.clock.advance(45_000)
  await watched.told('live', 8)
  watched.clock.advance(5_000)
  expect(watched.all('gap')).toHaveLength(4)
  for (const { gap } of watched.all('gap')) {
    expect(gap.startTs).toBeGreaterThanOrEqual(goodMs - 5_000)
    expect(gap.startTs).toBeLessThan(goodMs + 100_000)
  }
  expect(server.asked('auth')).toHaveLength(2)
})

test('a failing network is never taken for a bad key', async () => {
  const { server, watched } = await account({}, (_request, socket) => socket.terminate())
  void watched.stream.start().catch(() => {})
  for (let round = 1; round <= 14; round++) {
    await watched.told('closed', round)
    if (round === 7) {
      watched.rest.answer = (_request, response) => {
        response.destroy()
        return null
      }
    }
    watched.clock.advance(30_000)
  }
  expect(server.asked('auth').length).toBeGreaterThanOrEqual(14)
  await until('the key was examined', () => watched.rest.asked.length >= 2)
  expect(watched.all('key_refused')).toEqual([])
})

test('a bad key is found even if the exchange only hangs up', async () => {
  const { server, watched } = await account(
    {},
    (_request, socket) => socket.terminate(),
    () => envelope(33004, 'Your api key has expired.'),
  )
  void watched.stream.start().catch(() => {})
  for (const times of [1, 2, 3]) {
    await watched.told('closed', times)
    if (times < 3) watched.clock.advance(1_000)
  }
  await watched.told('key_refused')
  expect(watched.all('key_refused')).toMatchObject([
    { code: 'API_KEY_EXPIRED', attempt: 1, retryInMs: 45_000 },
  ])
  // The wait that had begun is extended.
  watched.clock.advance(44_999)
  expect(watched.all('connecting')).toHaveLength(3)
  expect(server.asked('auth')).toHaveLength(3)
})

test('a key that may read nothing has its own code, and its channels are asked for rarely', async () => {
  const channels = ['execution', 'order', 'position', 'wallet']
  const { server, watched } = await account(
    { timings: NO_PINGS },
    deny('Request not authorized', ...channels),
  )
  await watched.stream.start()
  expect(watched.all('refused').map(({ code }) => code)).toEqual(
    channels.map(() => 'PERMISSION_DENIED'),
  )
  expect(watched.all('key_refused')).toMatchObject([
    { code: 'PERMISSION_DENIED', retryInMs: 300_000 },
  ])
  const asked = server.asked('subscribe').length
  watched.clock.advance(299_999)
  expect(server.asked('subscribe')).toHaveLength(asked)
  watched.clock.advance(1)
  await until('all are asked for again', () => server.asked('subscribe').length === asked + 4)
  server.answer = allow
  watched.clock.advance(300_000)
  await watched.told('live', 4)
  expect(watched.stream.keyRefusal).toBeNull()
})

test('a key that may not read the wallet captures the rest', async () => {
  const { watched } = await account({}, deny('Request not authorized', 'wallet'))
  await watched.stream.start()
  expect(watched.all('refused')).toMatchObject([{ topic: 'wallet', code: 'PERMISSION_DENIED' }])
  expect(
    watched
      .all('live')
      .map(({ topic }) => topic)
      .toSorted(),
  ).toEqual(['execution', 'order', 'position'])
  expect(watched.stream.keyRefusal).toBeNull()
})

test('a stream that waits with a refused key closes at once', async () => {
  const { watched } = await account({}, refuse('Invalid apikey'))
  const started = watched.stream.start()
  await watched.told('key_refused')
  await watched.stream.close()
  await expect(started).rejects.toMatchObject({ code: 'ABORTED' })
  expect(watched.clock.pendingTimers).toBe(0)
})
