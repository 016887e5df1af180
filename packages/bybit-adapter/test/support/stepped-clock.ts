import type { Clock, ClockTimer } from '@grid/core-events'

interface Pending {
  readonly atMs: number
  readonly callback: () => void
}

/** A clock that stands still until it is advanced. */
export class SteppedClock implements Clock {
  #nowMs = 1_760_000_000_000
  readonly #pending = new Set<Pending>()

  get nowMs(): number {
    return this.#nowMs
  }

  get pendingTimers(): number {
    return this.#pending.size
  }

  nowUs(): number {
    return this.#nowMs * 1000
  }

  setTimer(callback: () => void, delayMs: number): ClockTimer {
    const timer = { atMs: this.#nowMs + delayMs, callback }
    this.#pending.add(timer)
    return { cancel: () => void this.#pending.delete(timer) }
  }

  /** Lets time pass and fires what is due, in order. */
  advance(ms: number): void {
    const end = this.#nowMs + ms
    for (;;) {
      const [next] = [...this.#pending].sort((a, b) => a.atMs - b.atMs)
      if (next === undefined || next.atMs > end) break
      this.#pending.delete(next)
      this.#nowMs = Math.max(this.#nowMs, next.atMs)
      next.callback()
    }
    this.#nowMs = end
  }
}
