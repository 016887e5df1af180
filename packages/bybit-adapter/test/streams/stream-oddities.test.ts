import type { TickerEvent } from '@grid/core-events'
import { expect, test } from 'vitest'
import { tickerFrame, tradeFrame, wireTrade } from '../support/frames.ts'
import { type Answer, answer } from '../support/hand-server.ts'
import { serve, watch } from '../support/serve.ts'
import type { WatchedStream } from '../support/watched-stream.ts'

function tickersOf(watched: WatchedStream): TickerEvent[] {
  return watched.normalized
    .flatMap(({ events }) => events)
    .flatMap((event) => (event.channel === 'ticker' ? event : []))
}

/** Spot's own refusal, which voids the whole request. */
const spotAnswer: Answer = (request, socket) => {
  const { op, req_id, args = [] } = request
  const bad = args.filter((topic) => topic.endsWith('.NOPEUSDT'))
  if (op !== 'subscribe' || bad.length === 0) return answer({ ...request, args: [] }, socket)
  const ret_msg = `Invalid symbol :[${bad[0]}]`
  socket.send(JSON.stringify({ success: false, ret_msg, conn_id: 'c', req_id, op }))
}

test('spot refuses in its own words; a book with one empty side, or two, is read as such', async () => {
  const server = await serve()
  server.answer = (request, socket) => {
    spotAnswer(request, socket)
    const isBook = request.args?.includes('orderbook.1.BTCUSDT') === true
    if (isBook && !request.args?.some((topic) => topic.endsWith('.NOPEUSDT'))) {
      socket.send(book({ b: [], a: [] }, 1))
    }
  }
  const watched = watch(server.url, {
    category: 'spot',
    symbols: ['BTCUSDT', 'NOPEUSDT'],
    channels: ['ticker', 'publicTrade'],
  })
  await watched.stream.start()
  const states = watched.stream.topics().map(({ symbol, state }) => `${symbol} ${state}`)
  expect(states).toEqual([
    ...['BTCUSDT live', 'BTCUSDT live', 'BTCUSDT live'],
    ...['NOPEUSDT refused', 'NOPEUSDT refused', 'NOPEUSDT refused'],
  ])
  expect(watched.all('refused')[0]?.reason).toContain('Invalid symbol :[')
  await watched.received(1)
  server.socket.send(book({ b: [['9', '1']], a: [] }, 2))
  server.socket.send(book({ b: [], a: [] }, 3))
  await watched.received(3)
  const sides = tickersOf(watched).map(({ bid1Price, ask1Price }) => [bid1Price, ask1Price])
  expect(sides).toEqual([
    [null, null],
    ['9', null],
    [null, null],
  ])
  expect(watched.normalized.flatMap(({ deadLetters }) => deadLetters)).toEqual([])
})

function book(sides: object, u: number): string {
  const data = { s: 'BTCUSDT', ...sides, u, seq: u }
  const topic = 'orderbook.1.BTCUSDT'
  return JSON.stringify({ topic, ts: 1_760_000_000_000 + u, type: 'snapshot', data })
}

test('a contract before its listing has an auction and no trades, and trades once it is listed', async () => {
  const server = await serve()
  const [phase, price] = ['curPreListingPhase', 'preOpenPrice'] as const
  const frame = (type: string, cs: number, data: Record<string, unknown>): string =>
    tickerFrame(data, { type, cs, ts: 1_760_000_000_000 + cs })
  const before = { lastPrice: '', bid1Price: '', fundingRate: '', preQty: '' }
  server.answer = (request, socket) => {
    answer({ ...request, args: [] }, socket)
    if (request.op !== 'subscribe') return
    socket.send(frame('snapshot', 1, { ...before, markPrice: '2', [phase]: 'NotStarted' }))
  }
  const watched = watch(server.url, { channels: ['ticker', 'publicTrade'] })
  await watched.stream.start()
  await watched.received(1)
  server.socket.send(frame('delta', 2, { [phase]: 'CallAuction', [price]: '2.5', preQty: '10' }))
  server.socket.send(frame('delta', 3, { [phase]: 'PhaseOfTomorrow', markPrice: '2.6' }))
  server.socket.send(
    frame('delta', 4, { [phase]: 'Finished', [price]: '', preQty: '', lastPrice: '2.7' }),
  )
  await watched.received(4)
  // Hours without a trade are no silence: nothing proves that there was one.
  watched.clock.advance(15_000)
  const rows = tickersOf(watched).map((row) => [row[phase], row[price], row.lastPrice])
  expect(rows).toEqual([
    ['NotStarted', null, null],
    ['CallAuction', '2.5', null],
    ['PhaseOfTomorrow', '2.5', null],
    ['Finished', null, '2.7'],
  ])
  expect(watched.all('silent_topic')).toEqual([])
  expect(watched.stream.topics().map(({ state }) => state)).toEqual(['live', 'live'])
  server.socket.send(tradeFrame([wireTrade({ p: '2.7' })]))
  await watched.received(5)
  expect(watched.normalized.at(-1)?.events).toMatchObject([{ price: '2.7' }])
  expect(watched.normalized.flatMap(({ deadLetters }) => deadLetters)).toEqual([])
})
