import { once } from 'node:events'
import { createConnection, createServer, type Socket } from 'node:net'

/** A TCP relay in front of a server, which can act like a network that swallows every packet. */
export interface Relay {
  /** The server's URL through the relay. */
  readonly url: string
  /** How many clients are connected through the relay. */
  readonly connections: number
  /** Stops forwarding on all connections, present and future, without closing any. */
  swallow(): void
  /** Forwards on new connections again; swallowed connections stay so. */
  heal(): void
  /** Ends every connection, and leads new ones to another server, as after a failover. */
  leadTo(serverUrl: string): void
  close(): Promise<void>
}

/**
 * Starts a TCP relay in front of a server.
 *
 * @example
 * const relay = await startRelay(database.url)
 * relay.swallow()
 */
export async function startRelay(serverUrl: string): Promise<Relay> {
  let target = addressOf(serverUrl)
  const clients = new Set<Socket>()
  let isSwallowing = false
  const server = createServer((client) => {
    const upstream = createConnection(target)
    clients.add(client)
    client.on('close', () => {
      clients.delete(client)
      upstream.destroy()
    })
    upstream.on('close', () => client.destroy())
    for (const socket of [client, upstream]) socket.on('error', () => client.destroy())
    // Reads also while swallowing, so that it notices when a client closes.
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
    leadTo(other) {
      target = addressOf(other)
      for (const client of clients) client.destroy()
    },
    async close() {
      for (const client of clients) client.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

function addressOf(serverUrl: string): { host: string; port: number } {
  const { hostname, port } = new URL(serverUrl)
  return { host: hostname, port: Number(port) }
}
