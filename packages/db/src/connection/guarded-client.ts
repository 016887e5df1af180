type Listener = (...args: never[]) => void

/** The part of a socket that `pg`'s parser of messages uses, and its end. */
interface Socket {
  on(event: string, listener: Listener): unknown
  once(event: 'data', listener: (bytes: Buffer) => void): unknown
  destroy(error: unknown): unknown
}

interface Connection {
  readonly ssl?: unknown
  readonly sslNegotiation?: unknown
  readonly stream?: Socket
  attachListeners?: (socket: Pick<Socket, 'on'>) => void
  emit(event: 'error', error: unknown): unknown
}

/** What a server may say first: a request to log in, an error, a notice, or the version that it speaks. */
const FIRST_MESSAGES = 'RENv'
/** No first message is longer. */
const LONGEST = 30_000
/**
 * An error of a server that cannot even start a process: its text, without a length. Others' errors begin
 * with a word such as ERROR.
 */
const BARE_ERROR = /^E[^A-Z][\s\S]*\0$/

/**
 * Makes a client of `pg` whose parser of messages cannot end the process.
 *
 * The parser throws within the listener of the socket, where nobody can catch it, at a message that it does
 * not know, such as a request for Kerberos. Here the error ends the connection alone, and whoever waits for
 * it gets the error.
 *
 * A server of something else is told by its first bytes. The parser would take them for the begin of a long
 * message and wait for its rest, and `pg` names any answer to the question for TLS the same.
 *
 * @example
 * const client = new (guardedClient(Client))(postgresConnection('postgres://grid@localhost/grid'))
 */
export function guardedClient<Client extends new (...options: never[]) => object>(
  Base: Client,
): Client {
  return new Proxy(Base, {
    construct(target, options, newTarget) {
      const client: object = Reflect.construct(target, options, newTarget)
      guard(client)
      return client
    },
  })
}

function guard(client: { readonly connection?: Connection }): void {
  const { connection } = client
  const attach = connection?.attachListeners
  if (connection === undefined || attach === undefined) return
  connection.attachListeners = (socket) => attach.call(connection, guarded(socket as Socket))
  if (!connection.ssl || connection.sslNegotiation === 'direct') return
  // The first error is the one that counts, so this goes before the listener of `pg`.
  connection.stream?.once('data', (bytes) => {
    if (!isTlsAnswer(bytes)) connection.emit('error', invalid(bytes))
  })
}

/** Stands for a socket, and ends it when a listener throws, or the first bytes are of another protocol. */
function guarded(socket: Socket): Pick<Socket, 'on'> {
  let isFirst = true
  return {
    on: (event, listener) =>
      socket.on(event, (...args) => {
        try {
          const [bytes] = args as readonly unknown[]
          if (event === 'data' && isFirst && Buffer.isBuffer(bytes)) {
            isFirst = false
            if (!isFirstMessage(bytes)) throw invalid(bytes)
          }
          listener(...args)
        } catch (error) {
          socket.destroy(error)
        }
      }),
  }
}

function isFirstMessage(bytes: Buffer): boolean {
  if (!FIRST_MESSAGES.includes(firstLetter(bytes))) return false
  const isShort = bytes.length < 5 ? !bytes[1] : bytes.readUInt32BE(1) <= LONGEST
  return isShort || BARE_ERROR.test(bytes.toString('latin1'))
}

/** Whether a client that asks for TLS is told yes or no, by one byte, or an error. */
function isTlsAnswer(bytes: Buffer): boolean {
  const letter = firstLetter(bytes)
  return letter === 'E' ? isFirstMessage(bytes) : bytes.length === 1 && 'SN'.includes(letter)
}

function firstLetter(bytes: Buffer): string {
  return String.fromCharCode(bytes[0] ?? 0)
}

/** As the parser of `pg` says it. */
function invalid(bytes: Buffer): Error {
  return new Error(`received invalid response: ${bytes.toString('hex', 0, 1)}`)
}
