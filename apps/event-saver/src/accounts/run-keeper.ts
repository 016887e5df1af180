import { type Clock, nowMs, sleep } from '@grid/core-events'
import type { OperatorRepository } from '@grid/db'
import { isWorthALine, type Logger } from '../log/log.ts'
import { reasonOf } from '../storage/prepare-database.ts'

/** What a run keeper needs. */
export interface RunKeeperOptions {
  readonly operator: Pick<OperatorRepository, 'attributeEvents' | 'closeOrphanedRuns'>
  readonly clock: Clock
  readonly log: Logger
  /** Runs without a heartbeat for this long are closed at the start. */
  readonly runTimeoutMs: number
}

const EVERY_MS = 60_000
const HOUR_MS = 3_600_000
/** Events of the last hour are looked at each time, those of the last week every hour. */
const RECENT_MS = HOUR_MS
const PAST_MS = 7 * 24 * HOUR_MS

/**
 * Closes the runs that a crash left running, and gives stored events the run that was going on at
 * their time where it became known later.
 */
export class RunKeeper {
  readonly #options: RunKeeperOptions

  constructor(options: RunKeeperOptions) {
    this.#options = options
  }

  /** Keeps the runs until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#options
    let isClosed = false
    let failures = 0
    let pastDueMs = 0
    while (!signal.aborted) {
      try {
        if (!isClosed) await this.#closeOrphans()
        isClosed = true
        const isPastDue = nowMs(clock) >= pastDueMs
        await this.#attribute(isPastDue ? PAST_MS : RECENT_MS)
        if (isPastDue) pastDueMs = nowMs(clock) + HOUR_MS
        failures = 0
      } catch (error) {
        if (signal.aborted) return
        failures += 1
        if (isWorthALine(failures)) {
          const reason = reasonOf(error)
          log.warn({ code: 'RUNS_UNKEPT', failures, reason }, 'cannot attribute events to runs')
        }
      }
      await sleep(clock, EVERY_MS, signal)
    }
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
    if (events > 0) log.info({ events }, 'attributed to runs that became known later')
  }
}
