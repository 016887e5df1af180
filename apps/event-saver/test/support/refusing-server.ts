import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { TLSSocket } from 'node:tls'

/** How a server answers a login. */
export type Refusal =
  /** An error of PostgreSQL. */
  | { readonly code: string; readonly message: string }
  /** It offers no TLS to a client that asks for it. */
  | 'no-tls'
  /** It has a certificate that it signed by itself. */
  | 'self-signed'
  /** It asks for a password by SCRAM. */
  | 'password'
  /** It asks for Kerberos, which the driver does not have. */
  | 'kerberos'
  /** It is a server of something else, which speaks first or answers with these bytes. */
  | { readonly says: string }

/** The code that a client sends instead of a version to ask for TLS. */
const SSL_REQUEST = 80_877_103

/** A server that speaks PostgreSQL's protocol and refuses every login in one way. */
export class RefusingServer implements AsyncDisposable {
  /** Connections so far. */
  connections = 0
  readonly #refusal: Refusal
  readonly #sockets = new Set<Socket>()
  readonly #server: Server

  private constructor(refusal: Refusal) {
    this.#refusal = refusal
    this.#server = createServer((socket) => {
      this.connections += 1
      this.#sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => this.#sockets.delete(socket))
      socket.once('data', (packet) => this.#answer(socket, packet))
    })
  }

  static async start(refusal: Refusal): Promise<RefusingServer> {
    const server = new RefusingServer(refusal)
    server.#server.listen(0, '127.0.0.1')
    await once(server.#server, 'listening')
    return server
  }

  /** Connections that are open. */
  get open(): number {
    return this.#sockets.size
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  #answer(socket: Socket, packet: Buffer): void {
    if (typeof this.#refusal === 'object' && 'says' in this.#refusal) {
      socket.write(Buffer.from(this.#refusal.says, 'latin1'))
    } else if (packet.readInt32BE(4) === SSL_REQUEST) {
      socket.write(this.#refusal === 'self-signed' ? 'S' : 'N')
      if (this.#refusal !== 'self-signed') return
      new TLSSocket(socket, { isServer: true, key: TEST_KEY, cert: TEST_CERTIFICATE }).on(
        'error',
        () => {},
      )
    } else if (this.#refusal === 'password') {
      socket.write(message('R', Buffer.concat([int32(10), Buffer.from('SCRAM-SHA-256\0\0')])))
      socket.once('data', () => {
        const challenge = Buffer.from('r=never,s=AAAA,i=4096')
        socket.write(message('R', Buffer.concat([int32(11), challenge])))
      })
    } else if (this.#refusal === 'kerberos') {
      socket.write(message('R', int32(7)))
    } else if (typeof this.#refusal === 'object') {
      const { code, message: text } = this.#refusal
      socket.end(message('E', Buffer.from(`SFATAL\0VFATAL\0C${code}\0M${text}\0\0`)))
    } else {
      socket.end()
    }
  }
}

function message(type: string, body: Buffer): Buffer {
  return Buffer.concat([Buffer.from(type), int32(body.length + 4), body])
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}

/** For localhost, and used nowhere else. */
export const TEST_CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIIBmzCCAUGgAwIBAgIUJITnJfWpXgPD1SiZVZT5YSDg6w0wCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEzMDA5NDg1N1oYDzIxMjYxMTA2
MDk0ODU3WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAASA58raB3Og4T5PLNcasG0BVjgJJB60cfz824F35nWE/tIof8mGdHW0
OOdqYfX8h17kKlJhv+fEkeJOmqbsYnWWo28wbTAdBgNVHQ4EFgQU9A37WMf09aet
dX7YiJ+OUlJWNzowHwYDVR0jBBgwFoAU9A37WMf09aetdX7YiJ+OUlJWNzowDwYD
VR0TAQH/BAUwAwEB/zAaBgNVHREEEzARgglsb2NhbGhvc3SHBH8AAAEwCgYIKoZI
zj0EAwIDSAAwRQIgXLB9PdxnUMFu5hEs5GwVC8V0Ptql5SIld3s+oQnajSICIQCq
mSnwKYTVPrjnEAqPvQHQlqeq1eYVB31mpOzmoFh7Ww==
-----END CERTIFICATE-----
`

export const TEST_KEY = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgiIYiHZWcopDr5BcM
h5JwenfA3iP2LWKucV5/u17bCW+hRANCAASA58raB3Og4T5PLNcasG0BVjgJJB60
cfz824F35nWE/tIof8mGdHW0OOdqYfX8h17kKlJhv+fEkeJOmqbsYnWW
-----END PRIVATE KEY-----
`
