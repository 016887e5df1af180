import { performance } from 'node:perf_hooks'

const TICK_MS = 1000
/** A stall of this length counts: what the sockets brought was not read meanwhile. */
const STALL_MS = 5000
/** How long an ended stall is reported. While a stall lasts, nothing can be reported. */
const REPORT_MS = 10_000

/** The stalls of the event loop since the start. */
export interface LoopStalls {
  readonly count: number
  readonly totalMs: number
}

/** Whom a watchdog tells, and how it reads the time. */
export interface LoopWatchdogOptions {
  /** Called every second. */
  readonly onTick: () => void
  /** Takes what `onTick` throws: a timer's error would end the process. */
  readonly onError: (error: unknown) => void
  /** Told of each stall of more than 5 s, when it is over. */
  readonly onStall?: (lastedMs: number) => void
  /** In milliseconds; never set back. Default: the monotonic clock. */
  readonly nowMs?: () => number
}

/**
 * Notices when the event loop stood still, by a timer that should fire every second.
 *
 * Reads the monotonic clock, so that setting the wall clock does not look like a stall. It only tells: a process that
 * was stopped and goes on is healthy.
 */
export class LoopWatchdog {
  readonly #options: LoopWatchdogOptions
  readonly #nowMs: () => number
  readonly #timer: NodeJS.Timeout
  #lastMs: number
  #stall: { readonly endedMs: number; readonly lastedMs: number } | null = null
  #count = 0
  #totalMs = 0

  constructor(options: LoopWatchdogOptions) {
    this.#options = options
    this.#nowMs = options.nowMs ?? (() => performance.now())
    this.#lastMs = this.#nowMs()
    this.#timer = setInterval(() => {
      try {
        this.#look()
        options.onTick()
      } catch (error) {
        options.onError(error)
      }
    }, TICK_MS)
  }

  /** How long the loop stood still, in milliseconds, when that ended within the last 10 s; else null. */
  get stalledMs(): number | null {
    this.#look()
    if (this.#stall === null || this.#nowMs() - this.#stall.endedMs >= REPORT_MS) return null
    return this.#stall.lastedMs
  }

  get stalls(): LoopStalls {
    return { count: this.#count, totalMs: this.#totalMs }
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  /** A request may be answered before the timer fires: whoever asks looks too. */
  #look(): void {
    const nowMs = this.#nowMs()
    const lastedMs = nowMs - this.#lastMs
    this.#lastMs = nowMs
    if (lastedMs <= STALL_MS) return
    this.#stall = { endedMs: nowMs, lastedMs }
    this.#count += 1
    this.#totalMs += lastedMs
    this.#options.onStall?.(lastedMs)
  }
}
