import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { ListenAddress } from '../config/schemas.ts'
import type { HttpAccess, Refusal } from './http-access.ts'
import type { Metrics } from './metrics.ts'
import type { SaverStatus } from './status.ts'

/** What the HTTP server reads. */
export interface HttpSubject {
  status(): SaverStatus
  /** False once the saver stops for a fatal reason, and never else: whoever probes it may end the process. */
  alive(): boolean
}

/** Most connections at once: the capture needs the process's file descriptors for itself. */
const MAX_CONNECTIONS = 64
/** How long a client may take for its headers, for a whole request, and between two requests. */
const HEADERS_MS = 5000
const REQUEST_MS = 10_000
const KEEP_ALIVE_MS = 5000
/** How long a client may take to read an answer. */
const ANSWER_MS = 10_000

/**
 * Serves `/livez`, `/readyz`, `/status` and `/metrics`.
 *
 * `/livez` and `/readyz` answer everybody; details are for the requests that `access` lets through.
 */
export class HttpServer {
  readonly #subject: HttpSubject
  readonly #access: HttpAccess
  #metrics: Metrics | null = null
  readonly #server: Server
  /** Connections with a request that is not answered yet. */
  readonly #busy = new WeakSet<Socket>()

  constructor(subject: HttpSubject, access: HttpAccess) {
    this.#subject = subject
    this.#access = access
    const limits = {
      headersTimeout: HEADERS_MS,
      requestTimeout: REQUEST_MS,
      keepAliveTimeout: KEEP_ALIVE_MS,
      connectionsCheckingInterval: 1000,
    }
    this.#server = createServer(limits, (request, response) => {
      if (!this.#isNext(request, response)) return
      this.#limitAnswer(response)
      this.#answer(request, response).catch((error: unknown) => {
        // An error after the headers cannot be told to the client any more.
        if (response.headersSent) response.destroy()
        else send(response, 500, 'text/plain', `${error}\n`)
      })
    })
    this.#server.maxConnections = MAX_CONNECTIONS
    // An error after the start, such as no file descriptor left, must not end the process.
    this.#server.on('error', () => {})
  }

  /**
   * Begins to listen; gives the address with its actual port. Rejects with the system's error, and may be called again
   * then.
   */
  async listen({ host, port }: ListenAddress): Promise<string> {
    this.#server.listen(port, host)
    await once(this.#server, 'listening')
    const { port: actual } = this.#server.address() as AddressInfo
    return addressText(host, actual)
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve())
      this.#server.closeAllConnections()
    })
  }

  /**
   * Whether a connection has no other request under way. Otherwise the connection is cut: thousands of
   * requests fit into one packet, and each would read the whole status and keep its answer in memory.
   */
  #isNext({ socket }: IncomingMessage, response: ServerResponse): boolean {
    if (this.#busy.has(socket)) {
      socket.destroy()
      return false
    }
    this.#busy.add(socket)
    response.on('close', () => this.#busy.delete(socket))
    return true
  }

  /** Cuts off a client that reads its answer too slowly: it holds the answer in memory. */
  #limitAnswer(response: ServerResponse): void {
    const timer = setTimeout(() => response.destroy(), ANSWER_MS)
    response.on('close', () => clearTimeout(timer))
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method, url = '', headers } = request
    if (method !== 'GET' && method !== 'HEAD') {
      send(response, 405, 'text/plain', 'only GET\n')
      return
    }
    const refusal = this.#access.refusal(headers)
    switch (url.split('?')[0]) {
      case '/livez': {
        const alive = this.#subject.alive()
        send(response, alive ? 200 : 503, 'text/plain', alive ? 'alive\n' : 'stopping\n')
        return
      }
      case '/readyz': {
        const { ready, checks } = this.#subject.status()
        // Details name topics and accounts.
        const shown = refusal === null ? checks : checks.map(({ detail: _, ...check }) => check)
        sendJson(response, ready ? 200 : 503, { ready, checks: shown })
        return
      }
      case '/status':
        if (refusal !== null) refuse(response, refusal)
        else sendJson(response, 200, this.#subject.status())
        return
      case '/metrics': {
        if (refusal !== null) {
          refuse(response, refusal)
          return
        }
        const { Metrics } = await import('./metrics.ts')
        this.#metrics ??= new Metrics()
        const text = await this.#metrics.render(this.#subject.status())
        send(response, 200, this.#metrics.contentType, text)
        return
      }
      default:
        send(response, 404, 'text/plain', 'try /livez, /readyz, /status or /metrics\n')
    }
  }
}

/** An address as a URL has it. */
export function addressText(host: string, port: number): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`
}

function refuse(response: ServerResponse, { status, code, message }: Refusal): void {
  if (status === 401) response.setHeader('www-authenticate', 'Bearer')
  send(response, status, 'text/plain', `${code}: ${message}\n`)
}

function sendJson(response: ServerResponse, code: number, body: unknown): void {
  send(response, code, 'application/json', `${JSON.stringify(body)}\n`)
}

function send(response: ServerResponse, code: number, type: string, body: string): void {
  response.writeHead(code, { 'content-type': type }).end(body)
}
