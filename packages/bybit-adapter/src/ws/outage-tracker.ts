import { type Clock, type ClockTimer, type Gap, type GapReason, nowMs } from '@grid/core-events'
import type { WantedTopic } from '../channels/registry.ts'
import { Timers } from './timers.ts'

/** What a tracker is told once a topic is back. */
export type OnOutageEnd = (
  topic: WantedTopic,
  bounds: Pick<Gap, 'startTs' | 'endTs' | 'reason'>,
) => void

/** Options of an {@link OutageTracker}. */
export interface OutageTrackerOptions {
  readonly topics: readonly WantedTopic[]
  readonly clock: Clock
  readonly padMs: number
  readonly onOutageEnd: OnOutageEnd
}

interface Coverage {
  readonly wanted: WantedTopic
  /** Receive time of the newest data. */
  lastDataMs: number | null
  /** Since when the topic is subscribed on the open connection. */
  coveredSinceMs: number | null
  outage: { readonly startTs: number; readonly reason: GapReason } | null
  silence: ClockTimer | null
}

/**
 * Measures, topic by topic, the interval in which events may have been missed around a reconnect.
 *
 * It starts a pad before the last frame of the old socket, or at the topic's last data if that is
 * earlier. It ends at the topic's first data, or a pad after its ack when it stays silent. Several
 * disconnects before that make one outage. Bounds are rounded outwards to whole milliseconds.
 */
export class OutageTracker {
  readonly #options: OutageTrackerOptions
  readonly #timers: Timers
  readonly #coverage: ReadonlyMap<string, Coverage>

  constructor(options: OutageTrackerOptions) {
    this.#options = options
    this.#timers = new Timers(options.clock)
    this.#coverage = new Map(
      options.topics.map((wanted) => [
        wanted.topic,
        { wanted, lastDataMs: null, coveredSinceMs: null, outage: null, silence: null },
      ]),
    )
  }

  /** The socket is gone; a topic that it did not serve has nothing to lose. */
  onDisconnect(lastInboundMs: number, reason: GapReason): void {
    this.#timers.clear()
    for (const topic of this.#coverage.values()) {
      if (topic.outage === null && topic.coveredSinceMs !== null) {
        const lastSeenMs = topic.lastDataMs ?? topic.coveredSinceMs
        const startTs = Math.min(lastInboundMs - this.#options.padMs, lastSeenMs)
        topic.outage = { startTs, reason }
      }
      topic.coveredSinceMs = null
    }
  }

  /** A topic without snapshot is subscribed: silence from here on is a quiet market. */
  onProven(name: string): void {
    const topic = this.#coverage.get(name)
    if (topic === undefined || topic.coveredSinceMs !== null) return
    const ackMs = nowMs(this.#options.clock)
    topic.coveredSinceMs = ackMs
    if (topic.outage === null) return
    const { padMs } = this.#options
    topic.silence = this.#timers.set(() => this.#end(topic, ackMs + padMs), padMs)
  }

  /** Data of a topic came in; `exchangeTs` is that of its first event, if it has one. */
  onData(name: string, localTsUs: number, exchangeTs: number | undefined): void {
    const topic = this.#coverage.get(name)
    if (topic === undefined) return
    const receivedMs = Math.floor(localTsUs / 1000)
    topic.lastDataMs = receivedMs
    topic.coveredSinceMs ??= receivedMs
    if (topic.outage === null) return
    this.#end(topic, Math.max(Math.ceil(localTsUs / 1000), exchangeTs ?? 0))
  }

  /** Stops; outages that are still open are not reported. */
  close(): void {
    this.#timers.clear()
    for (const topic of this.#coverage.values()) {
      topic.outage = null
      topic.coveredSinceMs = null
    }
  }

  #end(topic: Coverage, endTs: number): void {
    const { outage } = topic
    if (outage === null) return
    topic.outage = null
    topic.silence?.cancel()
    // A clock that was set back in between must not turn the interval round.
    this.#options.onOutageEnd(topic.wanted, { ...outage, endTs: Math.max(endTs, outage.startTs) })
  }
}
