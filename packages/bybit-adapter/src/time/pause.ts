import { type Clock, nowMs } from '@grid/core-events'

/** A time during which nothing may be sent. */
export class Pause {
  readonly #clock: Clock
  #untilMs = 0
  #lengthMs = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Its end in epoch milliseconds; null when there is none. */
  get untilMs(): number | null {
    const remaining = this.remainingMs
    return remaining === 0 ? null : nowMs(this.#clock) + remaining
  }

  get remainingMs(): number {
    const now = nowMs(this.#clock)
    // A clock that was set back must not stretch the pause.
    this.#untilMs = Math.min(this.#untilMs, now + this.#lengthMs)
    return Math.max(0, this.#untilMs - now)
  }

  /** Pauses for some milliseconds from now on; never shortens a pause. */
  extend(lengthMs: number): void {
    if (lengthMs < this.remainingMs) return
    this.#lengthMs = Math.ceil(lengthMs)
    this.#untilMs = nowMs(this.#clock) + this.#lengthMs
  }
}
