import type { Logger } from './log.ts'
import { reasonOf } from './reason.ts'

/** Runs a query at start; on failure logs a warning and goes on, because capture must not depend on it. */
export async function queryOrWarn(log: Logger, query: () => Promise<void>): Promise<void> {
  try {
    await query()
  } catch (error) {
    const reason = reasonOf(error)
    log.warn({ code: 'PAST_UNKNOWN', reason }, 'cannot tell what was missed before this start')
  }
}
