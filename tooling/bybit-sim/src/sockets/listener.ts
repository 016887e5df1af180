import {
  createServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
  STATUS_CODES,
} from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { SimError } from '../base/errors.ts'

/** Takes over a connection that asks to become a WebSocket. */
export type UpgradeHandler = (request: IncomingMessage, socket: Duplex, head: Buffer) => void

/** Answers a plain HTTP request. */
export type RequestListener = (request: IncomingMessage, response: ServerResponse) => void

/** An HTTP server on one port, which can stop listening for a while and come back. */
export class Listener {
  readonly #host: string
  readonly #onUpgrade: UpgradeHandler | null
  readonly #onRequest: RequestListener
  #port: number
  #server: Server | null = null

  constructor(options: {
    host: string
    port: number
    onUpgrade?: UpgradeHandler
    onRequest?: RequestListener
  }) {
    this.#host = options.host
    this.#port = options.port
    this.#onUpgrade = options.onUpgrade ?? null
    this.#onRequest = options.onRequest ?? ((_, response) => response.writeHead(404).end())
  }

  /** The given port; if that was 0, the one that the system chose. */
  get port(): number {
    return this.#port
  }

  /** Starts to listen; throws `SIM_LISTEN_FAILED` when the port is taken. */
  async up(): Promise<void> {
    if (this.#server !== null) return
    const server = createServer(this.#onRequest)
    if (this.#onUpgrade !== null) server.on('upgrade', this.#onUpgrade)
    this.#server = server
    await new Promise<void>((resolve, reject) => {
      server.once('error', (cause) =>
        reject(
          new SimError('SIM_LISTEN_FAILED', `cannot listen on ${this.#host}:${this.#port}`, {
            cause,
          }),
        ),
      )
      server.listen(this.#port, this.#host, resolve)
    })
    this.#port = (server.address() as AddressInfo).port
  }

  /** Stops listening: the system refuses new connections, open ones stay. */
  down(): void {
    this.#server?.close()
    this.#server = null
  }

  /** Stops listening, and ends all open connections. */
  end(): void {
    const server = this.#server
    this.down()
    server?.closeAllConnections()
  }
}

/** Answers an upgrade with an HTTP error. */
export function refuseUpgrade(socket: Duplex, status: number): void {
  socket.on('error', () => {})
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`,
  )
}
