import type { Clock, ClockTimer } from '@grid/core-events'

const TICK_MS = 1000
/** A stall this long means that the process was not alive in any useful sense. */
const STALL_MS = 30_000
/** How long a stall is reported after it ended: a stalled loop cannot answer while it lasts. */
const REPORT_MS = 60_000

/** Watches the event loop by a timer that should fire every second. */
export class LoopWatchdog {
  readonly #clock: Clock
  #timer: ClockTimer
  #lastUs: number
  #stalledAtUs: number | null = null

  constructor(clock: Clock) {
    this.#clock = clock
    this.#lastUs = clock.nowUs()
    this.#timer = clock.setTimer(() => this.#tick(), TICK_MS)
  }

  /** Whether the loop stands still, or did within the last minute, for more than 30 s. */
  get stalled(): boolean {
    const nowUs = this.#clock.nowUs()
    if (nowUs - this.#lastUs > STALL_MS * 1000) this.#stalledAtUs = nowUs
    return this.#stalledAtUs !== null && nowUs - this.#stalledAtUs < REPORT_MS * 1000
  }

  stop(): void {
    this.#timer.cancel()
  }

  #tick(): void {
    const nowUs = this.#clock.nowUs()
    if (nowUs - this.#lastUs > STALL_MS * 1000) this.#stalledAtUs = nowUs
    this.#lastUs = nowUs
    this.#timer = this.#clock.setTimer(() => this.#tick(), TICK_MS)
  }
}
