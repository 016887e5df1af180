import { performance } from 'node:perf_hooks'

const TICK_MS = 1000
/** A stall this long means that the process was not alive in any useful sense. */
const STALL_MS = 30_000
/** How long a stall is reported after it ended: a stalled loop cannot answer while it lasts. */
const REPORT_MS = 60_000

/**
 * Watches the event loop by a timer that should fire every second, and lets others use the tick.
 *
 * It reads the monotonic clock: a wall clock that is set must not look like a stall.
 */
export class LoopWatchdog {
  readonly #timer: NodeJS.Timeout
  #lastMs = performance.now()
  #stalledAtMs: number | null = null

  constructor(onTick: () => void) {
    this.#timer = setInterval(() => {
      this.#look()
      onTick()
    }, TICK_MS)
  }

  /** Whether the loop stood still for more than 30 s within the last minute. */
  get stalled(): boolean {
    return this.#stalledAtMs !== null && performance.now() - this.#stalledAtMs < REPORT_MS
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  #look(): void {
    const nowMs = performance.now()
    if (nowMs - this.#lastMs > STALL_MS) this.#stalledAtMs = nowMs
    this.#lastMs = nowMs
  }
}
