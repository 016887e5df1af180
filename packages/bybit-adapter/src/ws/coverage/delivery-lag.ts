import { MOST_AHEAD_MS } from '@grid/core-events'

/** How long a measurement counts: for this time at least, and twice this time at most. */
const WINDOW_MS = 1_800_000
/** Deliveries without which the lag counts as unknown. */
const ENOUGH = 64

interface Bucket {
  readonly sinceMs: number
  count: number
  fastestMs: number
  slowestMs: number
}

/**
 * Measures how long the data of one topic is under way, against its own fastest delivery of the last half
 * hour to hour: the difference of the two clocks, whatever it is, falls out of the comparison.
 */
export class DeliveryLag {
  #now: Bucket = emptyBucket(0)
  #before: Bucket = emptyBucket(0)

  /** A delivery: receive time by our clock, and the time that the exchange gives it. */
  note(receivedMs: number, exchangeTs: number): void {
    if (Math.abs(receivedMs - this.#now.sinceMs) >= WINDOW_MS) {
      this.#before = this.#now
      this.#now = emptyBucket(receivedMs)
    }
    const bucket = this.#now
    const lagMs = receivedMs - exchangeTs
    bucket.count++
    // One absurd time must not make all others slow.
    if (lagMs >= -MOST_AHEAD_MS && lagMs < bucket.fastestMs) bucket.fastestMs = lagMs
    if (lagMs > bucket.slowestMs) bucket.slowestMs = lagMs
  }

  /** How much later than the fastest delivery the slowest came, in milliseconds; null before that is known. */
  get excessMs(): number | null {
    const count = this.#now.count + this.#before.count
    return count < ENOUGH || this.#fastestMs === Infinity ? null : this.#slowestMs - this.#fastestMs
  }

  /** By how much our clock is behind the exchange's at least, in milliseconds; 0 where it is not known to be. */
  get behindMs(): number {
    const leastMs = this.#fastestMs === Infinity ? this.#slowestMs : this.#fastestMs
    return leastMs === -Infinity ? 0 : Math.max(0, -leastMs)
  }

  get #fastestMs(): number {
    return Math.min(this.#now.fastestMs, this.#before.fastestMs)
  }

  get #slowestMs(): number {
    return Math.max(this.#now.slowestMs, this.#before.slowestMs)
  }
}

function emptyBucket(sinceMs: number): Bucket {
  return { sinceMs, count: 0, fastestMs: Infinity, slowestMs: -Infinity }
}
