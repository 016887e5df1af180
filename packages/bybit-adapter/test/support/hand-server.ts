import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { type WebSocket, WebSocketServer } from 'ws'
import { snapshotFrame } from './frames.ts'

/** A request as a client of the exchange sends it. */
export interface ClientRequest {
  readonly op: string
  readonly req_id: string
  /** Topics; for a login the key, a time and the signature. */
  readonly args?: readonly string[]
}

/** Answers a request; the default is {@link answer}. */
export type Answer = (request: ClientRequest, socket: WebSocket) => void

/** Acknowledges everything, opens tickers with a snapshot, pongs. */
export const answer: Answer = ({ op, req_id, args = [] }, socket) => {
  const ret_msg = op === 'ping' ? 'pong' : ''
  socket.send(JSON.stringify({ success: true, ret_msg, conn_id: 'c', req_id, op }))
  if (op !== 'subscribe') return
  for (const topic of args) {
    const [prefix, symbol] = topic.split('.')
    if (prefix === 'tickers') socket.send(snapshotFrame({ lastPrice: '1' }, symbol))
  }
}

/** A server that answers as a test says, for what the simulator never does. */
export class HandServer implements AsyncDisposable {
  readonly requests: ClientRequest[] = []
  readonly sockets: WebSocket[] = []
  answer: Answer = answer
  readonly #server: WebSocketServer

  private constructor(server: WebSocketServer) {
    this.#server = server
    server.on('connection', (socket) => {
      this.sockets.push(socket)
      socket.on('message', (data) => {
        const request = JSON.parse(String(data)) as ClientRequest
        this.requests.push(request)
        this.answer(request, socket)
      })
    })
  }

  static async start(port = 0): Promise<HandServer> {
    const server = new WebSocketServer({ host: '127.0.0.1', port })
    await once(server, 'listening')
    return new HandServer(server)
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  get url(): string {
    return `ws://127.0.0.1:${this.port}`
  }

  /** The newest connection. */
  get socket(): WebSocket {
    const socket = this.sockets.at(-1)
    if (socket === undefined) throw new Error('no one is connected')
    return socket
  }

  /** The requests of one kind, in order. */
  asked(op: string): readonly ClientRequest[] {
    return this.requests.filter((request) => request.op === op)
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.terminate()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }
}
