import type { AddressInfo } from 'node:net'
import { createConnection, createServer, type Server, type Socket } from 'node:net'

/** A TCP relay to a server, which a test can cut and restore. */
export class TcpProxy implements AsyncDisposable {
  readonly #target: { readonly host: string; readonly port: number }
  readonly #sockets = new Set<Socket>()
  readonly #server: Server
  #up = true
  /** Resolves when clients may talk to the server. */
  #gate: Promise<void> = Promise.resolve()
  #open: () => void = () => {}

  private constructor(target: { host: string; port: number }) {
    this.#target = target
    this.#server = createServer((client) => {
      void this.#gate.then(() => this.#relay(client))
    })
  }

  static async to(url: string): Promise<TcpProxy> {
    const { hostname, port } = new URL(url)
    const proxy = new TcpProxy({ host: hostname, port: Number(port || 5432) })
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve))
    return proxy
  }

  /** The target's URL through this relay. */
  through(url: string): string {
    const relayed = new URL(url)
    relayed.hostname = '127.0.0.1'
    relayed.port = String((this.#server.address() as AddressInfo).port)
    return relayed.href
  }

  /** Cuts every connection and refuses new ones. */
  down(): void {
    this.#up = false
    for (const socket of this.#sockets) socket.destroy()
  }

  /** Passes nothing on any more, and closes nothing: as when a machine vanishes. */
  freeze(): void {
    for (const socket of this.#sockets) socket.unpipe()
  }

  /** Lets new clients connect, and the server hear of them only after `up`. */
  hold(): void {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#gate = promise
    this.#open = resolve
  }

  up(): void {
    this.#up = true
    this.#open()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.down()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  #relay(client: Socket): void {
    if (!this.#up) {
      client.destroy()
      return
    }
    const server = createConnection(this.#target)
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#sockets.add(socket)
      socket.on('error', () => other.destroy())
      socket.on('close', () => {
        this.#sockets.delete(socket)
        other.destroy()
      })
    }
    client.pipe(server).pipe(client)
  }
}
