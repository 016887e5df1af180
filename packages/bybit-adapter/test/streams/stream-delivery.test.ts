import { expect, test } from 'vitest'
import { tradeFrame, wireTrade } from '../support/frames.ts'
import { answer } from '../support/hand-server.ts'
import { serve, watch } from '../support/serve.ts'
import { until } from '../support/until.ts'

test('frames are given out raw and stamped, then normalized, one by one and in order', async () => {
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

test('a listener that throws stops no other listener, and a status says so', async () => {
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

test('a frame beyond the limit causes a dead letter, a reconnect and a gap', async () => {
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

test('a reply to no request of ours is told and discarded, not taken for data', async () => {
  const server = await serve()
  const watched = watch(server.url)
  await watched.stream.start()
  server.socket.send('{"success":false,"ret_msg":"error:invalid op","conn_id":"c","op":"x"}')
  await watched.told('unexpected_control')
  const discarded = [{ channel: null, topic: null, symbol: null, reason: 'unknown_control' }]
  expect(watched.normalized).toMatchObject([{ events: [], deadLetters: [], discarded }])
})
