import { type Clock, nowMs, systemClock, untilAborted } from '@grid/core-events'
import { abortedError } from '../errors.ts'
import type { RestCallOptions } from '../rate-limit/call-options.ts'

/** One reading of the exchange's clock, and the times between which it was read. */
export interface ServerTime {
  /** Epoch milliseconds. */
  readonly exchangeTs: number
  /** The same instant in nanoseconds, as digits: too many for a number. */
  readonly timeNano: string
  /** When the request was sent, in epoch microseconds. */
  readonly sentUs: number
  /** When the answer was received, in epoch microseconds. */
  readonly localTsUs: number
}

/** Options of a {@link ServerClock}. */
export interface ServerClockOptions {
  /** Reads the exchange's clock once: `BybitRestClient.time`. */
  readonly readTime: (options: RestCallOptions) => Promise<ServerTime>
  readonly clock?: Clock | undefined
  /** A measurement is the median of this many samples; default 5. */
  readonly samples?: number | undefined
  /** A measurement older than this is renewed when it is used; default 600,000 ms. */
  readonly refreshMs?: number | undefined
}

/** How far the exchange's clock is ahead of ours, and how exactly that is known. */
interface Measurement {
  readonly offsetMs: number
  readonly halfTripMs: number
  readonly atMs: number
}

const SAMPLES = 5
const REFRESH_MS = 600_000
/** A younger measurement is not doubted: the exchange bans clients that ask for the time too often. */
const MIN_AGE_MS = 5_000
/** By how much `nowMs` may be early, to be on the safe side; the exchange accepts ten times as much. */
const MAX_BIAS_MS = 500

/**
 * The exchange's clock, as measured from here: for the times of requests, never for those of events.
 *
 * The offset is the median of several samples; each sample assumes that the exchange read its clock in
 * the middle of the round trip. The exchange refuses a time that is a second ahead of its own, but
 * accepts one that is a little late. `nowMs` is therefore early by half a round trip, which is as much
 * as the offset may be wrong.
 *
 * Share one clock among the clients and streams of a host. It has no timer: an old measurement is
 * renewed in the background when it is used.
 *
 * @example
 * const client = new BybitRestClient()
 * const serverClock = new ServerClock({ readTime: (options) => client.time(options) })
 * await serverClock.ready()
 * serverClock.nowMs()
 */
export class ServerClock {
  readonly #options: ServerClockOptions
  readonly #clock: Clock
  #measured: Measurement | null = null
  #isDoubtful = true
  #measuring: Promise<void> | null = null
  #abandon = new AbortController()
  #waiting = 0

  constructor(options: ServerClockOptions) {
    this.#options = options
    this.#clock = options.clock ?? systemClock
  }

  /** How far the exchange's clock is ahead of ours, in milliseconds; null before the first measurement. */
  get offsetMs(): number | null {
    return this.#measured?.offsetMs ?? null
  }

  /** The exchange's time in whole epoch milliseconds, never ahead of it; ours before the first measurement. */
  nowMs(): number {
    const { offsetMs, halfTripMs } = this.#measured ?? { offsetMs: 0, halfTripMs: 0 }
    return Math.floor(nowMs(this.#clock) + offsetMs - Math.min(halfTripMs, MAX_BIAS_MS))
  }

  /**
   * Resolves when there is a measurement that is not in doubt; measures if there is none.
   *
   * Throws `ABORTED`, or what reading the time throws.
   */
  async ready(signal?: AbortSignal): Promise<void> {
    if (!this.#isDoubtful) {
      if (this.#ageMs() >= (this.#options.refreshMs ?? REFRESH_MS)) this.#refresh()
      return
    }
    if (signal?.aborted) throw abortedError(signal.reason)
    this.#measuring ??= this.#measure()
    await this.#share(this.#measuring, signal)
  }

  /** The exchange refused a time of this clock: the next `ready` measures anew. */
  doubt(): void {
    if (this.#measured === null || this.#ageMs() >= MIN_AGE_MS) this.#isDoubtful = true
  }

  #refresh(): void {
    if (this.#measuring !== null) return
    this.#measuring = this.#measure()
    // If it fails, the next use of the old measurement tries again.
    this.#measuring.catch(() => {})
  }

  /** Absolute, because our clock may have been set back meanwhile. */
  #ageMs(): number {
    return this.#measured === null ? 0 : Math.abs(nowMs(this.#clock) - this.#measured.atMs)
  }

  async #measure(): Promise<void> {
    const { readTime, samples = SAMPLES } = this.#options
    const { signal } = this.#abandon
    const taken: Measurement[] = []
    try {
      while (taken.length < samples) {
        taken.push(measurement(await readTime({ signal, priority: 0 }), nowMs(this.#clock)))
      }
    } catch (error) {
      if (taken.length === 0) throw error
    } finally {
      this.#measuring = null
      this.#abandon = new AbortController()
    }
    const median = taken.sort((a, b) => a.offsetMs - b.offsetMs)[taken.length >> 1]
    if (median === undefined) return
    this.#measured = median
    this.#isDoubtful = false
  }

  /** Waits for a measurement that several may wait for: it goes on until the last of them gives up. */
  async #share(measuring: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
    const abandon = this.#abandon
    this.#waiting++
    try {
      await untilAborted(measuring, signal, abortedError)
    } finally {
      if (--this.#waiting === 0 && signal?.aborted) abandon.abort()
    }
  }
}

function measurement(time: ServerTime, atMs: number): Measurement {
  const { timeNano, sentUs, localTsUs } = time
  const exchangeMs = Number(timeNano.slice(0, -3)) / 1000
  const middleMs = (sentUs + localTsUs) / 2000
  return { offsetMs: exchangeMs - middleMs, halfTripMs: (localTsUs - sentUs) / 2000, atMs }
}
