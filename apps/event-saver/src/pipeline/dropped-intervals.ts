import type { CaptureGap } from '@grid/core-events'
import { type StreamName, streamKey, streamOf } from './stream-name.ts'

/** A moment of a stream. */
export type Moment = StreamName & { readonly ts: number }

/**
 * Turns items that could not be kept into gaps: one interval a stream, from the first to the last
 * item dropped, until the interval is ended.
 */
export class DroppedIntervals {
  readonly #open = new Map<string, { stream: StreamName; startTs: number; endTs: number }>()

  /** Whether items are being dropped. */
  get isOpen(): boolean {
    return this.#open.size > 0
  }

  /** Extends the stream's interval by the moment of a dropped item. */
  note(moment: Moment): void {
    const { ts } = moment
    const key = streamKey(moment)
    const interval = this.#open.get(key)
    if (interval === undefined) {
      this.#open.set(key, { stream: streamOf(moment), startTs: ts, endTs: ts })
    } else {
      interval.startTs = Math.min(interval.startTs, ts)
      interval.endTs = Math.max(interval.endTs, ts)
    }
  }

  /** Ends and gives all open intervals. */
  end(): CaptureGap[] {
    const intervals = [...this.#open.values()]
    this.#open.clear()
    return intervals.map(({ stream, startTs, endTs }) => ({
      ...stream,
      startTs,
      endTs,
      reason: 'queue_full',
    }))
  }
}
