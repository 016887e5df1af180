import type { Clock, ClockTimer } from '@grid/core-events'
import { durationText } from '@grid/core-events'
import { abortedError, BybitAdapterError } from '../errors.ts'

/**
 * Ends a request when its owner aborts it, or when nothing is received in time.
 *
 * @example
 * using deadline = new Deadline(endpoint, clock, 10_000, signal)
 * const response = await fetch(url, { signal: deadline.signal }).catch(deadline.fail)
 */
export class Deadline implements Disposable {
  readonly #endpoint: string
  readonly #clock: Clock
  readonly #timeoutMs: number
  readonly #owner: AbortSignal | undefined
  readonly #controller = new AbortController()
  readonly #abort = (): void => this.#controller.abort()
  #timer: ClockTimer
  #isLate = false

  constructor(endpoint: string, clock: Clock, timeoutMs: number, owner?: AbortSignal) {
    this.#endpoint = endpoint
    this.#clock = clock
    this.#timeoutMs = timeoutMs
    this.#owner = owner
    this.#timer = this.#start()
    owner?.addEventListener('abort', this.#abort, { once: true })
    if (owner?.aborted) this.#abort()
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** Stops the time limit while nothing is asked for. */
  hold(): void {
    this.#timer.cancel()
  }

  /** Starts the time limit anew. */
  renew(): void {
    this.#timer.cancel()
    this.#timer = this.#start()
  }

  /** Throws the error that says why a request failed. */
  readonly fail = (cause: unknown): never => {
    const endpoint = this.#endpoint
    if (this.#owner?.aborted) {
      throw abortedError(this.#owner.reason, endpoint)
    }
    if (this.#isLate) {
      const message = `${endpoint}: nothing came for ${durationText(this.#timeoutMs)}`
      throw new BybitAdapterError('TIMEOUT', message, { endpoint, retryable: true })
    }
    const message = `${endpoint}: the connection failed: ${describe(cause)}`
    throw new BybitAdapterError('NETWORK', message, { cause, endpoint, retryable: true })
  };

  [Symbol.dispose](): void {
    this.#timer.cancel()
    this.#owner?.removeEventListener('abort', this.#abort)
  }

  #start(): ClockTimer {
    return this.#clock.setTimer(() => {
      this.#isLate = true
      this.#abort()
    }, this.#timeoutMs)
  }
}

/** The innermost reason: fetch wraps it in a "fetch failed". */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (error.cause instanceof Error) return describe(error.cause)
  return error.message === '' && 'code' in error ? String(error.code) : error.message
}
