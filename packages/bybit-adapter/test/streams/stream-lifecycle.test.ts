import { expect, test } from 'vitest'
import { BybitPublicStream, ConnectionBudget, type PublicStreamOptions } from '../../src/index.ts'
import type { HandServer } from '../support/hand-server.ts'
import { serve, silent, watch } from '../support/serve.ts'
import { SteppedClock } from '../support/stepped-clock.ts'
import { until } from '../support/until.ts'
import type { WatchedStream } from '../support/watched-stream.ts'

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

test('an abort before the start prevents any connection; one after it closes the stream', async () => {
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

test('a listener of the closing status may call close', async () => {
  const server = await serve()
  const watched = watch(server.url)
  await watched.stream.start()
  watched.stream.on('status', ({ type }) => {
    if (type === 'closing') void watched.stream.close()
  })
  await watched.stream.close()
  expect(watched.statuses.slice(-2)).toEqual([{ type: 'closing' }, { type: 'stopped' }])
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
  ['channels', { channels: [] }],
  ['wsUrl', { wsUrl: 'http://127.0.0.1' }],
  ['wsUrl', { wsUrl: 'ws://127.0.0.1:99999' }],
  ['environment', { environment: 'moon' as 'mainnet' }],
  ['category', { category: 'moon' as 'linear' }],
])('a wrong option is named: %s', (option, wrong) => {
  const right = { category: 'linear', symbols: ['A'], channels: ['ticker'] } as const
  expect(() => new BybitPublicStream({ ...right, ...wrong })).toThrowError(
    expect.objectContaining({ code: 'INVALID_OPTION', option }),
  )
})
