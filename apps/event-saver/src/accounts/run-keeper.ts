import { type Clock, nowMs, repeat } from '@grid/core-events'
import type { OperatorRepository } from '@grid/db'
import { isWorthALine, type Logger, levelOf } from '../log/log.ts'
import { reasonOf } from '../log/reason.ts'

/** What a run keeper needs. */
export interface RunKeeperOptions {
  readonly operator: Pick<OperatorRepository, 'attributeEvents' | 'closeOrphanedRuns'>
  readonly clock: Clock
  readonly log: Logger
  /** A run without a heartbeat for this long is closed at the start. */
  readonly runTimeoutMs: number
}

const EVERY_MS = 60_000
const BACKOFF = { baseMs: EVERY_MS, capMs: EVERY_MS, jitter: false }
const HOUR_MS = 3_600_000
/** Events of the last hour are attributed every minute, those of the last week every hour. */
const RECENT_MS = HOUR_MS
const PAST_MS = 7 * 24 * HOUR_MS

/**
 * Closes the runs that a crash left open, and attributes stored events to runs that became known only
 * after the events.
 */
export class RunKeeper {
  readonly #options: RunKeeperOptions

  constructor(options: RunKeeperOptions) {
    this.#options = options
  }

  /** Does so every minute until the signal aborts. */
  run(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#options
    let isClosed = false
    let pastDueMs = 0
    return repeat(
      async () => {
        if (!isClosed) await this.#closeOrphans()
        isClosed = true
        const isPastDue = nowMs(clock) >= pastDueMs
        await this.#attribute(isPastDue ? PAST_MS : RECENT_MS)
        if (isPastDue) pastDueMs = nowMs(clock) + HOUR_MS
        return EVERY_MS
      },
      {
        clock,
        backoff: BACKOFF,
        signal,
        onRetry: (error, failures) => {
          if (failures === 0 || !isWorthALine(failures)) return
          const reason = reasonOf(error)
          log[levelOf(failures)](
            { code: 'RUNS_UNKEPT', failures, reason },
            'cannot attribute events to runs',
          )
        },
      },
    )
  }

  async #closeOrphans(): Promise<void> {
    const { operator, log, runTimeoutMs } = this.#options
    for (const run of await operator.closeOrphanedRuns({ silentForMs: runTimeoutMs })) {
      const { runId, accountId, heartbeatTs } = run
      log.warn({ code: 'RUN_ORPHANED', runId, accountId, heartbeatTs }, 'closed a run as failed')
    }
  }

  async #attribute(spanMs: number): Promise<void> {
    const { operator, clock, log } = this.#options
    const events = await operator.attributeEvents({ since: nowMs(clock) - spanMs })
    if (events > 0) log.info({ events }, 'attributed events to runs that became known later')
  }
}
