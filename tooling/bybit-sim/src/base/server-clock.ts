import type { Clock, ClockTimer } from '@grid/core-events'

/** The exchange's own clock, which a fault can put wrong; its timers keep true time. */
export class ServerClock implements Clock {
  readonly #clock: Clock
  #offsetUs = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Puts the clock that far ahead of true time, or behind it when negative. */
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
