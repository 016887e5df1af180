import { type Clock, nowMs, sleep } from '@grid/core-events'
import { fullJitter } from '../pipeline/backoff.ts'
import { untilAborted } from '../until-aborted.ts'
import type { SnapshotResult } from './account-snapshot.ts'

/** What an account's jobs are. */
export interface AccountJobsOptions {
  readonly clock: Clock
  /** Fills gaps; gives when to do so again, in epoch milliseconds; null when there is no more to do. */
  readonly repair: (signal: AbortSignal) => Promise<number | null>
  /** Reads the account whole. */
  readonly snapshot: (signal: AbortSignal) => Promise<SnapshotResult>
  readonly snapshotIntervalMs: number
  /** Whether the exchange lets the key in: until then nothing is asked of it. */
  readonly isLive: () => boolean
  /** Told of a failure, after which is waited, and of the recovery (`failures` is then 0). */
  readonly onRetry: (error: unknown, failures: number) => void
  readonly random?: () => number
}

/** After a failure the account is asked more and more seldom: a key that was revoked stays so. */
const RETRY = { baseMs: 1000, capMs: 300_000 }
/** A snapshot that came too early to tell what became of something is taken again after this. */
const UNSETTLED_MS = 3000
/** How long the loop sleeps at most. */
const IDLE_MS = 60_000

const NEVER = Number.POSITIVE_INFINITY

/** Does what is due for an account, one thing at a time. */
export class AccountJobs {
  readonly #options: AccountJobsOptions
  #repairDueMs = NEVER
  #snapshotDueMs = NEVER
  #snapshotAt: number | null = null
  #pause = new AbortController()

  constructor(options: AccountJobsOptions) {
    this.#options = options
  }

  /** When the account was last read whole, in epoch milliseconds; null if never. */
  get snapshotAt(): number | null {
    return this.#snapshotAt
  }

  /** There are gaps to be filled. */
  requestRepair(): void {
    this.#repairDueMs = 0
    this.#pause.abort()
  }

  /** The account is to be read whole. */
  requestSnapshot(): void {
    this.#snapshotDueMs = 0
    this.#pause.abort()
  }

  /** Works until the signal aborts, at once, whatever is under way. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, isLive, onRetry, random } = this.#options
    let failures = 0
    let notBeforeMs = 0
    while (!signal.aborted) {
      this.#pause = new AbortController()
      const dueMs = Math.max(notBeforeMs, Math.min(this.#repairDueMs, this.#snapshotDueMs))
      const waitMs = isLive() ? dueMs - nowMs(clock) : IDLE_MS
      if (waitMs > 0) {
        const ends = AbortSignal.any([signal, this.#pause.signal])
        await sleep(clock, Math.min(waitMs, IDLE_MS), ends)
        continue
      }
      try {
        // What is under way may wait for a database that is away until everything else is stopped.
        await untilAborted(this.#workOnce(signal), signal)
        if (failures > 0) onRetry(null, 0)
        failures = 0
      } catch (error) {
        if (signal.aborted) return
        failures += 1
        onRetry(error, failures)
        notBeforeMs = nowMs(clock) + fullJitter(failures, RETRY, random)
      }
    }
  }

  async #workOnce(signal: AbortSignal): Promise<void> {
    try {
      await this.#repair(signal)
    } finally {
      // What keeps the history from being read need not keep the rest.
      if (!signal.aborted) await this.#snapshot(signal)
    }
  }

  async #repair(signal: AbortSignal): Promise<void> {
    const { clock, repair } = this.#options
    if (this.#repairDueMs > nowMs(clock)) return
    // What is requested during the work makes it due again.
    this.#repairDueMs = NEVER
    const againMs = await repair(signal).catch((error: unknown) => {
      this.#repairDueMs = 0
      throw error
    })
    this.#repairDueMs = Math.min(this.#repairDueMs, againMs ?? NEVER)
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
    // Apart from each other, so that accounts do not ask all at once.
    const spreadMs = snapshotIntervalMs * (0.9 + random() * 0.2)
    const againMs = nowMs(clock) + (isSettled ? spreadMs : Math.min(UNSETTLED_MS, spreadMs))
    this.#snapshotDueMs = Math.min(this.#snapshotDueMs, againMs)
  }
}
