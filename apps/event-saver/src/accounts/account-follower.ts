import { type Clock, repeat, retry, WakeUp } from '@grid/core-events'
import type { EnabledAccount } from '@grid/db'

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
const POLL_MS = 30_000
const BACKOFF = { baseMs: 1000, capMs: 30_000 }

/** Follows the accounts that are to be captured as they are added, disabled and given other keys. */
export class AccountFollower {
  readonly #options: AccountFollowerOptions
  readonly #wakeUp = new WakeUp()

  constructor(options: AccountFollowerOptions) {
    this.#options = options
  }

  /** Reads the accounts now, because something says that they changed; if they are being read, once more. */
  hint(): void {
    this.#wakeUp.now()
  }

  /** Reads the accounts again and again until the signal aborts. */
  run(signal: AbortSignal): Promise<void> {
    const { clock, load, onAccounts, onRetry } = this.#options
    const options = { clock, backoff: BACKOFF, signal, wakeUp: this.#wakeUp, onRetry }
    return repeat(async () => {
      const accounts = await retry(load, options)
      if (!signal.aborted) onAccounts(accounts)
      return POLL_MS
    }, options)
  }
}
