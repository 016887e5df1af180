/** An interval in epoch milliseconds. */
interface Interval {
  readonly startTs: number
  readonly endTs: number
}

/** Most intervals that are remembered apart. */
const MOST = 32

/**
 * Remembers which times were counted, in whatever order they came: what was dropped is known as a gap only once the
 * dropping ends, after later gaps.
 *
 * @example
 * times.add(0, 10) // 10
 * times.add(5, 15) // 5
 */
export class CoveredTimes {
  /** In order of time, none of them touching another. */
  #intervals: readonly Interval[] = []

  /** Adds an interval; gives how many milliseconds of it were not counted yet. */
  add(startTs: number, endTs: number): number {
    const meets = (other: Interval): boolean => other.startTs <= endTs && startTs <= other.endTs
    const met = this.#intervals.filter(meets)
    const counted = met.reduce(
      (sum, other) => sum + Math.min(endTs, other.endTs) - Math.max(startTs, other.startTs),
      0,
    )
    const whole = {
      startTs: Math.min(startTs, ...met.map((other) => other.startTs)),
      endTs: Math.max(endTs, ...met.map((other) => other.endTs)),
    }
    const others = this.#intervals.filter((other) => !meets(other))
    this.#intervals = [...others, whole].toSorted((a, b) => a.startTs - b.startTs).slice(-MOST)
    return endTs - startTs - counted
  }
}
