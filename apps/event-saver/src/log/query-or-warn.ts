import { type Clock, retry } from '@grid/core-events'
import { classifyDatabaseError } from '@grid/db'
import { isWorthALine, type Logger, levelOf } from './log.ts'
import { reasonOf } from './reason.ts'

const BACKOFF = { baseMs: 250, capMs: 30_000 }

/** Errors of a server that answers: it may answer so for ever, as a statement that takes too long does. */
const ANSWERED = /^(40|53|55|57014|58)/
/** How often a query that the server answers with such an error is run, within some 30 s. */
const MOST_ANSWERS = 8

/** Runs a query once; on failure logs a warning and goes on, because capture must not depend on it. */
export async function queryOrWarn(log: Logger, query: () => Promise<void>): Promise<void> {
  try {
    await query()
  } catch (error) {
    warn(log, error)
  }
}

/** What a query at the start waits by. */
export interface AtStart {
  readonly log: Logger
  readonly clock: Clock
  readonly signal: AbortSignal
}

/**
 * Runs a query of the start, and again while the database is away: what it tells can never be asked
 * later, when newer events are stored. After another failure it logs a warning and goes on, as it does
 * when the signal ends the wait.
 */
export async function queryAtStart(
  { log, clock, signal }: AtStart,
  query: () => Promise<void>,
): Promise<void> {
  try {
    await retry(query, {
      clock,
      signal,
      backoff: BACKOFF,
      isRetryable: (error, failures) =>
        classifyDatabaseError(error) === 'transient' &&
        (failures < MOST_ANSWERS || !isAnswer(error)),
      onRetry: (error, failures) => {
        if (failures > 0 && isWorthALine(failures)) warn(log, error, failures)
      },
    })
  } catch (error) {
    if (!signal.aborted) warn(log, error)
  }
}

/** Logs a failure; `failures` of them in a row, where it is tried again. */
function warn(log: Logger, error: unknown, failures?: number): void {
  const reason = reasonOf(error)
  const more = failures === undefined ? '' : ', trying again'
  const text = `cannot tell what was missed before this start${more}`
  log[levelOf(failures ?? 1)]({ code: 'PAST_UNKNOWN', failures, reason }, text)
}

function isAnswer(error: unknown): boolean {
  const { code } = error as { readonly code?: unknown }
  return typeof code === 'string' && ANSWERED.test(code)
}
