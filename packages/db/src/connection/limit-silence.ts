import { systemClock } from '@grid/core-events'
import { DatabaseError } from '../errors.ts'

/** Lifts the limits of a transaction's statements, the server's and {@link limitSilence}'s. */
export const NO_STATEMENT_TIMEOUT = 'set local statement_timeout = 0'

/** What is used of pg's client. */
interface Client {
  query: (...args: never[]) => unknown
  end(): Promise<void>
}

const TRANSACTION_ENDS: ReadonlySet<unknown> = new Set(['commit', 'rollback'])

/**
 * Closes a connection whose server leaves a statement unanswered for too long, as a network does
 * that swallows packets. The statement fails with `SERVER_SILENT`, and the pool lets the client go.
 *
 * The server's own timeout cannot do this, for its word does not arrive; neither can pg's
 * `query_timeout`, which gives the hung client back to the pool.
 */
export function limitSilence(client: Client, limitMs: number): void {
  let isSilent = false
  let isLifted = false

  const inTime = async (answer: Promise<unknown>): Promise<unknown> => {
    // Always the machine's clock: the server's work takes real time, whatever time a test plays.
    const timer = systemClock.setTimer(() => {
      isSilent = true
      void client.end()
    }, limitMs)
    try {
      return await answer
    } catch (cause) {
      if (!isSilent) throw cause
      throw new DatabaseError('SERVER_SILENT', `the server did not answer for ${limitMs} ms`, {
        cause,
        context: { limitMs },
      })
    } finally {
      timer.cancel()
    }
  }

  client.query = new Proxy(client.query, {
    apply(query, self, args: unknown[]) {
      if (args[0] === NO_STATEMENT_TIMEOUT) isLifted = true
      if (TRANSACTION_ENDS.has(args[0])) isLifted = false
      const answer: unknown = Reflect.apply(query, self, args)
      return answer instanceof Promise && !isLifted ? inTime(answer) : answer
    },
  })
}
