import { believableTs, type PublicEvent } from '@grid/core-events'
import { LONGEST_LAG_MS } from './topic-outage.ts'

/** Whether an event belongs to the opening of a subscription. */
export type IsOpening = (event: PublicEvent) => boolean

/**
 * How far one connection has come in one topic, by the exchange's time.
 *
 * A connection that speaks need not be current: what it delivers may have been long under way. The
 * state that a subscription opens with does not count, because only the new subscriber receives it.
 */
export class TopicProgress {
  /** Null for a topic that does not open with a snapshot. */
  readonly #isOpening: IsOpening | null
  #hasSpoken = false
  #firstMs: number | null = null
  #newestMs = 0
  /** Receive time of the newest frame. */
  #receivedMs = 0

  constructor(isOpening: IsOpening | null) {
    this.#isOpening = isOpening
  }

  /** The exchange's time of the first frame: the connection has received everything after it. */
  get firstMs(): number | null {
    return this.#firstMs
  }

  /** The exchange's time of the newest frame; 0 before the first. */
  get newestMs(): number {
    return this.#newestMs
  }

  /** Until when the topic's data has surely arrived, in epoch milliseconds; null without any. */
  get untilMs(): number | null {
    if (this.#firstMs === null) return null
    // One absurd time must not make a gap of years.
    return Math.min(this.#receivedMs, Math.max(this.#newestMs, this.#receivedMs - LONGEST_LAG_MS))
  }

  /** Data of the topic came in, perhaps without an event. */
  onData(localTsUs: number, events: readonly PublicEvent[]): void {
    const isFirst = !this.#hasSpoken
    this.#hasSpoken = true
    if (isFirst && this.#isOpening !== null) return
    let newest: number | null = null
    for (const event of events) {
      if (this.#isOpening?.(event)) continue
      newest = Math.max(newest ?? 0, believableTs(event))
    }
    if (newest === null) return
    this.#firstMs ??= newest
    this.#newestMs = newest
    this.#receivedMs = Math.floor(localTsUs / 1000)
  }
}
