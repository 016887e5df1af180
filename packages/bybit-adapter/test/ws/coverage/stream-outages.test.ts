import { expect, test } from 'vitest'
import { snapshotFrame, tickerFrame, tradeFrame, wireTrade } from '../../support/frames.ts'
import { answer, type HandServer } from '../../support/hand-server.ts'
import { serve, silent, watch } from '../../support/serve.ts'
import { until } from '../../support/until.ts'

test('a ping goes out every 20 s; without any frame within 10 s the socket is cut', async () => {
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
])('after a server closes %s, the stream connects again', async (_name, code, close) => {
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
  const lastInbound = watched.clock.nowMs
  server.socket.send(tradeFrame([wireTrade({ T: lastInbound })]))
  await watched.received(1)
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

test.each([
  ['prompt', 0, 250],
  ['late', 600, 1_200],
  ['very late', 9_000, 5_000],
])(
  'the gap of a topic whose data is %s begins a pad that follows from that',
  async (_name, lateMs, padMs) => {
    const server = await serve()
    const watched = watch(server.url)
    await watched.stream.start()
    watched.clock.advance(10_000)
    // The exchange's clock is 3 s ahead, which is no lag.
    const lastInbound = watched.clock.nowMs
    const at = lastInbound + 3_000
    const times = [at - lateMs, ...Array.from({ length: 64 }, () => at)]
    for (const [index, T] of times.entries()) {
      server.socket.send(tradeFrame([wireTrade({ T, i: `t${index}` })]))
    }
    await watched.received(times.length)
    watched.clock.advance(1_000)
    server.socket.terminate()
    await watched.told('closed')
    watched.clock.advance(250)
    await watched.told('live', 2)
    server.socket.send(tradeFrame([wireTrade({ i: 'b' })]))
    await watched.told('gap')
    expect(watched.gaps).toMatchObject([{ startTs: lastInbound - padMs }])
  },
)

test.each([
  ['a minute ahead', 60_000, 60_000],
  ['hours ahead', 6 * 3_600_000, 0],
  ['decades ahead', Date.UTC(2098, 0, 1), 0],
])(
  'a gap ends at the time of the first data only if that can be: %s',
  async (_name, ahead, after) => {
    const server = await serve()
    const watched = watch(server.url)
    await watched.stream.start()
    watched.clock.advance(10_000)
    server.socket.terminate()
    await watched.told('closed')
    watched.clock.advance(250)
    await watched.told('live', 2)
    const now = watched.clock.nowMs
    server.socket.send(tradeFrame([wireTrade({ T: Math.min(now + ahead, Date.UTC(2098, 0, 1)) })]))
    await watched.told('gap')
    expect(watched.gaps).toMatchObject([{ endTs: now + after }])
  },
)

test.each([
  ['a little', 12_000],
  ['by minutes', 150_000],
])(
  'where our clock is behind %s, a gap of a quiet topic ends by the clock of the exchange',
  async (_name, behind) => {
    const server = await serve()
    const watched = watch(server.url)
    await watched.stream.start()
    watched.clock.advance(10_000)
    const lastInbound = watched.clock.nowMs
    // One absurd time among them tells nothing of the clock.
    for (const ahead of [behind, 6 * 3_600_000, behind]) {
      server.socket.send(tradeFrame([wireTrade({ T: lastInbound + ahead, i: `t${ahead}` })]))
    }
    await watched.received(3)
    server.socket.terminate()
    await watched.told('closed')
    watched.clock.advance(250)
    await watched.told('live', 2)
    const acked = watched.clock.nowMs
    watched.clock.advance(5_000)
    expect(watched.gaps).toMatchObject([{ endTs: acked + behind + 5_000 }])
  },
)

test('the gap of a silent topic begins at its last data and ends a pad after its ack', async () => {
  const server = await serve()
  const watched = watch(server.url)
  await watched.stream.start()
  watched.clock.advance(1_000)
  const lastData = watched.clock.nowMs - 1
  server.socket.send(tradeFrame([wireTrade({ T: lastData })]))
  await watched.received(1)
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

test('the gap of a lagging connection begins at the exchange time of its last data', async () => {
  const server = await serve()
  const watched = watch(server.url)
  await watched.stream.start()
  watched.clock.advance(10_000)
  const lastData = watched.clock.nowMs - 30_000
  server.socket.send(tradeFrame([wireTrade({ T: lastData })]))
  await watched.received(1)
  server.socket.terminate()
  await watched.told('closed')
  watched.clock.advance(250)
  await watched.told('live', 2)
  server.socket.send(tradeFrame([wireTrade({ T: watched.clock.nowMs, i: 'b' })]))
  await watched.told('gap')
  expect(watched.gaps).toMatchObject([{ startTs: lastData }])
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

test('several reconnects before a topic is back make one gap; each topic ends its own', async () => {
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

test('a ticker whose snapshot is unreadable is asked for anew, and its gap goes on', async () => {
  const server = await serve()
  const watched = watch(server.url, { channels: ['ticker'] })
  await watched.stream.start()
  await watched.received(1)
  server.answer = ({ op, req_id }, socket) =>
    socket.send(JSON.stringify({ success: true, ret_msg: '', conn_id: 'c', req_id, op }))
  server.socket.terminate()
  await watched.told('closed')
  watched.clock.advance(250)
  await until('another subscribe', () => server.asked('subscribe').length === 2)
  server.socket.send(JSON.stringify({ topic: 'tickers.BTCUSDT', type: 'snapshot', data: null }))
  for (let delta = 0; delta < 20; delta++) server.socket.send(tickerFrame({ markPrice: '1' }))
  await until('a third subscribe', () => server.asked('subscribe').length === 3)
  expect(watched.gaps).toEqual([])
  server.socket.send(snapshotFrame())
  await watched.told('gap')
  expect(watched.gaps).toHaveLength(1)
})

test('a book whose numbers start over unannounced is subscribed anew, and read', async () => {
  const server = await serve()
  const watched = watch(server.url, { category: 'spot', channels: ['ticker'] })
  const book = (seq: number, u: number, price: string): string =>
    JSON.stringify({
      topic: 'orderbook.1.BTCUSDT',
      ts: watched.clock.nowMs,
      type: 'snapshot',
      data: { s: 'BTCUSDT', b: [[price, '1']], a: [], u, seq },
    })
  server.answer = (request, socket) => {
    answer({ ...request, args: [] }, socket)
    if (request.args?.includes('orderbook.1.BTCUSDT')) socket.send(book(900, 90, '9'))
  }
  await watched.stream.start()
  await watched.received(1)
  server.answer = (request, socket) => {
    answer({ ...request, args: [] }, socket)
    if (request.op === 'subscribe') socket.send(book(21, 21, '7'))
  }
  for (let update = 1; update <= 20; update++) server.socket.send(book(update, update + 1, '8'))
  await watched.told('gap')
  expect(watched.all('silent_topic')).toMatchObject([{ step: 'resubscribe' }])
  const prices = watched.normalized.flatMap(({ events }) =>
    events.flatMap((event) => ('bid1Price' in event ? event.bid1Price : [])),
  )
  expect(prices).toEqual(['9', '7'])
  expect(watched.gaps).toMatchObject([{ channel: 'ticker', reason: 'stale' }])
})

test('an outage that is open when the stream is closed ends there', async () => {
  const server = await serve()
  const watched = watch(server.url)
  await watched.stream.start()
  server.socket.send(tradeFrame([wireTrade({ T: watched.clock.nowMs })]))
  await watched.received(1)
  server.answer = silent
  server.socket.terminate()
  await watched.told('closed')
  watched.clock.advance(60_000)
  const closedAt = watched.clock.nowMs
  await watched.stream.close()
  expect(watched.gaps).toMatchObject([{ endTs: closedAt, reason: 'disconnect' }])
})
