import {
  type Clock,
  type ClockTimer,
  type GapBounds,
  type GapReason,
  MOST_AHEAD_MS,
  nowMs,
} from '@grid/core-events'
import { DeliveryLag } from './delivery-lag.ts'

/**
 * How long a trade or a change is believed to have been under way, in milliseconds.
 *
 * The exchange cuts a connection that is dead for this long, and one absurd time must not make a gap of
 * years. A snapshot may tell an old state, so its time is believed only within a pad.
 */
export const LONGEST_LAG_MS = 600_000
/** The shortest pad, however fast the deliveries are. */
const LEAST_PAD_MS = 250

/** Options of a {@link TopicOutage}. */
export interface TopicOutageOptions {
  readonly clock: Clock
  /** The longest pad before an outage, and the pad while the topic's lag is not known. */
  readonly padMs: number
  /** Whether a connection that only answers pings has lost nothing: an outage then starts at its last frame. */
  readonly trustsPongs?: boolean
}

interface Outage {
  readonly startTs: number
  readonly reason: GapReason
  /** The topic was acknowledged and still silent: another ack proves nothing. */
  readonly endsByDataOnly: boolean
}

/**
 * Measures the intervals in which one topic may have missed events.
 *
 * After a disconnect the interval starts a pad before the old socket's last frame, or at the topic's
 * last data if that is earlier; of a topic found silent, at its last data. The pad is twice the time by
 * which the topic's slowest delivery lagged behind its fastest, within its limits. It ends at the topic's
 * first data, or a pad after its ack if it stays silent, by the exchange's clock where that is ahead of
 * ours. Several disconnects in a row make one outage. Bounds are rounded outwards to whole milliseconds.
 */
export class TopicOutage {
  readonly #options: TopicOutageOptions
  readonly #onEnd: (bounds: GapBounds) => void
  /** Time of the newest data: the exchange's, because it may have been long under way. */
  #lastDataMs: number | null = null
  readonly #lag = new DeliveryLag()
  /** Since when the topic is subscribed on an open connection. */
  #coveredSinceMs: number | null = null
  #outage: Outage | null = null
  /** Ends the outage of a topic that stays silent after its ack. */
  #quiet: ClockTimer | null = null

  /** @param onEnd is told the bounds of each outage once it is over */
  constructor(options: TopicOutageOptions, onEnd: (bounds: GapBounds) => void) {
    this.#options = options
    this.#onEnd = onEnd
  }

  /** The topic's socket is gone. Opens an outage if the topic was covered. */
  onDisconnect(lastInboundMs: number, reason: GapReason): void {
    this.#quiet?.cancel()
    if (this.#outage === null && this.#coveredSinceMs !== null) {
      const { trustsPongs = false } = this.#options
      const lastSeenMs = this.#lastDataMs ?? this.#coveredSinceMs
      const startMs = lastInboundMs - this.#padBeforeMs()
      const startTs = trustsPongs ? startMs : Math.min(startMs, lastSeenMs)
      this.#outage = { startTs, reason, endsByDataOnly: false }
    }
    this.#coveredSinceMs = null
  }

  /** The topic does not deliver although its connection does. */
  onSilent(): void {
    this.#quiet?.cancel()
    const startTs = this.#outage?.startTs ?? this.#lastDataMs ?? this.#coveredSinceMs
    if (startTs !== null) this.#outage = { startTs, reason: 'stale', endsByDataOnly: true }
  }

  /** The ack proves that the topic is subscribed: silence from here on is a quiet market. */
  onProven(): void {
    if (this.#coveredSinceMs !== null) return
    const { clock, padMs } = this.#options
    const ackMs = nowMs(clock)
    this.#coveredSinceMs = ackMs
    if (this.#outage === null || this.#outage.endsByDataOnly) return
    this.#quiet = clock.setTimer(() => this.end(ackMs + this.#lag.behindMs + padMs), padMs)
  }

  /**
   * Data of the topic came in.
   *
   * @param exchangeTs the time of the first event, if there is one
   * @param isSnapshot whether that event tells a whole state, which may be old
   */
  onData(localTsUs: number, exchangeTs?: number, isSnapshot = false): void {
    const receivedMs = Math.floor(localTsUs / 1000)
    const earliestMs = receivedMs - (isSnapshot ? this.#options.padMs : LONGEST_LAG_MS)
    this.#lastDataMs = Math.min(receivedMs, Math.max(exchangeTs ?? receivedMs, earliestMs))
    this.#coveredSinceMs ??= receivedMs
    const endMs = Math.ceil(localTsUs / 1000)
    // One absurd time must not make a gap of years.
    const latestMs = receivedMs + this.#lag.behindMs + MOST_AHEAD_MS
    const isBelievable = exchangeTs !== undefined && exchangeTs <= latestMs
    if (exchangeTs !== undefined && !isSnapshot) this.#lag.note(receivedMs, exchangeTs)
    if (this.#outage !== null) this.end(isBelievable ? Math.max(endMs, exchangeTs) : endMs)
  }

  /** How long before the last frame events may have been under way that never came. */
  #padBeforeMs(): number {
    const { padMs } = this.#options
    const { excessMs } = this.#lag
    if (excessMs === null) return padMs
    return Math.min(padMs, Math.max(LEAST_PAD_MS, Math.ceil(2 * excessMs)))
  }

  /** Ends the outage, if there is one: at the latest when its stream is closed. */
  end(endTs: number = nowMs(this.#options.clock) + this.#lag.behindMs): void {
    this.#quiet?.cancel()
    if (this.#outage === null) return
    const { startTs, reason } = this.#outage
    this.#outage = null
    // A clock that was set back meanwhile must not put the end before the start.
    this.#onEnd({ startTs, reason, endTs: Math.max(endTs, startTs) })
  }
}
