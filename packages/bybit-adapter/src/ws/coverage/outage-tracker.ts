import {
  type Channel,
  type Clock,
  type ClockTimer,
  type Gap,
  type GapReason,
  nowMs,
  type PublicChannel,
} from '@grid/core-events'
import type { WantedTopic } from '../../channels/registry.ts'
import { Timers } from '../../time/timers.ts'

/**
 * How long a trade or a change is believed to have been under way: the exchange cuts a connection that
 * is dead for as long, and one absurd time must not make a gap of years. A snapshot may tell of an old
 * state: a pad is all that it is believed.
 */
export const LONGEST_LAG_MS = 600_000

/** What a tracker is told once a topic is back. */
export type OnOutageEnd<Name extends Channel> = (
  topic: WantedTopic<Name>,
  bounds: Pick<Gap, 'startTs' | 'endTs' | 'reason'>,
) => void

/** Options of an {@link OutageTracker}. */
export interface OutageTrackerOptions<Name extends Channel = PublicChannel> {
  readonly clock: Clock
  readonly padMs: number
  /** Whether a connection that only answers pings has lost nothing: an outage then starts at its last frame. */
  readonly trustsPongs?: boolean
  readonly onOutageEnd: OnOutageEnd<Name>
}

/** What of an event says how old its data is. */
interface FirstEvent {
  readonly exchangeTs: number
  readonly isSnapshot?: boolean
}

interface Outage {
  readonly startTs: number
  readonly reason: GapReason
  /** The topic was acknowledged and yet silent: another ack proves nothing. */
  readonly endsByDataOnly: boolean
}

interface Coverage<Name extends Channel> {
  readonly wanted: WantedTopic<Name>
  /** Time of the newest data: the exchange's, for it may have been long under way. */
  lastDataMs: number | null
  /** Since when the topic is subscribed on an open connection. */
  coveredSinceMs: number | null
  outage: Outage | null
  silence: ClockTimer | null
}

/**
 * Measures, topic by topic, the interval in which events may have been missed.
 *
 * Around a reconnect it starts a pad before the last frame of the old socket, or at the topic's last
 * data if that is earlier; of a topic found silent, at its last data. It ends at the topic's first
 * data, or a pad after its ack when it stays silent. Several disconnects before that make one
 * outage. Bounds are rounded outwards to whole milliseconds.
 */
export class OutageTracker<Name extends Channel = PublicChannel> {
  readonly #options: OutageTrackerOptions<Name>
  readonly #timers: Timers
  readonly #coverage = new Map<string, Coverage<Name>>()

  constructor(options: OutageTrackerOptions<Name>) {
    this.#options = options
    this.#timers = new Timers(options.clock)
  }

  /** Begins to watch topics. */
  add(topics: readonly WantedTopic<Name>[]): void {
    for (const wanted of topics) {
      const nothing = { lastDataMs: null, coveredSinceMs: null, outage: null, silence: null }
      this.#coverage.set(wanted.topic, { wanted, ...nothing })
    }
  }

  /** Watches topics no more; an outage that is open ends here. */
  remove(names: readonly string[]): void {
    for (const name of names) {
      const topic = this.#coverage.get(name)
      if (topic !== undefined) this.#end(topic, nowMs(this.#options.clock))
      this.#coverage.delete(name)
    }
  }

  /** The topics' socket is gone; one that it did not serve has nothing to lose. */
  onDisconnect(names: readonly string[], lastInboundMs: number, reason: GapReason): void {
    for (const name of names) {
      const topic = this.#coverage.get(name)
      if (topic === undefined) continue
      topic.silence?.cancel()
      if (topic.outage === null && topic.coveredSinceMs !== null) {
        const { padMs, trustsPongs = false } = this.#options
        const lastSeenMs = topic.lastDataMs ?? topic.coveredSinceMs
        const startMs = lastInboundMs - padMs
        const startTs = trustsPongs ? startMs : Math.min(startMs, lastSeenMs)
        topic.outage = { startTs, reason, endsByDataOnly: false }
      }
      topic.coveredSinceMs = null
    }
  }

  /** A topic does not deliver although its connection does. */
  onSilent(name: string): void {
    const topic = this.#coverage.get(name)
    if (topic === undefined) return
    topic.silence?.cancel()
    const startTs = topic.outage?.startTs ?? topic.lastDataMs ?? topic.coveredSinceMs
    if (startTs !== null) topic.outage = { startTs, reason: 'stale', endsByDataOnly: true }
  }

  /** A topic without snapshot is subscribed: silence from here on is a quiet market. */
  onProven(name: string): void {
    const topic = this.#coverage.get(name)
    if (topic === undefined || topic.coveredSinceMs !== null) return
    const ackMs = nowMs(this.#options.clock)
    topic.coveredSinceMs = ackMs
    if (topic.outage === null || topic.outage.endsByDataOnly) return
    const { padMs } = this.#options
    topic.silence = this.#timers.set(() => this.#end(topic, ackMs + padMs), padMs)
  }

  /** Data of a topic came in, with its first event if it has one. */
  onData(name: string, localTsUs: number, first?: FirstEvent): void {
    const topic = this.#coverage.get(name)
    if (topic === undefined) return
    const receivedMs = Math.floor(localTsUs / 1000)
    const exchangeTs = first?.exchangeTs
    const earliestMs = receivedMs - (first?.isSnapshot ? this.#options.padMs : LONGEST_LAG_MS)
    topic.lastDataMs = Math.min(receivedMs, Math.max(exchangeTs ?? receivedMs, earliestMs))
    topic.coveredSinceMs ??= receivedMs
    if (topic.outage === null) return
    this.#end(topic, Math.max(Math.ceil(localTsUs / 1000), exchangeTs ?? 0))
  }

  /** Stops; outages that are still open end here: what comes next is not this stream's to know. */
  close(): void {
    this.remove([...this.#coverage.keys()])
    this.#timers.clear()
  }

  #end(topic: Coverage<Name>, endTs: number): void {
    const { outage } = topic
    topic.silence?.cancel()
    if (outage === null) return
    topic.outage = null
    const { startTs, reason } = outage
    // A clock that was set back in between must not turn the interval round.
    const bounds = { startTs, reason, endTs: Math.max(endTs, startTs) }
    this.#options.onOutageEnd(topic.wanted, bounds)
  }
}
