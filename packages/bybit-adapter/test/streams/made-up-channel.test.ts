import { expect, test, vi } from 'vitest'
import { BybitPublicStream, createNormalizer, type PublicStreamOptions } from '../../src/index.ts'
import { snapshotFrame, tickerFrame, tradeFrame, wireTrade } from '../support/frames.ts'
import { answer, type HandServer } from '../support/hand-server.ts'
import { channels, madeUpFrame } from '../support/made-up-channels.ts'
import { serve, watch } from '../support/serve.ts'
import { until } from '../support/until.ts'
import type { WatchedStream } from '../support/watched-stream.ts'

// A new channel is a dialect in the registry: only the registry is replaced here.
vi.mock('../../src/channels/registry.ts', async (importOriginal) => {
  const { withMadeUpChannels } = await import('../support/made-up-channels.ts')
  return withMadeUpChannels(await importOriginal<typeof import('../../src/channels/registry.ts')>())
})

const DEPTHS = ['depth.50.BTCUSDT', 'depth.200.BTCUSDT']

/** Two depths of a made-up channel, from a server that opens each with a snapshot. */
async function depths(
  options: Partial<PublicStreamOptions> = {},
): Promise<{ server: HandServer; watched: WatchedStream }> {
  const server = await serve()
  const watched = watch(server.url, {
    channels: channels('depth'),
    channelOptions: { depth: { levels: [50, 200] } } as PublicStreamOptions['channelOptions'],
    ...options,
  })
  server.answer = (request, socket) => {
    answer(request, socket)
    if (request.op !== 'subscribe') return
    const T = watched.clock.nowMs
    for (const topic of request.args ?? []) socket.send(madeUpFrame(topic, 'snapshot', T))
  }
  await watched.stream.start()
  return { server, watched }
}

test('a channel that may be quiet is never called silent beside busy trades, one that may not is', async () => {
  const server = await serve()
  const watched = watch(server.url, { channels: channels('ticker', 'publicTrade', 'forced') })
  await watched.stream.start()
  await watched.received(1)
  for (let trades = 1; trades <= 30; trades++) {
    const T = watched.clock.nowMs
    server.socket.send(tradeFrame([wireTrade({ T, i: `t${trades}` })]))
    await until('the trade', () =>
      watched.normalized.some(({ events }) =>
        events.some((event) => 'tradeId' in event && event.tradeId === `t${trades}`),
      ),
    )
    watched.clock.advance(2_000)
  }
  expect(watched.all('silent_topic').length).toBeGreaterThan(0)
  expect(new Set(watched.all('silent_topic').map(({ topic }) => topic))).toEqual(
    new Set(['tickers.BTCUSDT']),
  )
  expect(watched.stream.topics().find(({ topic }) => topic === 'forced.BTCUSDT')).toMatchObject({
    state: 'live',
    lastEventAtUs: null,
  })
})

test('a channel whose events prove trades finds the topics that are silent', async () => {
  const server = await serve()
  const watched = watch(server.url, { channels: channels('publicTrade', 'forced') })
  const symbols: string[] = []
  watched.stream.on('forced' as 'ticker', ({ symbol }) => symbols.push(symbol))
  await watched.stream.start()
  for (let frames = 1; frames <= 20; frames++) {
    server.socket.send(madeUpFrame('forced.BTCUSDT', 'delta', watched.clock.nowMs))
    await watched.received(frames)
    watched.clock.advance(2_000)
  }
  expect(watched.all('silent_topic')[0]?.topic).toBe('publicTrade.BTCUSDT')
  expect(symbols).toEqual(Array.from({ length: 20 }, () => 'BTCUSDT'))
})

test('each variant is a topic of its own, and events, statuses and gaps name it', async () => {
  const { server, watched } = await depths()
  expect(server.asked('subscribe').flatMap(({ args }) => args)).toEqual(DEPTHS)
  await watched.received(2)
  const variants = watched.normalized.flatMap(({ events }) =>
    events.map((event) => ('variant' in event ? event.variant : null)),
  )
  expect(variants).toEqual(['50', '200'])
  expect(watched.stream.topics()).toMatchObject([
    { topic: DEPTHS[0], channel: 'depth', symbol: 'BTCUSDT', variant: '50', state: 'live' },
    { topic: DEPTHS[1], channel: 'depth', symbol: 'BTCUSDT', variant: '200', state: 'live' },
  ])
  server.socket.terminate()
  await watched.told('closed')
  watched.clock.advance(250)
  await watched.told('gap', 2)
  expect(watched.gaps).toMatchObject([
    { category: 'linear', channel: 'depth', symbol: 'BTCUSDT', variant: '50' },
    { category: 'linear', channel: 'depth', symbol: 'BTCUSDT', variant: '200' },
  ])
})

test('the snapshot that opens a subscription does not make the connection before it late', async () => {
  const { server, watched } = await depths({ timings: { rotateAfterMs: 10_000 } })
  await watched.received(2)
  watched.clock.advance(8_000)
  await until('a probe', () => server.asked('ping').length === 1)
  const [, next] = server.sockets
  // Newer than anything that the old connection has delivered, and sent to the new one alone.
  next?.send(madeUpFrame('depth.50.BTCUSDT', 'snapshot', watched.clock.nowMs))
  await watched.received(5)
  watched.clock.advance(5_000)
  await watched.told('rotated')
  watched.clock.advance(6_000)
  expect(watched.gaps).toEqual([])
})

test('a change that the old connection never delivers is a gap of its variant', async () => {
  const timings = { rotateAfterMs: 10_000, rotateTimeoutMs: 1_000 }
  const { server, watched } = await depths({ timings })
  await watched.received(2)
  watched.clock.advance(8_000)
  await until('a probe', () => server.asked('ping').length === 1)
  const [old, next] = server.sockets
  next?.send(madeUpFrame('depth.50.BTCUSDT', 'delta', watched.clock.nowMs))
  // Both depths speak on the old connection, so that neither is merely quiet.
  for (const topic of DEPTHS) old?.send(madeUpFrame(topic, 'delta', watched.clock.nowMs - 7_000))
  next?.send(madeUpFrame('depth.200.BTCUSDT', 'delta', watched.clock.nowMs - 7_000))
  await watched.received(8)
  watched.clock.advance(5_000)
  await watched.told('rotated')
  watched.clock.advance(6_000)
  expect(watched.gaps).toMatchObject([{ channel: 'depth', variant: '50', reason: 'stale' }])
})

test("options that a channel refuses make the stream's constructor throw", () => {
  const options = { category: 'linear', symbols: ['A'], channels: channels('depth') } as const
  const channelOptions = { depth: { levels: [5000] } } as PublicStreamOptions['channelOptions']
  expect(() => new BybitPublicStream({ ...options, channelOptions })).toThrowError(
    expect.objectContaining({ code: 'INVALID_OPTION', option: 'channelOptions' }),
  )
})

test('a normalizer reads every variant, and refuses a topic without one', () => {
  const normalizer = createNormalizer({ category: 'spot' })
  const read = (topic: string) => normalizer.normalize(madeUpFrame(topic, 'delta', 1), 1)
  expect(read('depth.1000.BTCUSDT').events).toMatchObject([{ symbol: 'BTCUSDT', variant: '1000' }])
  expect(read('depth.BTCUSDT').deadLetters).toMatchObject([{ code: 'FRAME_MALFORMED' }])
  expect(read('forced.BTCUSDT').events).toMatchObject([{ symbol: 'BTCUSDT', variant: null }])
  expect(normalizer.normalize(snapshotFrame({ lastPrice: '1' }), 1).events).toHaveLength(1)
  expect(normalizer.normalize(tickerFrame({ lastPrice: '2' }), 1).events).toHaveLength(1)
})
