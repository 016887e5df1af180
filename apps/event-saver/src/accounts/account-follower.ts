import { type Clock, durationText, nowMs, repeat, retry, sleep, WakeUp } from '@grid/core-events'
import type { EnabledAccount } from '@grid/db'
import { reasonOf } from '../log/reason.ts'

/** What a follower needs, and whom it tells. */
export interface AccountFollowerOptions {
  readonly clock: Clock
  /** Reads all accounts that are to be captured. */
  readonly load: () => Promise<readonly EnabledAccount[]>
  /** Told of the accounts each time they were read. */
  readonly onAccounts: (accounts: readonly EnabledAccount[]) => void
  /** Told of a failed reading, which is tried again, and of the recovery (`failures` is then 0). */
  readonly onRetry: (error: unknown, failures: number) => void
}

/** An account that was added, disabled or given another key is noticed within this time. */
const POLL_MS = 5000
/**
 * A reading begins at least this long after the one before: any login of the server may notify, as
 * often as it likes, and each reading decrypts every key.
 */
const SPACING_MS = 1000
/** A reading that takes longer counts as one that fails: a lock may keep it for ever. */
const SLOW_MS = 4000
const BACKOFF = { baseMs: 1000, capMs: 5000 }

/** Follows the accounts that are to be captured as they are added, disabled and given other keys. */
export class AccountFollower {
  readonly #options: AccountFollowerOptions
  readonly #wakeUp = new WakeUp()
  #readAtMs: number | null = null
  #isReading = false
  #unknown: string | null = 'they were not read yet'

  constructor(options: AccountFollowerOptions) {
    this.#options = options
  }

  /** Why it is not known which accounts are to be captured; null when it is. */
  get unknown(): string | null {
    if (this.#unknown !== null || !this.#isReading || this.#readAtMs === null) return this.#unknown
    const tookMs = nowMs(this.#options.clock) - this.#readAtMs
    return tookMs < SLOW_MS ? null : `the database has not told them for ${durationText(tookMs)}`
  }

  /**
   * Reads the accounts now, because something says that they changed; if they are being read, once
   * more, and at most once a second.
   */
  hint(): void {
    this.#wakeUp.now()
  }

  /** Reads the accounts again and again until the signal aborts. */
  run(signal: AbortSignal): Promise<void> {
    const { clock, onAccounts } = this.#options
    const onRetry = (error: unknown, failures: number): void => {
      if (failures > 0) this.#unknown = reasonOf(error)
      this.#options.onRetry(error, failures)
    }
    const options = { clock, backoff: BACKOFF, signal, wakeUp: this.#wakeUp, onRetry }
    return repeat(async () => {
      const accounts = await retry(() => this.#read(signal), options)
      if (!signal.aborted) onAccounts(accounts)
      this.#unknown = null
      return POLL_MS
    }, options)
  }

  async #read(signal: AbortSignal): Promise<readonly EnabledAccount[]> {
    const { clock, load } = this.#options
    if (this.#readAtMs !== null) {
      const waitMs = this.#readAtMs + SPACING_MS - nowMs(clock)
      // A clock that was set back must not make the wait longer.
      await sleep(clock, Math.min(Math.max(waitMs, 0), SPACING_MS), signal)
      signal.throwIfAborted()
    }
    // The reading covers every hint so far; one that comes from here on asks for another.
    this.#wakeUp.clear()
    this.#readAtMs = nowMs(clock)
    this.#isReading = true
    try {
      return await load()
    } finally {
      this.#isReading = false
    }
  }
}
