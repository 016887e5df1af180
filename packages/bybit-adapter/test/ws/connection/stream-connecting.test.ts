import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { ConnectionBudget } from '../../../src/index.ts'
import { answer, HandServer } from '../../support/hand-server.ts'
import { serve, watch } from '../../support/serve.ts'
import { SteppedClock } from '../../support/stepped-clock.ts'
import { until } from '../../support/until.ts'

/** A port on which nothing listens. */
async function freePort(): Promise<number> {
  const server = await HandServer.start()
  const { port } = server
  await server.stop()
  return port
}

test('after a lost ack the topic is asked for again on the same socket', async () => {
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

test('waits longer and longer for a server that is not there yet', async () => {
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

test('a server that accepts and stays silent fails the connect after 10 s', async () => {
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
  expect(watched.all('connect_failed')[0]?.error).toContain('10 s')
})

test('useless sockets make the waits longer, a useful one resets them', async () => {
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
  // It served only a moment: a server that always does so must not be asked again at once.
  watched.clock.advance(9_000)
  server.socket.terminate()
  await watched.told('closed', 4)
  watched.clock.advance(30_000)
  await watched.told('live', 2)
  watched.clock.advance(10_000)
  server.socket.terminate()
  await watched.told('closed', 5)
  expect(watched.all('closed').map(({ retryInMs }) => retryInMs)).toEqual([
    250, 500, 1000, 2000, 250,
  ])
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
