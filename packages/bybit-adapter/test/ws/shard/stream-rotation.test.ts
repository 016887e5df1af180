import { expect, test } from 'vitest'
import type { PublicStreamOptions } from '../../../src/index.ts'
import { tradeFrame, wireTrade } from '../../support/frames.ts'
import { type Answer, answer, type HandServer } from '../../support/hand-server.ts'
import { serve, silent, watch } from '../../support/serve.ts'
import { until } from '../../support/until.ts'
import type { WatchedStream } from '../../support/watched-stream.ts'

const HOUR_MS = 3_600_000

async function started(
  options: Partial<PublicStreamOptions> = {},
): Promise<{ server: HandServer; watched: WatchedStream }> {
  const server = await serve()
  const watched = watch(server.url, { channels: ['ticker', 'publicTrade'], ...options })
  await watched.stream.start()
  return { server, watched }
}

/** Lets the first connection reach the age of its replacement, which is before its first ping. */
async function age(server: HandServer, watched: WatchedStream): Promise<void> {
  watched.clock.advance(8_000)
  await until('a second connection', () => server.sockets.length === 2)
}

test('a connection is replaced once every topic is live on the new one, without a gap or a loss', async () => {
  const { server, watched } = await started({ timings: { rotateAfterMs: 10_000 } })
  await age(server, watched)
  const [old, next] = server.sockets
  await until('asked anew', () => server.asked('subscribe').length === 2)
  const trade = (i: string): string => tradeFrame([wireTrade({ i })])
  old?.send(trade('before'))
  await watched.received(3)
  old?.send(trade('both'))
  await watched.received(4)
  next?.send(trade('both'))
  await watched.received(5)
  // The old connection is probed, and answers.
  await until('a probe', () => server.asked('ping').length === 1)
  old?.send(trade('both'))
  await watched.received(6)
  watched.clock.advance(5_000)
  await watched.told('rotated')
  expect(watched.all('rotated')).toEqual([{ type: 'rotated', from: 1, to: 2 }])
  await until('the old one is closed', () => old?.readyState === old?.CLOSED)
  next?.send(trade('after'))
  await watched.received(7)
  const trades = watched.frames.filter(({ bytes }) => Buffer.from(bytes).includes('publicTrade'))
  expect(trades.map(({ connection }) => connection)).toEqual([1, 1, 2, 1, 2])
  expect(watched.stream.topics().map(({ state }) => state)).toEqual(['live', 'live'])
  watched.clock.advance(6_000)
  expect(watched.gaps).toEqual([])
  expect(watched.all('closed')).toEqual([])
  await watched.stream.close()
  expect(watched.clock.pendingTimers).toBe(0)
})

test.each<[string, Answer]>([
  ['is refused a topic that delivers', refuseAll],
  ['never says a word', silent],
])('if the new connection %s, the old one stays', async (_name, spoilt) => {
  const { server, watched } = await started({
    channels: ['publicTrade'],
    timings: { rotateAfterMs: 10_000 },
  })
  const [old] = server.sockets
  server.answer = (request, socket) => {
    if (socket === old) answer(request, socket)
    else spoilt(request, socket)
  }
  await age(server, watched)
  await until('asked anew', () => server.asked('subscribe').length >= 2)
  for (let second = 0; second < 60; second += 5) {
    old?.send(tradeFrame([wireTrade({ T: watched.clock.nowMs, i: `t${second}` })]))
    await until('the trade', () => watched.frames.length > second / 5)
    watched.clock.advance(5_000)
  }
  await watched.told('rotation_failed')
  expect(watched.all('rotated')).toEqual([])
  expect(watched.all('rotation_failed')[0]?.connection).toBe(1)
  expect(old?.readyState).toBe(old?.OPEN)
  expect(watched.gaps).toEqual([])
})

test('a stream that is closed in the middle of a replacement leaves nothing behind', async () => {
  const { server, watched } = await started({ timings: { rotateAfterMs: 10_000 } })
  await age(server, watched)
  await until('asked anew', () => server.asked('subscribe').length === 2)
  await watched.stream.close()
  expect(watched.clock.pendingTimers).toBe(0)
  expect(watched.all('rotation_failed')).toEqual([])
  expect(watched.statuses.at(-1)).toEqual({ type: 'stopped' })
})

test('an old connection that dies during the overlap leaves a gap only for topics not live yet', async () => {
  const { server, watched } = await started({ timings: { rotateAfterMs: 10_000 } })
  const [old] = server.sockets
  server.answer = (request, socket) => {
    const { op, req_id } = request
    // On the new connection the ticker's snapshot is yet to come.
    if (socket === old || op !== 'subscribe') answer(request, socket)
    else socket.send(JSON.stringify({ success: true, ret_msg: '', conn_id: 'c', req_id, op }))
  }
  await age(server, watched)
  await until('asked anew', () => server.asked('subscribe').length === 2)
  const before = watched.normalized.length
  server.sockets[1]?.send(tradeFrame([wireTrade()]))
  await watched.received(before + 1)
  // The old connection was alive when the new one had the trades.
  old?.send(tradeFrame([wireTrade()]))
  await watched.received(before + 2)
  old?.terminate()
  await watched.told('rotated')
  const states = watched.stream.topics().map(({ channel, state }) => [channel, state])
  expect(Object.fromEntries(states)).toEqual({ ticker: 'pending', publicTrade: 'live' })
  server.answer = answer
  watched.clock.advance(10_000)
  await watched.told('gap')
  watched.clock.advance(10_000)
  expect(watched.gaps).toMatchObject([{ channel: 'ticker', reason: 'disconnect' }])
})

test('an old connection that may have frozen before it died leaves a gap on every topic', async () => {
  const { server, watched } = await started({ timings: { rotateAfterMs: 10_000 } })
  const [old] = server.sockets
  server.answer = (request, socket) => {
    if (socket !== old) answer(request, socket)
  }
  await age(server, watched)
  const lastInbound = watched.clock.nowMs - 8_000
  await until('a probe', () => server.asked('ping').length === 1)
  watched.clock.advance(1_000)
  old?.terminate()
  await watched.told('rotated')
  watched.clock.advance(5_000)
  expect(watched.gaps.map(({ channel }) => channel).sort()).toEqual(['publicTrade', 'ticker'])
  for (const gap of watched.gaps) {
    expect(gap).toMatchObject({ reason: 'disconnect', startTs: lastInbound - 5_000 })
  }
})

test('positions in a match count on across a rotation, whichever connection delivers a frame', async () => {
  const { server, watched } = await started({ timings: { rotateAfterMs: 10_000 } })
  await age(server, watched)
  const [old, next] = server.sockets
  await until('a probe', () => server.asked('ping').length === 1)
  let received = watched.normalized.length
  const send = async (socket: typeof old, ...ids: string[]): Promise<void> => {
    socket?.send(tradeFrame(ids.map((i) => wireTrade({ i, seq: 190000000077 }))))
    await watched.received(++received)
  }
  await send(old, 'a', 'b')
  await send(next, 'c')
  await send(old, 'c')
  watched.clock.advance(5_000)
  await watched.told('rotated')
  await send(next, 'd')
  const places = watched.normalized
    .flatMap(({ events }) => events)
    .flatMap((event) => ('matchIndex' in event ? `${event.tradeId} ${event.matchIndex}` : []))
  expect(places).toEqual(['a 0', 'b 1', 'c 2', 'c 2', 'd 3'])
})

test('an old connection that was frozen leaves a gap on every topic', async () => {
  const { server, watched } = await started({ timings: { rotateAfterMs: 10_000 } })
  const [old] = server.sockets
  server.answer = (request, socket) => {
    if (socket !== old) answer(request, socket)
  }
  await age(server, watched)
  const lastInbound = watched.clock.nowMs - 8_000
  await until('a probe', () => server.asked('ping').length === 1)
  watched.clock.advance(5_000)
  await watched.told('rotated')
  watched.clock.advance(5_000)
  expect(watched.gaps.map(({ channel }) => channel).sort()).toEqual(['publicTrade', 'ticker'])
  for (const gap of watched.gaps) {
    expect(gap).toMatchObject({ reason: 'stale', startTs: lastInbound - 5_000 })
  }
})

test('a topic that was busy once and is quiet in the overlap has no gap', async () => {
  const { server, watched } = await started({ timings: { rotateAfterMs: 10_000 } })
  const before = watched.normalized.length
  server.sockets[0]?.send(tradeFrame([wireTrade({ T: watched.clock.nowMs })]))
  await watched.received(before + 1)
  await age(server, watched)
  await until('a probe', () => server.asked('ping').length === 1)
  server.sockets[0]?.send(tradeFrame([wireTrade({ T: watched.clock.nowMs - 9_000 })]))
  await watched.received(before + 3)
  watched.clock.advance(5_000)
  await watched.told('rotated')
  watched.clock.advance(6_000)
  expect(watched.gaps).toEqual([])
})

/** The new connection has a trade, and the old one delivers only earlier ones. */
async function lagging() {
  const options = { timings: { rotateAfterMs: 10_000, rotateTimeoutMs: 10_000 } }
  const { server, watched } = await started(options)
  await age(server, watched)
  const [old, next] = server.sockets
  await until('a probe', () => server.asked('ping').length === 1)
  const T = watched.clock.nowMs
  let received = watched.normalized.length
  const send = async (socket: typeof old, at: number): Promise<void> => {
    socket?.send(tradeFrame([wireTrade({ T: at, i: `t${at}` })]))
    await watched.received(++received)
  }
  await send(next, T)
  await send(old, T - 7_000)
  watched.clock.advance(5_000)
  expect(watched.all('rotated')).toEqual([])
  return { watched, T, old, send }
}

test('an old connection that lags is kept until it has delivered what the new one began with', async () => {
  const { watched, T, old, send } = await lagging()
  await send(old, T - 1)
  await send(old, T)
  watched.clock.advance(5_000)
  await watched.told('rotated')
  watched.clock.advance(6_000)
  expect(watched.gaps).toEqual([])
})

test('an old connection that lags for too long leaves a gap from its newest data on', async () => {
  const { watched, T, old, send } = await lagging()
  await send(old, T - 6_000)
  watched.clock.advance(5_000)
  await watched.told('rotated')
  watched.clock.advance(5_000)
  const trades = watched.gaps.filter(({ channel }) => channel === 'publicTrade')
  expect(trades).toMatchObject([{ reason: 'stale', startTs: T - 11_000 }])
  expect(trades[0]?.endTs).toBeGreaterThanOrEqual(T)
})

test('an old connection that dies while it lags leaves a gap from its newest data on', async () => {
  const { watched, T, old } = await lagging()
  old?.terminate()
  await watched.told('rotated')
  watched.clock.advance(5_000)
  const trades = watched.gaps.filter(({ channel }) => channel === 'publicTrade')
  expect(trades).toMatchObject([{ reason: 'stale', startTs: T - 12_000 }])
})

test('with an infinite lifetime a connection is never replaced', async () => {
  const { watched } = await started({
    timings: { rotateAfterMs: Number.POSITIVE_INFINITY, pingIntervalMs: 1000 * HOUR_MS },
  })
  watched.clock.advance(100 * HOUR_MS)
  expect(watched.all('rotated')).toEqual([])
  expect(watched.all('rotation_failed')).toEqual([])
})

function refuseAll(...[{ op, req_id, args = [] }, socket]: Parameters<Answer>): void {
  const ret_msg = op === 'ping' ? 'pong' : `error:handler not found,topic:${args[0]}`
  socket.send(JSON.stringify({ success: op === 'ping', ret_msg, req_id, op }))
}
