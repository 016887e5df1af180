import { durationText, systemClock } from '@grid/core-events'
import { DatabaseError } from '../errors.ts'

/** Lifts both limits for the rest of a transaction: the server's and that of {@link limitSilence}. */
export const NO_STATEMENT_TIMEOUT = 'set local statement_timeout = 0'

/** The part of pg's client that is used. */
interface Client {
  query: (...args: never[]) => unknown
  end(): Promise<void>
}

const TRANSACTION_ENDS: ReadonlySet<unknown> = new Set(['commit', 'rollback'])

/**
 * Closes a connection when a statement gets no answer for too long, e.g. because the network drops
 * packets. The statement fails with `SERVER_SILENT`, and the pool discards the client.
 *
 * The server's own timeout cannot do this, because its answer does not arrive. Neither can pg's
 * `query_timeout`, which puts the hung client back into the pool.
 */
export function limitSilence(client: Client, limitMs: number): void {
  let isSilent = false
  let isLifted = false

  const inTime = async (answer: Promise<unknown>): Promise<unknown> => {
    // Always the machine's clock: the server works in real time, also when a test moves its own.
    const timer = systemClock.setTimer(() => {
      isSilent = true
      void client.end().catch(() => {})
    }, limitMs)
    try {
      return await answer
    } catch (cause) {
      if (!isSilent) throw cause
      throw new DatabaseError(
        'SERVER_SILENT',
        `the server did not answer for ${durationText(limitMs)}`,
        {
          cause,
          context: { limitMs },
        },
      )
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
