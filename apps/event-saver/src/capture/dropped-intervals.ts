import type { Gap, PublicEvent } from '@grid/core-events'

type Interval = { -readonly [Key in keyof Gap]: Gap[Key] }

/** A moment of a stream. */
export type Moment = Pick<PublicEvent, 'category' | 'channel' | 'symbol'> & { readonly ts: number }

/**
 * Turns items that could not be kept into gaps: one interval a stream, from the first to the last
 * item dropped, until the interval is ended.
 */
export class DroppedIntervals {
  readonly #open = new Map<string, Interval>()

  /** Whether items are being dropped. */
  get isOpen(): boolean {
    return this.#open.size > 0
  }

  /** Extends the stream's interval by the moment of a dropped item. */
  note({ category, channel, symbol, ts }: Moment): void {
    const key = `${channel} ${category} ${symbol}`
    const interval = this.#open.get(key)
    if (interval === undefined) {
      const reason = 'queue_full'
      this.#open.set(key, { category, channel, symbol, startTs: ts, endTs: ts, reason })
    } else {
      interval.startTs = Math.min(interval.startTs, ts)
      interval.endTs = Math.max(interval.endTs, ts)
    }
  }

  /** Ends and gives all open intervals. */
  end(): Gap[] {
    const gaps = [...this.#open.values()]
    this.#open.clear()
    return gaps
  }
}
