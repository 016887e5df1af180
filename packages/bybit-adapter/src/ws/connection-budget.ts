import { type Clock, nowMs, sleep, systemClock } from '@grid/core-events'

/** Options of a {@link ConnectionBudget}. */
export interface ConnectionBudgetOptions {
  /** Connections per window; the exchange cuts off an address at 500 in 5 minutes. */
  readonly limit?: number
  readonly windowMs?: number
  readonly clock?: Clock
}

/** How to wait for a connection. */
export interface AcquireOptions {
  readonly signal?: AbortSignal
  /** Told each time that the budget is spent, with the milliseconds until the next place. */
  readonly onWait?: (waitMs: number) => void
}

/**
 * Limits how many connections are opened in a rolling window; it makes callers wait, never fail.
 *
 * The exchange counts by address: share one budget among all streams of a machine.
 *
 * @example
 * const budget = new ConnectionBudget({ limit: 100 })
 * if (await budget.acquire({ signal })) connect()
 */
export class ConnectionBudget {
  readonly #limit: number
  readonly #windowMs: number
  readonly #clock: Clock
  #openedAt: number[] = []

  constructor(options: ConnectionBudgetOptions = {}) {
    this.#limit = options.limit ?? 300
    this.#windowMs = options.windowMs ?? 300_000
    this.#clock = options.clock ?? systemClock
  }

  /** Waits for a place in the window; false when the signal aborted first. */
  async acquire({ signal, onWait }: AcquireOptions = {}): Promise<boolean> {
    while (!signal?.aborted) {
      const waitMs = this.#take()
      if (waitMs === 0) return true
      onWait?.(waitMs)
      await sleep(this.#clock, waitMs, signal)
    }
    return false
  }

  /** Takes a place and returns 0, or the milliseconds until the oldest place is free. */
  #take(): number {
    const now = nowMs(this.#clock)
    this.#openedAt = this.#openedAt
      // A clock that was set back must not close the window for hours.
      .map((openedAt) => Math.min(openedAt, now))
      .filter((openedAt) => openedAt > now - this.#windowMs)
    const oldest = this.#openedAt[0]
    if (oldest !== undefined && this.#openedAt.length >= this.#limit) {
      return oldest + this.#windowMs - now
    }
    this.#openedAt.push(now)
    return 0
  }
}

/** The budget of every stream of this process that is given none. */
export const sharedConnectionBudget: ConnectionBudget = new ConnectionBudget()
