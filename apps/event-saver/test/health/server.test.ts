import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import { connect, type Socket } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { Secret } from '@grid/core-events'
import { afterEach, describe, expect, it } from 'vitest'
import { HttpAccess } from '../../src/health/http-access.ts'
import { LoopWatchdog } from '../../src/health/loop-watchdog.ts'
import { HttpServer } from '../../src/health/server.ts'
import type { SaverStatus } from '../../src/health/status.ts'

const TOKEN = 'a-token-of-some-length'
const CHECK = { code: 'TOPICS_LIVE', ok: true, since: 1, detail: '1 live (tickers.SECRETUSDT)' }

const servers: HttpServer[] = []
/** How often the status was read. */
let readings = 0
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close()
})

/** A server on a free port of loopback, whose access is that of another address where one is given. */
async function serve({
  host = '127.0.0.1',
  hosts = [],
  token,
  collector = 'one',
}: {
  host?: string
  hosts?: string[]
  token?: string
  collector?: string
} = {}): Promise<number> {
  const secret = token === undefined ? undefined : new Secret(token)
  const status = { name: 'event-saver', ready: true, checks: [CHECK], collector } as unknown
  readings = 0
  const read = (): SaverStatus => {
    readings += 1
    return status as SaverStatus
  }
  const subject = { status: read, alive: () => true }
  const server = new HttpServer(subject, new HttpAccess({ host, hosts, token: secret }))
  servers.push(server)
  const address = await server.listen({ host: '127.0.0.1', port: 0 })
  return Number(address.split(':')[1])
}

async function ask(
  port: number,
  path: string,
  headers: Record<string, string>,
): Promise<{ code: number | undefined; body: string }> {
  const request = get({ host: '127.0.0.1', port, path, headers })
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  let body = ''
  for await (const chunk of response) body += chunk
  return { code: response.statusCode, body }
}

describe('details', () => {
  it.each([
    ['127.0.0.1:9464', 200],
    ['127.0.0.1', 200],
    ['[::1]:9464', 200],
    ['localhost:9464', 200],
    ['LOCALHOST', 200],
    ['10.1.2.3:9464', 200],
    ['saver.example.org:9464', 200],
    ['evil.example', 403],
    ['evil.example:9464', 403],
    ['127.0.0.1.evil.example', 403],
    ['localhost.evil.example', 403],
    ['saver.example.org.evil.example', 403],
  ])('on loopback: a request for the host %j gets %d', async (host, code) => {
    const port = await serve({ hosts: ['saver.example.org'] })
    const status = await ask(port, '/status', { host })
    expect(status.code).toBe(code)
    if (code === 403) expect(status.body).toMatch(/^HOST_UNKNOWN: .*EVENTSAVER_HTTP_HOSTS/)
  })

  it.each([
    [undefined, undefined, 401, /TOKEN_MISSING: .*EVENTSAVER_HTTP_TOKEN/],
    [TOKEN, undefined, 401, /TOKEN_WRONG/],
    [TOKEN, 'Bearer another-token-of-a-length', 401, /TOKEN_WRONG/],
    [TOKEN, `Basic ${TOKEN}`, 401, /TOKEN_WRONG/],
    [TOKEN, `Bearer ${TOKEN}`, 200, /event-saver/],
    [TOKEN, `bearer ${TOKEN}`, 200, /event-saver/],
  ])('beyond loopback, with the token %j and %j: %d', async (token, authorization, code, text) => {
    const port = await serve({ host: '0.0.0.0', ...(token === undefined ? {} : { token }) })
    const headers = authorization === undefined ? {} : { authorization }
    const status = await ask(port, '/status', headers)
    expect(status.code).toBe(code)
    expect(status.body).toMatch(text)
    const metrics = await ask(port, '/metrics', headers)
    // The made-up status lacks what metrics need: whoever may read gets a failure, not a refusal.
    expect(metrics.code).toBe(code === 200 ? 500 : code)
    expect(await ask(port, '/status', { ...headers, host: 'evil.example' })).toMatchObject({
      code: 403,
    })
  })

  it('are left out of /livez and /readyz, which answer everybody', async () => {
    const port = await serve()
    const foreign = { host: 'evil.example' }
    expect(await ask(port, '/livez', foreign)).toEqual({ code: 200, body: 'alive\n' })
    const shown = await ask(port, '/readyz', foreign)
    expect(shown.code).toBe(200)
    expect(JSON.parse(shown.body)).toEqual({
      ready: true,
      checks: [{ code: 'TOPICS_LIVE', ok: true, since: 1 }],
    })
    expect(JSON.parse((await ask(port, '/readyz', {})).body)).toEqual({
      ready: true,
      checks: [CHECK],
    })
  })
})

describe('connections', () => {
  async function open(port: number, text = ''): Promise<Socket> {
    const socket = connect(port, '127.0.0.1')
    socket.on('error', () => {})
    await once(socket, 'connect')
    socket.write(text)
    return socket
  }

  it('are at most 64: more are closed at once, and not told of a timeout as the silent ones are', async () => {
    const port = await serve()
    const sockets = await Promise.all(Array.from({ length: 150 }, () => open(port)))
    for (const socket of sockets) socket.resume()
    const left = () => sockets.filter((socket) => !socket.closed).length
    await expect.poll(left, { timeout: 120_000 }).toBe(0)
    expect(sockets.filter(({ bytesRead }) => bytesRead === 0)).toHaveLength(150 - 64)
  })

  it.each([
    ['say nothing', ''],
    ['never end their headers', 'GET /livez HTTP/1.1\r\nHost: localhost\r\nX: '],
    ['never end their body', 'GET /livez HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n'],
  ])('that %s are closed', async (_, text) => {
    const socket = await open(await serve(), text)
    socket.resume()
    await expect.poll(() => socket.closed, { timeout: 120_000 }).toBe(true)
  })

  it.each(['1.1', '1.0'])(
    'that send many requests before an answer are cut, and cost one reading: HTTP/%s',
    async (version) => {
      const port = await serve()
      const request = `GET /status HTTP/${version}\r\nHost: localhost\r\nConnection: keep-alive\r\n\r\n`
      const socket = await open(port, request.repeat(5000))
      socket.resume()
      await expect.poll(() => socket.closed, { timeout: 120_000 }).toBe(true)
      expect(readings).toBe(1)
    },
  )

  it('may ask again once a request is answered', async () => {
    const socket = await open(await serve())
    for (let asked = 1; asked <= 3; asked += 1) {
      socket.write('GET /status HTTP/1.1\r\nHost: localhost\r\n\r\n')
      const [answer] = (await once(socket, 'data')) as [Buffer]
      expect(answer.toString()).toContain('event-saver')
      expect(readings).toBe(asked)
    }
    socket.destroy()
  })

  it('whose client does not read its answer are cut off', async () => {
    const port = await serve({ collector: 'x'.repeat(64 * 1024 * 1024) })
    const socket = await open(port, 'GET /status HTTP/1.1\r\nHost: localhost\r\n\r\n')
    socket.pause()
    let received = 0
    socket.on('data', (chunk) => {
      received += chunk.length
    })
    socket.pause()
    await wait(12_000)
    socket.resume()
    await expect.poll(() => socket.closed, { timeout: 120_000 }).toBe(true)
    expect(received).toBeLessThan(64 * 1024 * 1024)
  })
})

it('a watchdog goes on when its timer’s work fails', async () => {
  let ticks = 0
  const errors: unknown[] = []
  const watchdog = new LoopWatchdog({
    onTick: () => {
      ticks += 1
      throw new Error('EMFILE')
    },
    onError: (error) => errors.push(error),
  })
  await expect.poll(() => ticks, { timeout: 120_000 }).toBeGreaterThan(1)
  watchdog.stop()
  expect(errors).toHaveLength(ticks)
})

it('an address that this machine does not have yet can be listened to later', async () => {
  const subject = { status: () => ({}) as SaverStatus, alive: () => true }
  const access = new HttpAccess({ host: '127.0.0.1', hosts: [], token: undefined })
  const server = new HttpServer(subject, access)
  servers.push(server)
  const failure = server.listen({ host: '192.0.2.1', port: 0 })
  await expect(failure).rejects.toMatchObject({ code: 'EADDRNOTAVAIL' })
  const address = await server.listen({ host: '127.0.0.1', port: 0 })
  const port = Number(address.split(':')[1])
  expect(await ask(port, '/livez', {})).toMatchObject({ code: 200 })
})
