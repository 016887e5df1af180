import type { Gap, GridEvent } from '@grid/core-events'

type Interval = { -readonly [Key in keyof Gap]: Gap[Key] }

/**
 * Turns events that could not be kept into gaps: one interval a stream, from the first to the last
 * event dropped in a row.
 */
export class DroppedIntervals {
  readonly #open = new Map<string, Interval>()

  get size(): number {
    return this.#open.size
  }

  /** Extends the stream's interval by a dropped event. */
  note(event: GridEvent): void {
    const key = streamKey(event)
    const interval = this.#open.get(key)
    if (interval === undefined) {
      this.#open.set(key, {
        category: event.category,
        channel: event.channel,
        symbol: event.symbol,
        startTs: event.exchangeTs,
        endTs: event.exchangeTs,
        reason: 'queue_full',
      })
    } else {
      interval.startTs = Math.min(interval.startTs, event.exchangeTs)
      interval.endTs = Math.max(interval.endTs, event.exchangeTs)
    }
  }

  /** Ends the interval of the stream of an event that was kept again; undefined when none is open. */
  endBy(event: GridEvent): Gap | undefined {
    if (this.#open.size === 0) return undefined
    const key = streamKey(event)
    const interval = this.#open.get(key)
    this.#open.delete(key)
    return interval
  }

  /** Ends and gives every open interval. */
  endAll(): Gap[] {
    const gaps = [...this.#open.values()]
    this.#open.clear()
    return gaps
  }
}

function streamKey(event: GridEvent): string {
  return `${event.channel} ${event.category} ${event.symbol}`
}
