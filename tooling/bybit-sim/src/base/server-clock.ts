import type { Clock, ClockTimer } from '@grid/core-events'

/** The exchange's own clock: a fault can make it wrong, but its timers keep true time. */
export class ServerClock implements Clock {
  readonly #clock: Clock
  #offsetUs = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Sets how far the clock is ahead of true time; negative means behind. */
  setOffset(offsetMs: number): void {
    this.#offsetUs = Math.round(offsetMs * 1000)
  }

  nowUs(): number {
    return this.#clock.nowUs() + this.#offsetUs
  }

  setTimer(callback: () => void, delayMs: number): ClockTimer {
    return this.#clock.setTimer(callback, delayMs)
  }
}
