import { type Clock, sleep } from './clock.ts'

/** The bounds of a delay that doubles with every failure in a row. */
export interface BackoffBounds {
  /** The bound of the delay after the first failure, in milliseconds. */
  readonly baseMs: number
  /** The largest bound, in milliseconds. */
  readonly capMs: number
  /** Whether a delay is random from zero to its bound, or the bound itself. Default true. */
  readonly jitter?: boolean
}

/**
 * Exponential backoff: each delay is random, from zero to a bound that doubles (full jitter), or that
 * bound itself.
 *
 * @example
 * const backoff = new Backoff({ baseMs: 500, capMs: 30_000 })
 * backoff.next() // 0 to 500
 * backoff.next() // 0 to 1000
 */
export class Backoff {
  readonly #bounds: BackoffBounds
  readonly #random: () => number
  #failures = 0

  constructor(bounds: BackoffBounds, random: () => number = Math.random) {
    this.#bounds = bounds
    this.#random = random
  }

  /** The failures in a row: how often `next` was called since the last reset. */
  get failures(): number {
    return this.#failures
  }

  /** Counts a failure; gives the delay after it, in whole milliseconds. */
  next(): number {
    const { baseMs, capMs, jitter = true } = this.#bounds
    const bound = Math.min(capMs, baseMs * 2 ** this.#failures)
    this.#failures++
    return jitter ? Math.floor(this.#random() * bound) : bound
  }

  /** Starts again from the base, after a success. */
  reset(): void {
    this.#failures = 0
  }
}

/**
 * Ends a wait early. A wake-up that comes while nobody waits ends the next wait at once, so that none
 * is lost.
 *
 * @example
 * const wakeUp = new WakeUp()
 * database.on('notification', () => wakeUp.now())
 * await wakeUp.sleep(systemClock, 30_000, signal)
 */
export class WakeUp {
  #controller = new AbortController()

  /** Ends the present wait, or else the next one. */
  now(): void {
    this.#controller.abort()
  }

  /** Forgets a pending wake-up, because the work that it asks for is about to be done. */
  clear(): void {
    if (this.#controller.signal.aborted) this.#controller = new AbortController()
  }

  /** Waits for some milliseconds of a clock; a wake-up or an abort ends the wait early, without an error. */
  async sleep(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
    const ends = this.#controller.signal
    await sleep(clock, delayMs, signal === undefined ? ends : AbortSignal.any([signal, ends]))
    this.clear()
  }
}

/** What {@link retry} and {@link repeat} do after a failure. */
export interface RetryOptions {
  readonly clock: Clock
  readonly backoff: BackoffBounds
  /** Stops: `retry` rejects with the signal's reason, `repeat` resolves. */
  readonly signal?: AbortSignal | undefined
  /** Source of the jitter, from 0 to 1. Default `Math.random`. */
  readonly random?: (() => number) | undefined
  /** Ends waits early. */
  readonly wakeUp?: WakeUp | undefined
  /** Called for each failure that is retried, and after a recovery with error null and failures 0. */
  readonly onRetry?: ((error: unknown, failures: number) => void) | undefined
  /** Whether to retry after an error, given the failures in a row. Default: always. */
  readonly isRetryable?: ((error: unknown, failures: number) => boolean) | undefined
}

/**
 * Calls `work` until it succeeds, with a growing delay after each failure; gives its result.
 *
 * Rejects with an error that `isRetryable` refuses, and with the signal's reason on an abort.
 *
 * @example
 * const body = await retry(() => fetchBody(url), { clock, backoff: { baseMs: 500, capMs: 30_000 }, signal })
 */
export async function retry<Result>(
  work: () => Promise<Result>,
  options: RetryOptions,
): Promise<Result> {
  const { signal, onRetry } = options
  const failed = new Failures(options)
  for (;;) {
    signal?.throwIfAborted()
    try {
      const result = await work()
      if (failed.inARow > 0) onRetry?.(null, 0)
      return result
    } catch (error) {
      await failed.wait(error)
    }
  }
}

/**
 * Calls `work` repeatedly until the signal aborts. `work` gives the delay before the next call, in
 * milliseconds; after a failure the backoff decides.
 *
 * Rejects with an error that `isRetryable` refuses. A failure after the abort is ignored.
 *
 * @example
 * await repeat(async () => { await readInstruments(); return 20_000 }, { clock, backoff, signal, onRetry })
 */
export async function repeat(work: () => Promise<number>, options: RetryOptions): Promise<void> {
  const { clock, signal, wakeUp = new WakeUp(), onRetry } = options
  const failed = new Failures({ ...options, wakeUp })
  while (!signal?.aborted) {
    try {
      wakeUp.clear()
      const delayMs = await work()
      if (failed.inARow > 0) onRetry?.(null, 0)
      failed.reset()
      await wakeUp.sleep(clock, delayMs, signal)
    } catch (error) {
      if (signal?.aborted) return
      await failed.wait(error)
    }
  }
}

/** Counts failures in a row, and waits after each. */
class Failures {
  readonly #options: RetryOptions
  readonly #backoff: Backoff

  constructor(options: RetryOptions) {
    this.#options = options
    this.#backoff = new Backoff(options.backoff, options.random)
  }

  get inARow(): number {
    return this.#backoff.failures
  }

  reset(): void {
    this.#backoff.reset()
  }

  /** Waits before the next attempt; throws the error when there is none. */
  async wait(error: unknown): Promise<void> {
    const { clock, signal, wakeUp, onRetry, isRetryable } = this.#options
    signal?.throwIfAborted()
    if (isRetryable?.(error, this.inARow + 1) === false) throw error
    const delayMs = this.#backoff.next()
    onRetry?.(error, this.inARow)
    if (wakeUp === undefined) await sleep(clock, delayMs, signal)
    else await wakeUp.sleep(clock, delayMs, signal)
  }
}

/**
 * Settles with a promise, or rejects as soon as the signal aborts: with the signal's reason, or with
 * the error that `toError` makes of it. It does not stop the work behind the promise.
 *
 * @example
 * await untilAborted(pool.end(), AbortSignal.timeout(2000))
 */
export function untilAborted<Result>(
  promise: Promise<Result>,
  signal: AbortSignal | undefined,
  toError: (reason: unknown) => unknown = (reason) => reason,
): Promise<Result> {
  if (signal === undefined) return promise
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(toError(signal.reason))
    if (signal.aborted) abort()
    signal.addEventListener('abort', abort, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}
