import { once } from 'node:events'
import { createConnection, createServer, type Socket } from 'node:net'

/** A relay before a server, which a test can turn into a network that swallows every packet. */
export interface Relay {
  /** The server's URL, by way of the relay. */
  readonly url: string
  /** Connections that clients hold open through the relay. */
  readonly connections: number
  /** Stops forwarding on all connections, without closing any: the peers hear nothing more. */
  swallow(): void
  /** Lets new connections through again; what was swallowed stays so. */
  heal(): void
  close(): Promise<void>
}

/**
 * Starts a TCP relay before a server.
 *
 * @example
 * const relay = await startRelay(database.url)
 * relay.swallow()
 */
export async function startRelay(serverUrl: string): Promise<Relay> {
  const { hostname, port } = new URL(serverUrl)
  const clients = new Set<Socket>()
  let isSwallowing = false
  const server = createServer((client) => {
    const upstream = createConnection({ host: hostname, port: Number(port) })
    clients.add(client)
    client.on('close', () => {
      clients.delete(client)
      upstream.destroy()
    })
    upstream.on('close', () => client.destroy())
    for (const socket of [client, upstream]) socket.on('error', () => client.destroy())
    // Goes on reading, so that a client's close is noticed.
    const forward = (from: Socket, to: Socket): void => {
      from.on('data', (bytes) => {
        if (!swallowed.has(client)) to.write(bytes)
      })
    }
    if (isSwallowing) swallowed.add(client)
    forward(client, upstream)
    forward(upstream, client)
  })
  const swallowed = new WeakSet<Socket>()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const url = new URL(serverUrl)
  url.hostname = '127.0.0.1'
  url.port = String(typeof address === 'object' ? address?.port : '')
  return {
    url: url.href,
    get connections() {
      return clients.size
    },
    swallow() {
      isSwallowing = true
      for (const client of clients) swallowed.add(client)
    },
    heal() {
      isSwallowing = false
    },
    async close() {
      for (const client of clients) client.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
