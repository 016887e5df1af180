import { type Clock, type ClockTimer, nowMs, systemClock } from '@grid/core-events'
import type { RequestPriority } from '../../rate-limit/request-window.ts'

/** Options of a {@link ConnectionBudget}. */
export interface ConnectionBudgetOptions {
  /** Connections per window; default 400: the exchange cuts off an address at 500 in 5 minutes. */
  readonly limit?: number
  readonly windowMs?: number
  /** Connections in any second, so that hundreds are not opened at once; default 20. */
  readonly perSecond?: number
  readonly clock?: Clock
}

/** How to wait for a connection. */
export interface AcquireOptions {
  readonly signal?: AbortSignal
  /** 0 goes first, 9 last; default 5. */
  readonly priority?: RequestPriority
  /** Told once if there is no free place: in how many milliseconds the next place is free. */
  readonly onWait?: (waitMs: number) => void
}

interface Waiter {
  readonly priority: number
  readonly settle: (isGranted: boolean) => void
}

/**
 * Limits how many connections are opened in a rolling window: callers wait, and never fail.
 *
 * Callers are served by priority, then in the order of asking. The exchange counts by address: share
 * one budget among all streams of a machine.
 *
 * @example
 * const budget = new ConnectionBudget({ limit: 100 })
 * if (await budget.acquire({ signal })) connect()
 */
export class ConnectionBudget {
  readonly #clock: Clock
  readonly #limits: readonly { readonly count: number; readonly windowMs: number }[]
  readonly #longestMs: number
  #openedAt: number[] = []
  #waiting: Waiter[] = []
  #timer: ClockTimer | null = null

  constructor(options: ConnectionBudgetOptions = {}) {
    const { limit = 400, windowMs = 300_000, perSecond = 20, clock = systemClock } = options
    this.#clock = clock
    this.#limits = [
      { count: limit, windowMs },
      { count: perSecond, windowMs: 1_000 },
    ]
    this.#longestMs = Math.max(windowMs, 1_000)
  }

  /** Waits for a place in the window; false if the signal aborts first. */
  acquire({ signal, priority = 5, onWait }: AcquireOptions = {}): Promise<boolean> {
    if (signal?.aborted) return Promise.resolve(false)
    return new Promise((resolve) => {
      const abort = (): void => {
        this.#waiting = this.#waiting.filter((other) => other !== waiter)
        waiter.settle(false)
        this.#serve()
      }
      const waiter: Waiter = {
        priority,
        settle: (isGranted) => {
          signal?.removeEventListener('abort', abort)
          resolve(isGranted)
        },
      }
      signal?.addEventListener('abort', abort, { once: true })
      const behind = this.#waiting.findIndex((other) => other.priority > priority)
      this.#waiting.splice(behind === -1 ? this.#waiting.length : behind, 0, waiter)
      const waitMs = this.#serve()
      if (this.#waiting.includes(waiter)) onWait?.(waitMs)
    })
  }

  /** Serves callers while there are places; gives the milliseconds until the next place, 0 if nobody waits. */
  #serve(): number {
    this.#timer?.cancel()
    this.#timer = null
    for (;;) {
      const [next] = this.#waiting
      if (next === undefined) return 0
      const waitMs = this.#waitMs()
      if (waitMs > 0) {
        this.#timer = this.#clock.setTimer(() => this.#serve(), waitMs)
        return waitMs
      }
      this.#waiting.shift()
      this.#openedAt.push(nowMs(this.#clock))
      next.settle(true)
    }
  }

  /** The milliseconds until every limit has a place. */
  #waitMs(): number {
    const now = nowMs(this.#clock)
    this.#openedAt = this.#openedAt
      // A clock that was set back must not block connections for hours.
      .map((openedAt) => Math.min(openedAt, now))
      .filter((openedAt) => openedAt > now - this.#longestMs)
    const waits = this.#limits.map(({ count, windowMs }) => {
      const oldest = this.#openedAt.at(-count)
      return oldest === undefined ? 0 : oldest + windowMs - now
    })
    return Math.max(0, ...waits)
  }
}

/** The budget of all streams of this process that are given no other. */
export const sharedConnectionBudget: ConnectionBudget = new ConnectionBudget()
