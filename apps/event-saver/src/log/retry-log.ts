import { isWorthALine, type Logger, levelOf } from './log.ts'
import { reasonOf } from './reason.ts'

/** What is logged about work that is tried again until it succeeds. */
export interface RetryLines {
  readonly code: string
  /** Fields of both lines. */
  readonly facts?: object
  /** The line after the 1st, 2nd, 4th, 8th … failure in a row: from the 8th on an error, before a warning. */
  readonly failing: string
  /** The line after the first success that follows failures. */
  readonly recovered: string
}

/**
 * Makes an `onRetry` handler that logs failures and the recovery.
 *
 * @example
 * await retry(work, { clock, backoff, onRetry: retryLog(log, { code, failing, recovered }) })
 */
export function retryLog(
  log: Logger,
  { code, facts, failing, recovered }: RetryLines,
): (error: unknown, failures: number) => void {
  return (error, failures) => {
    if (failures === 0) {
      log.info({ ...facts }, recovered)
    } else if (isWorthALine(failures)) {
      const { code: cause } = error as { readonly code?: unknown }
      log[levelOf(failures)]({ code, ...facts, cause, failures, reason: reasonOf(error) }, failing)
    }
  }
}
