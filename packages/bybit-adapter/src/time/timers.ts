import type { Clock, ClockTimer } from '@grid/core-events'

/** Timers that belong together and can all be stopped at once. */
export class Timers {
  readonly #clock: Clock
  readonly #pending = new Set<ClockTimer>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Calls back once after a delay, unless stopped. */
  set(callback: () => void, delayMs: number): ClockTimer {
    const inner = this.#clock.setTimer(() => {
      this.#pending.delete(timer)
      callback()
    }, delayMs)
    const timer: ClockTimer = {
      cancel: () => {
        this.#pending.delete(timer)
        inner.cancel()
      },
    }
    this.#pending.add(timer)
    return timer
  }

  /** Stops every timer that has not fired. */
  clear(): void {
    for (const timer of [...this.#pending]) timer.cancel()
  }
}
