import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { BybitPublicStream, ConnectionBudget, type PublicStreamOptions } from '../src/index.ts'
import { tradeFrame, wireTrade } from './support/frames.ts'
import { answer, HandServer } from './support/hand-server.ts'
import { SteppedClock } from './support/stepped-clock.ts'
import { until } from './support/until.ts'
import { WatchedStream } from './support/watched-stream.ts'

async function serve(port?: number): Promise<HandServer> {
  const server = await HandServer.start(port)
  onTestFinished(() => server.stop())
  return server
}

function watch(url: string, options: Partial<PublicStreamOptions> = {}): WatchedStream {
  const watched = new WatchedStream(url, options)
  onTestFinished(() => watched.stream.close())
  return watched
}

/** The address of a port on which no one listens. */
async function freePort(): Promise<number> {
  const server = await HandServer.start()
  const { port } = server
  await server.stop()
  return port
}

const silent = (): void => {}

test('frames go out raw and stamped, then normalized, one by one and in order', async () => {
  const server = await serve()
  const watched = watch(server.url)
  const order: string[] = []
  watched.stream.on('frame', ({ index }) => order.push(`frame ${index}`))
  watched.stream.on('normalized', ({ frame }) => order.push(`normalized ${frame.index}`))
  watched.stream.on('publicTrade', ({ tradeId }) => order.push(tradeId))
  watched.stream.on('deadLetter', ({ code }) => order.push(code))
  await watched.stream.start()
  const texts = [
    tradeFrame([wireTrade({ i: 'a' }), wireTrade({ i: 'b' })]),
    'no JSON',
    tradeFrame([null]),
  ]
  for (const text of texts) server.socket.send(text)
  await watched.received(3)
  expect(order).toEqual([
    ...['frame 0', 'normalized 0', 'a', 'b'],
    ...['frame 1', 'normalized 1', 'FRAME_NOT_JSON'],
    ...['frame 2', 'normalized 2', 'ITEM_MALFORMED'],
  ])
  expect(watched.frames.map(({ bytes }) => Buffer.from(bytes).toString())).toEqual(texts)
  const localTsUs = watched.clock.nowUs()
  expect(watched.frames[0]).toMatchObject({ category: 'linear', connection: 1, localTsUs })
})

test('a listener that throws silences no one and is told of', async () => {
  const server = await serve()
  const watched = watch(server.url)
  const error = new Error('mine')
  const seen: string[] = []
  watched.stream.on('publicTrade', () => {
    throw error
  })
  watched.stream.on('publicTrade', ({ tradeId }) => seen.push(tradeId))
  await watched.stream.start()
  server.socket.send(tradeFrame([wireTrade({ i: 'a' })]))
  await until('the trade', () => seen.length === 1)
  expect(watched.all('listener_fault')).toEqual([
    { type: 'listener_fault', event: 'publicTrade', error },
  ])
})

test('a ping every 20 s; any frame within 10 s is life, silence is cut', async () => {
  const server = await serve()
  const watched = watch(server.url)
  await watched.stream.start()
  server.answer = silent
  watched.clock.advance(20_000)
  await until('a ping', () => server.asked('ping').length === 1)
  server.socket.send(tradeFrame([wireTrade()]))
  await watched.received(1)
  watched.clock.advance(10_000)
  expect(watched.all('stale')).toEqual([])
  watched.clock.advance(20_000)
  await until('a second ping', () => server.asked('ping').length === 2)
  watched.clock.advance(10_050)
  expect(watched.all('stale')).toHaveLength(1)
  await watched.told('closed')
  expect(watched.all('closed')[0]?.code).toBe(1006)
  server.answer = answer
  watched.clock.advance(250)
  await watched.told('live', 2)
  watched.clock.advance(5_000)
  expect(watched.gaps).toMatchObject([{ reason: 'stale' }])
})

test.each([
  ['with a close frame', 1001, (server: HandServer) => server.socket.close(1001, 'bye')],
  ['without one', 1006, (server: HandServer) => server.socket.terminate()],
])('a server that closes %s is connected to again', async (_name, code, close) => {
  const server = await serve()
  const watched = watch(server.url)
  await watched.stream.start()
  close(server)
  await watched.told('closed')
  expect(watched.all('closed')).toMatchObject([{ code, retryInMs: 250 }])
  expect(watched.stream.topics()).toMatchObject([{ state: 'pending' }])
  watched.clock.advance(250)
  await watched.told('live', 2)
  server.socket.send(tradeFrame([wireTrade()]))
  await watched.received(1)
  expect(watched.frames[0]).toMatchObject({ connection: 2, index: 0 })
})

test('a gap begins a pad before the last frame and ends at the first data', async () => {
  const server = await serve()
  const watched = watch(server.url)
  await watched.stream.start()
  watched.clock.advance(10_000)
  server.socket.send(tradeFrame([wireTrade()]))
  await watched.received(1)
  const lastInbound = watched.clock.nowMs
  watched.clock.advance(3_000)
  server.socket.terminate()
  await watched.told('closed')
  watched.clock.advance(250)
  await watched.told('live', 2)
  watched.clock.advance(1_000)
  server.socket.send(tradeFrame([wireTrade({ i: 'b' })]))
  await watched.told('gap')
  watched.clock.advance(60_000)
  expect(watched.gaps).toEqual([
    {
      category: 'linear',
      channel: 'publicTrade',
      symbol: 'BTCUSDT',
      startTs: lastInbound - 5_000,
      endTs: watched.clock.nowMs - 60_000,
      reason: 'disconnect',
    },
  ])
})

test('the gap of a silent topic begins at its last data and ends a pad after its ack', async () => {
  const server = await serve()
  const watched = watch(server.url)
  await watched.stream.start()
  watched.clock.advance(1_000)
  server.socket.send(tradeFrame([wireTrade()]))
  await watched.received(1)
  const lastData = watched.clock.nowMs
  watched.clock.advance(19_000)
  await until('a pong', () => server.asked('ping').length === 1)
  server.socket.terminate()
  await watched.told('closed')
  watched.clock.advance(250)
  await watched.told('live', 2)
  const acked = watched.clock.nowMs
  watched.clock.advance(4_999)
  expect(watched.gaps).toEqual([])
  watched.clock.advance(1)
  expect(watched.gaps).toMatchObject([{ startTs: lastData, endTs: acked + 5_000 }])
})

test('the end of a gap is never before the exchange time of the first data', async () => {
  const server = await serve()
  const watched = watch(server.url)
  await watched.stream.start()
  server.socket.terminate()
  await watched.told('closed')
  watched.clock.advance(250)
  await watched.told('live', 2)
  const T = watched.clock.nowMs + 7
  server.socket.send(tradeFrame([wireTrade({ T })]))
  await watched.told('gap')
  expect(watched.gaps).toMatchObject([{ endTs: T }])
})

test('several reconnects before a topic is back make one gap; topics end theirs alone', async () => {
  const server = await serve()
  const watched = watch(server.url, { symbols: ['A', 'B'] })
  await watched.stream.start()
  const begun = watched.clock.nowMs
  for (let outage = 1; outage <= 3; outage++) {
    server.socket.terminate()
    await watched.told('closed', outage)
    watched.clock.advance(1_000)
    await watched.told('live', 2 + 2 * outage)
    watched.clock.advance(1_000)
  }
  server.socket.send(tradeFrame([wireTrade({ s: 'B' })], 'B'))
  await watched.told('gap')
  const ended = watched.clock.nowMs
  watched.clock.advance(5_000)
  expect(watched.gaps).toMatchObject([
    { symbol: 'B', startTs: begun - 5_000, endTs: ended },
    { symbol: 'A', startTs: begun - 5_000, endTs: ended + 4_000 },
  ])
})

test('neither the first start nor the final close is a gap', async () => {
  const server = await serve()
  server.answer = (request, socket) => {
    if (server.sockets.length < 3) socket.terminate()
    else answer(request, socket)
  }
  const watched = watch(server.url, { channels: ['ticker', 'publicTrade'] })
  const started = watched.stream.start()
  for (let closed = 1; closed <= 2; closed++) {
    await watched.told('closed', closed)
    watched.clock.advance(30_000)
  }
  await started
  watched.clock.advance(10_000)
  await watched.stream.close()
  expect(watched.gaps).toEqual([])
  expect(watched.clock.pendingTimers).toBe(0)
})

test('ticker deltas wait for the new snapshot after a reconnect', async () => {
  const server = await serve()
  const watched = watch(server.url, { channels: ['ticker'] })
  await watched.stream.start()
  const delta = { topic: 'tickers.BTCUSDT', type: 'delta', cs: 9, ts: 1760000000000 }
  server.answer = (request, socket) => {
    socket.send(JSON.stringify({ ...delta, data: { symbol: 'BTCUSDT', lastPrice: '7' } }))
    answer(request, socket)
  }
  server.socket.terminate()
  await watched.told('closed')
  watched.clock.advance(250)
  await watched.received(3)
  expect(watched.normalized.slice(1)).toMatchObject([
    { events: [], discarded: [{ reason: 'delta_before_snapshot' }] },
    { events: [{ isSnapshot: true, lastPrice: '1' }], discarded: [] },
  ])
})

test('binary and garbled frames are dead letters and cost nothing else', async () => {
  const server = await serve()
  const watched = watch(server.url)
  await watched.stream.start()
  const garbled = Buffer.from(tradeFrame([wireTrade({ i: 'x?y' }), wireTrade({ i: 'good' })]))
  garbled[garbled.indexOf('x?y') + 1] = 0xff
  server.socket.send(Buffer.from([0, 255, 1]))
  server.socket.send(garbled, { binary: false })
  await watched.received(2)
  expect(watched.normalized).toMatchObject([
    { events: [], deadLetters: [{ code: 'FRAME_NOT_JSON', raw: new Uint8Array([0, 255, 1]) }] },
    { events: [{ tradeId: 'good' }], deadLetters: [{ code: 'ITEM_MALFORMED' }] },
  ])
  expect(watched.all('closed')).toEqual([])
})

test('a frame beyond the limit is a dead letter, a reconnect and a gap', async () => {
  const server = await serve()
  const watched = watch(server.url, { maxPayloadBytes: 1000 })
  await watched.stream.start()
  server.socket.send('x'.repeat(1001))
  await watched.told('closed')
  expect(watched.all('closed')).toMatchObject([{ code: 1009 }])
  expect(watched.frames).toEqual([])
  expect(watched.normalized).toMatchObject([{ deadLetters: [{ code: 'FRAME_TOO_LARGE' }] }])
  watched.clock.advance(250)
  await watched.told('live', 2)
  watched.clock.advance(5_000)
  expect(watched.gaps).toHaveLength(1)
})

test('a reply to no request of ours is told, not taken for data', async () => {
  const server = await serve()
  const watched = watch(server.url)
  await watched.stream.start()
  server.socket.send('{"success":false,"ret_msg":"error:invalid op","conn_id":"c","op":"x"}')
  await watched.told('unexpected_control')
  expect(watched.normalized).toEqual([])
})

test('a lost ack is asked for again on the same socket', async () => {
  const server = await serve()
  server.answer = (request, socket) => {
    if (server.asked('subscribe').length > 1) answer(request, socket)
  }
  const watched = watch(server.url)
  const started = watched.stream.start()
  await until('the first request', () => server.asked('subscribe').length === 1)
  watched.clock.advance(10_000)
  await started
  expect(server.sockets).toHaveLength(1)
})

test('waits for a server that is not there yet, ever longer', async () => {
  const port = await freePort()
  const watched = watch(`ws://127.0.0.1:${port}`)
  const started = watched.stream.start()
  for (let failed = 1; failed <= 3; failed++) {
    await watched.told('connect_failed', failed)
    if (failed < 3) watched.clock.advance(30_000)
  }
  expect(watched.all('connect_failed')).toMatchObject([
    { attempt: 1, httpStatus: null, retryInMs: 250 },
    { attempt: 2, retryInMs: 500 },
    { attempt: 3, retryInMs: 1000 },
  ])
  await serve(port)
  watched.clock.advance(1_000)
  await started
  expect(watched.stream.topics()).toMatchObject([{ state: 'live' }])
})

test.each([403, 502])('HTTP %d at the upgrade is a failed connect', async (status) => {
  const server = createServer().listen(0, '127.0.0.1')
  server.on('upgrade', (_request, socket) => {
    socket.end(`HTTP/1.1 ${status} No\r\nContent-Length: 2\r\n\r\nno`)
  })
  onTestFinished(() => void server.close())
  await until('listening', () => server.listening)
  const watched = watch(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`)
  void watched.stream.start()
  await watched.told('connect_failed')
  expect(watched.all('connect_failed')).toMatchObject([{ httpStatus: status }])
})

test('a server that accepts and says nothing fails the connect after 10 s', async () => {
  const server = createServer().listen(0, '127.0.0.1')
  let upgrades = 0
  server.on('upgrade', () => upgrades++)
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  await until('listening', () => server.listening)
  const watched = watch(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`)
  void watched.stream.start()
  await until('an upgrade', () => upgrades === 1)
  watched.clock.advance(10_000)
  await watched.told('connect_failed')
  expect(watched.all('connect_failed')[0]?.error).toContain('10000 ms')
})

test('sockets that come to no good make the waits longer, a useful one starts anew', async () => {
  const server = await serve()
  server.answer = (_request, socket) => socket.terminate()
  const watched = watch(server.url)
  const started = watched.stream.start()
  for (let closed = 1; closed <= 3; closed++) {
    await watched.told('closed', closed)
    if (closed === 3) server.answer = answer
    watched.clock.advance(30_000)
  }
  await started
  server.socket.terminate()
  await watched.told('closed', 4)
  expect(watched.all('closed').map(({ retryInMs }) => retryInMs)).toEqual([250, 500, 1000, 250])
})

test('a spent budget delays the connect and says so', async () => {
  const server = await serve()
  const clock = new SteppedClock()
  const budget = new ConnectionBudget({ limit: 1, windowMs: 60_000, clock })
  await budget.acquire()
  const watched = watch(server.url, { budget, clock })
  const started = watched.stream.start()
  await watched.told('budget_wait')
  expect(server.sockets).toHaveLength(0)
  clock.advance(60_000)
  await started
})

type Phase = readonly [string, (watched: WatchedStream, server: HandServer) => Promise<unknown>]

const PHASES: readonly Phase[] = [
  ['connecting', (watched) => watched.told('connecting')],
  ['waiting for acks', (_, server) => until('asked', () => server.asked('subscribe').length > 0)],
  [
    'waiting to reconnect',
    async (watched, server) => {
      await until('asked', () => server.asked('subscribe').length > 0)
      server.socket.terminate()
      await watched.told('closed')
    },
  ],
]

test.each(PHASES)('an abort while %s ends it all', async (_name, reach) => {
  const server = await serve()
  server.answer = silent
  const watched = watch(server.url)
  const controller = new AbortController()
  const started = watched.stream.start({ signal: controller.signal })
  await reach(watched, server)
  controller.abort()
  await expect(started).rejects.toMatchObject({ name: 'BybitAdapterError', code: 'ABORTED' })
  await watched.told('stopped')
  expect(watched.clock.pendingTimers).toBe(0)
})

test('an abort while the budget is spent ends it all', async () => {
  const clock = new SteppedClock()
  const budget = new ConnectionBudget({ limit: 1, clock })
  await budget.acquire()
  const watched = watch('ws://127.0.0.1:9', { budget, clock })
  const started = watched.stream.start({ signal: AbortSignal.timeout(20) })
  await expect(started).rejects.toMatchObject({ code: 'ABORTED' })
  await watched.told('stopped')
  expect(watched.all('connecting')).toEqual([])
  expect(clock.pendingTimers).toBe(0)
})

test('an abort before the start connects to no one; one after it closes the stream', async () => {
  const server = await serve()
  const never = watch(server.url)
  const aborted = never.stream.start({ signal: AbortSignal.abort() })
  await expect(aborted).rejects.toMatchObject({ code: 'ABORTED' })
  expect(never.all('connecting')).toEqual([])

  const watched = watch(server.url)
  const controller = new AbortController()
  await watched.stream.start({ signal: controller.signal })
  controller.abort()
  await watched.told('stopped')
  await until('the server sees it', () => server.socket.readyState === server.socket.CLOSED)
})

test('close is clean, idempotent and final', async () => {
  const server = await serve()
  const watched = watch(server.url)
  await watched.stream.start()
  let code = 0
  server.socket.on('close', (received) => {
    code = received
  })
  await Promise.all([watched.stream.close(), watched.stream.close()])
  await watched.stream.close()
  await until('the close frame', () => code === 1000)
  expect(watched.statuses.slice(-2)).toEqual([{ type: 'closing' }, { type: 'stopped' }])
  expect(watched.clock.pendingTimers).toBe(0)
  await expect(watched.stream.start()).rejects.toMatchObject({ code: 'ALREADY_STARTED' })
})

test('a server that never answers the close frame is cut after a deadline', async () => {
  const server = await serve()
  const watched = watch(server.url)
  await watched.stream.start()
  server.socket.pause()
  const closed = watched.stream.close()
  watched.clock.advance(2_000)
  await closed
  expect(watched.clock.pendingTimers).toBe(0)
})

test.each<[string, Partial<PublicStreamOptions>]>([
  ['symbols', { symbols: [] }],
  ['symbols', { symbols: ['BTC USDT'] }],
  ['symbols', { symbols: Array.from({ length: 2000 }, (_, index) => `COIN${index}USDT`) }],
  ['channels', { channels: [] }],
  ['wsUrl', { wsUrl: 'http://127.0.0.1' }],
  ['wsUrl', { wsUrl: 'ws://127.0.0.1:99999' }],
  ['environment', { environment: 'moon' as 'mainnet' }],
  ['category', { category: 'spot' as 'linear' }],
])('a wrong option is named: %s', (option, wrong) => {
  const right = { category: 'linear', symbols: ['A'], channels: ['ticker'] } as const
  expect(() => new BybitPublicStream({ ...right, ...wrong })).toThrowError(
    expect.objectContaining({ code: 'INVALID_OPTION', option }),
  )
})

test('each topic is asked for once, however often it is named', async () => {
  const server = await serve()
  const watched = watch(`${server.url}/`, {
    symbols: ['A', 'B', 'A'],
    channels: ['publicTrade', 'publicTrade'],
  })
  await watched.stream.start()
  expect(server.asked('subscribe').flatMap(({ args }) => args)).toEqual([
    'publicTrade.A',
    'publicTrade.B',
  ])
})
