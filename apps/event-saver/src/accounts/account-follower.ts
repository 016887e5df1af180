import { type Clock, sleep } from '@grid/core-events'
import type { EnabledAccount } from '@grid/db'
import { fullJitter } from '../pipeline/backoff.ts'

/** What a follower needs, and whom it tells. */
export interface AccountFollowerOptions {
  readonly clock: Clock
  /** Reads every account that is to be captured. */
  readonly load: () => Promise<readonly EnabledAccount[]>
  /** Told of them each time they were read. */
  readonly onAccounts: (accounts: readonly EnabledAccount[]) => void
  /** Told of a failed reading, which is tried again, and of the recovery (`failures` is then 0). */
  readonly onRetry: (error: unknown, failures: number) => void
}

/** An account that was added, disabled or given another key is noticed within this time. */
const POLL_MS = 30_000
const RETRY = { baseMs: 1000, capMs: 30_000 }

/** Follows the accounts that are to be captured as they come, go and change their keys. */
export class AccountFollower {
  readonly #options: AccountFollowerOptions
  #isHinted = false
  #pause = new AbortController()

  constructor(options: AccountFollowerOptions) {
    this.#options = options
  }

  /** Has the accounts read now: something says that they changed. */
  hint(): void {
    this.#isHinted = true
    this.#pause.abort()
  }

  /** Reads the accounts again and again until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, load, onAccounts, onRetry } = this.#options
    let failures = 0
    while (!signal.aborted) {
      this.#isHinted = false
      this.#pause = new AbortController()
      try {
        const accounts = await load()
        if (signal.aborted) return
        if (failures > 0) onRetry(null, 0)
        failures = 0
        onAccounts(accounts)
      } catch (error) {
        if (signal.aborted) return
        failures += 1
        onRetry(error, failures)
      }
      // What was hinted at during the reading may have come too late for it.
      if (this.#isHinted && failures === 0) continue
      const wait = failures === 0 ? POLL_MS : fullJitter(failures, RETRY)
      await sleep(clock, wait, AbortSignal.any([signal, this.#pause.signal]))
    }
  }
}
