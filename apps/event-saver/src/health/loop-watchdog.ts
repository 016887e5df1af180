import { performance } from 'node:perf_hooks'

const TICK_MS = 1000
/** A stall of this length counts: the process neither captured nor answered. */
const STALL_MS = 30_000
/** How long an ended stall is reported. While a stall lasts, nothing can be reported. */
const REPORT_MS = 60_000

/**
 * Notices when the event loop stands still, by a timer that should fire every second.
 *
 * Reads the monotonic clock, so that setting the wall clock does not look like a stall.
 */
export class LoopWatchdog {
  readonly #timer: NodeJS.Timeout
  #lastMs = performance.now()
  #stalledAtMs: number | null = null

  /** Calls `onTick` every second; what it throws goes to `onError`, as a timer's error would end the process. */
  constructor(onTick: () => void, onError: (error: unknown) => void) {
    this.#timer = setInterval(() => {
      this.#look()
      try {
        onTick()
      } catch (error) {
        onError(error)
      }
    }, TICK_MS)
  }

  /** Whether a stall of more than 30 s ended within the last minute. */
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
