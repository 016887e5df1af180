/** A timer that was set on a {@link Clock}. */
export interface ClockTimer {
  /** Stops the timer; does nothing when it has fired already. */
  cancel(): void
}

/**
 * The only source of time: all timers, stamps and signatures use it, so that tests can control time.
 *
 * @example
 * const timer = systemClock.setTimer(() => flush(), 500)
 */
export interface Clock {
  /** Wall time in epoch microseconds. */
  nowUs(): number
  /** Calls back once after a delay in milliseconds. */
  setTimer(callback: () => void, delayMs: number): ClockTimer
}

/** How far the fine counter may drift from the wall clock before it is set to the wall clock again. */
const MAX_DRIFT_MS = 2

let anchorMs = performance.timeOrigin

function nowUs(): number {
  const wall = Date.now()
  const fine = anchorMs + performance.now()
  if (Math.abs(fine - wall) <= MAX_DRIFT_MS) return Math.round(fine * 1000)
  followWallClock()
  return Math.round((anchorMs + performance.now()) * 1000)
}

/** Does nothing when the process was held up between its readings: they are then of different times. */
function followWallClock(): void {
  const before = performance.now()
  const wall = Date.now()
  const after = performance.now()
  if (after - before > 1 || Math.abs(anchorMs + after - wall) <= MAX_DRIFT_MS) return
  anchorMs = wall - after
}

/** The machine's clock: wall time with microseconds from the process's own fine counter. */
export const systemClock: Clock = {
  nowUs,
  setTimer(callback, delayMs) {
    const handle = setTimeout(callback, delayMs)
    return { cancel: () => clearTimeout(handle) }
  },
}

/**
 * A clock's wall time in whole epoch milliseconds, rounded down.
 *
 * @example
 * nowMs(systemClock) // 1760000000107
 */
export function nowMs(clock: Clock): number {
  return Math.floor(clock.nowUs() / 1000)
}

/**
 * Waits for some milliseconds of a clock; an abort ends the wait early, without an error.
 *
 * @example
 * await sleep(systemClock, 500, signal)
 */
export function sleep(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) return Promise.resolve()
  return new Promise((resolve) => {
    const done = (): void => {
      timer.cancel()
      signal?.removeEventListener('abort', done)
      resolve()
    }
    const timer = clock.setTimer(done, delayMs)
    signal?.addEventListener('abort', done, { once: true })
  })
}
