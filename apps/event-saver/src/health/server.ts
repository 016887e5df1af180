import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { ListenAddress } from '../config/schemas.ts'
import { CommandError, EXIT } from '../exit-code.ts'
import { Metrics } from './metrics.ts'
import type { SaverStatus } from './status.ts'

/** What the HTTP server reads. */
export interface HttpSubject {
  status(): SaverStatus
  /** False after a fatal failure or a stall of the event loop, never because of the database or the network. */
  alive(): boolean
}

/**
 * Serves `/livez`, `/readyz`, `/status` and `/metrics`.
 */
export class HttpServer {
  readonly #subject: HttpSubject
  readonly #metrics = new Metrics()
  readonly #server: Server

  constructor(subject: HttpSubject) {
    this.#subject = subject
    this.#server = createServer((request, response) => {
      this.#answer(request.method ?? '', request.url ?? '', response).catch((error: unknown) => {
        send(response, 500, 'text/plain', `${error}\n`)
      })
    })
  }

  /**
   * Begins to listen; gives the address with its actual port. Rejects with a `CommandError` with exit
   * code 78 when the address cannot be used.
   */
  listen({ host, port }: ListenAddress): Promise<string> {
    return new Promise((resolve, reject) => {
      // Stays after the start: a later error, such as no file descriptor left, must not end the process.
      this.#server.on('error', (error: NodeJS.ErrnoException) => {
        const message = `EVENTSAVER_HTTP_ADDRESS ${host}:${port} cannot be used (${error.code}); set another, or port 0 for any free one`
        reject(new CommandError(EXIT.configuration, 'HTTP_ADDRESS_UNUSABLE', message))
      })
      this.#server.listen(port, host, () => {
        const { port: actual } = this.#server.address() as AddressInfo
        resolve(`${host.includes(':') ? `[${host}]` : host}:${actual}`)
      })
    })
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve())
      this.#server.closeAllConnections()
    })
  }

  async #answer(method: string, url: string, response: ServerResponse): Promise<void> {
    if (method !== 'GET' && method !== 'HEAD') {
      send(response, 405, 'text/plain', 'only GET\n')
      return
    }
    switch (url.split('?')[0]) {
      case '/livez': {
        const alive = this.#subject.alive()
        send(response, alive ? 200 : 503, 'text/plain', alive ? 'alive\n' : 'stalled\n')
        return
      }
      case '/readyz': {
        const { ready, checks } = this.#subject.status()
        sendJson(response, ready ? 200 : 503, { ready, checks })
        return
      }
      case '/status':
        sendJson(response, 200, this.#subject.status())
        return
      case '/metrics': {
        const text = await this.#metrics.render(this.#subject.status())
        send(response, 200, this.#metrics.contentType, text)
        return
      }
      default:
        send(response, 404, 'text/plain', 'try /livez, /readyz, /status or /metrics\n')
    }
  }
}

function sendJson(response: ServerResponse, code: number, body: unknown): void {
  send(response, code, 'application/json', `${JSON.stringify(body)}\n`)
}

function send(response: ServerResponse, code: number, type: string, body: string): void {
  response.writeHead(code, { 'content-type': type }).end(body)
}
