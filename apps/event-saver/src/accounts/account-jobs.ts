import { type Clock, nowMs, repeat, untilAborted, WakeUp } from '@grid/core-events'
import type { SnapshotResult } from './rest/account-snapshot.ts'

/** What an account's jobs are. */
export interface AccountJobsOptions {
  readonly clock: Clock
  /** Fills gaps; gives when to do so again, in epoch milliseconds, or null when no gap is left. */
  readonly repair: (signal: AbortSignal) => Promise<number | null>
  /** Reads the whole account. */
  readonly snapshot: (signal: AbortSignal) => Promise<SnapshotResult>
  readonly snapshotIntervalMs: number
  /** Whether the exchange has accepted the key. Until then no job runs. */
  readonly isLive: () => boolean
  /** Told of each failure, and of the recovery (`failures` is then 0). */
  readonly onRetry: (error: unknown, failures: number) => void
  readonly random?: () => number
}

/** Grows to 5 minutes, so that the exchange is not asked again and again with a key that was revoked. */
const BACKOFF = { baseMs: 1000, capMs: 300_000 }
/** How soon another snapshot follows one that left something open. */
const UNSETTLED_MS = 3000
/**
 * How soon it is looked again whether there are gaps, where none was left: a database that lost its last moments has
 * gaps open again that were closed, and other collectors record gaps too.
 */
const LOOK_AGAIN_MS = 300_000
/** How long a wait for the next job lasts at most. */
const IDLE_MS = 60_000

const NEVER = Number.POSITIVE_INFINITY

/** Runs an account's due jobs over REST, one at a time. */
export class AccountJobs {
  readonly #options: AccountJobsOptions
  readonly #wakeUp = new WakeUp()
  #repairDueMs = NEVER
  #snapshotDueMs = NEVER
  #snapshotAt: number | null = null

  constructor(options: AccountJobsOptions) {
    this.#options = options
  }

  /** When the whole account was last read and stored, in epoch milliseconds; null if never. */
  get snapshotAt(): number | null {
    return this.#snapshotAt
  }

  /** Makes a repair due: there are gaps to fill. */
  requestRepair(): void {
    this.#repairDueMs = 0
    this.#wakeUp.now()
  }

  /** Makes a snapshot due. */
  requestSnapshot(): void {
    this.#snapshotDueMs = 0
    this.#wakeUp.now()
  }

  /** Runs the jobs as they become due. Resolves as soon as the signal aborts, whatever is under way. */
  run(signal: AbortSignal): Promise<void> {
    const { clock, onRetry, random } = this.#options
    // A request must not shorten the pause after a failure, so `repeat` is not given the wake-up.
    return repeat(
      async () => {
        await this.#untilDue(signal)
        signal.throwIfAborted()
        // A job may wait for a database that is away until everything else has stopped.
        await untilAborted(this.#workOnce(signal), signal)
        return 0
      },
      { clock, backoff: BACKOFF, signal, random, onRetry },
    )
  }

  /** Waits until a job is due and the key is accepted, or the signal aborts. */
  async #untilDue(signal: AbortSignal): Promise<void> {
    const { clock, isLive } = this.#options
    while (!signal.aborted) {
      const dueMs = Math.min(this.#repairDueMs, this.#snapshotDueMs)
      const waitMs = isLive() ? dueMs - nowMs(clock) : IDLE_MS
      if (waitMs <= 0) return
      await this.#wakeUp.sleep(clock, Math.min(waitMs, IDLE_MS), signal)
    }
  }

  async #workOnce(signal: AbortSignal): Promise<void> {
    try {
      await this.#repair(signal)
    } finally {
      // A snapshot can be read even when the history cannot.
      if (!signal.aborted) await this.#snapshot(signal)
    }
  }

  async #repair(signal: AbortSignal): Promise<void> {
    const { clock, repair } = this.#options
    if (this.#repairDueMs > nowMs(clock)) return
    // A request during the work makes the next repair due.
    this.#repairDueMs = NEVER
    const againMs = await repair(signal).catch((error: unknown) => {
      this.#repairDueMs = 0
      throw error
    })
    const dueMs = againMs ?? nowMs(clock) + LOOK_AGAIN_MS
    this.#repairDueMs = Math.min(this.#repairDueMs, dueMs)
  }

  async #snapshot(signal: AbortSignal): Promise<void> {
    const { clock, snapshot, snapshotIntervalMs, random = Math.random } = this.#options
    if (this.#snapshotDueMs > nowMs(clock)) return
    this.#snapshotDueMs = NEVER
    const { isStored, isSettled } = await snapshot(signal).catch((error: unknown) => {
      this.#snapshotDueMs = 0
      throw error
    })
    if (isStored) this.#snapshotAt = nowMs(clock)
    // Spread at random, so that not all accounts are read at once.
    const spreadMs = snapshotIntervalMs * (0.9 + random() * 0.2)
    const againMs = nowMs(clock) + (isSettled ? spreadMs : Math.min(UNSETTLED_MS, spreadMs))
    this.#snapshotDueMs = Math.min(this.#snapshotDueMs, againMs)
  }
}
