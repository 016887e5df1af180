import type { Client } from 'pg'

type Listener = (...args: never[]) => void

/** The part of a socket that `pg`'s parser of messages uses, and its end. */
interface Socket {
  on(event: string, listener: Listener): unknown
  destroy(error: unknown): unknown
}

interface Connection {
  attachListeners?: (socket: Pick<Socket, 'on'>) => void
}

/**
 * Makes a client of `pg` whose parser of messages cannot end the process.
 *
 * The parser throws within the listener of the socket, where nobody can catch it, at a message that it does
 * not know, such as a request for Kerberos. Here the error ends the connection alone, and whoever waits for
 * it gets the error.
 */
export function guardedClient(Base: typeof Client): typeof Client {
  return class GuardedClient extends Base {
    constructor(...options: ConstructorParameters<typeof Client>) {
      super(...options)
      const { connection } = this as unknown as { connection?: Connection }
      const attach = connection?.attachListeners
      if (connection === undefined || attach === undefined) return
      connection.attachListeners = (socket) => attach.call(connection, guarded(socket as Socket))
    }
  }
}

/** Stands for a socket, and ends it when a listener throws. */
function guarded(socket: Socket): Pick<Socket, 'on'> {
  return {
    on: (event, listener) =>
      socket.on(event, (...args) => {
        try {
          listener(...args)
        } catch (error) {
          socket.destroy(error)
        }
      }),
  }
}
