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
    if (lagMs < bucket.fastestMs) bucket.fastestMs = lagMs
    if (lagMs > bucket.slowestMs) bucket.slowestMs = lagMs
  }

  /** How much later than the fastest delivery the slowest came, in milliseconds; null before that is known. */
  get excessMs(): number | null {
    const buckets = [this.#now, this.#before]
    if (buckets.reduce((sum, { count }) => sum + count, 0) < ENOUGH) return null
    const fastest = Math.min(...buckets.map(({ fastestMs }) => fastestMs))
    return Math.max(...buckets.map(({ slowestMs }) => slowestMs)) - fastest
  }
}

function emptyBucket(sinceMs: number): Bucket {
  return { sinceMs, count: 0, fastestMs: Infinity, slowestMs: -Infinity }
}
