import type { PublicEvent } from '@grid/core-events'
import type { TopicProof } from '../../channels/channel-mapper.ts'
import { LONGEST_LAG_MS } from './outage-tracker.ts'

interface Progress {
  /** The exchange's time of the first frame; all that came later came to this connection as well. */
  first: number | null
  newest: number
  /** Receive time of the newest frame. */
  receivedMs: number
}

/**
 * How far one connection has come in each of its topics, by the exchange's time: what it says now may
 * have been long under way, so that it speaks does not make it current.
 */
export class TopicProgress {
  readonly #topics = new Map<string, Progress>()

  /**
   * Data of a topic came in. The state that a subscription opens with does not count: the exchange
   * sends it to the new subscriber alone.
   */
  onData(
    topic: string,
    proof: TopicProof,
    localTsUs: number,
    events: readonly PublicEvent[],
  ): void {
    let known = this.#topics.get(topic)
    if (known === undefined) {
      known = { first: null, newest: 0, receivedMs: 0 }
      this.#topics.set(topic, known)
      if (proof === 'snapshot') return
    }
    let newest: number | null = null
    for (const event of events) {
      if (proof === 'snapshot' && event.channel === 'ticker' && event.isSnapshot) continue
      if (newest === null || event.exchangeTs > newest) newest = event.exchangeTs
    }
    if (newest === null) return
    known.first ??= newest
    known.newest = newest
    known.receivedMs = Math.floor(localTsUs / 1000)
  }

  /** Whether this connection has come to where another begins; null when that has said nothing yet. */
  hasReached(topic: string, next: TopicProgress): boolean | null {
    const first = next.#topics.get(topic)?.first ?? null
    return first === null ? null : (this.#topics.get(topic)?.newest ?? 0) >= first
  }

  /** Until when a topic's data has surely come, in epoch milliseconds; null without any. */
  untilMs(topic: string): number | null {
    const { first = null, newest = 0, receivedMs = 0 } = this.#topics.get(topic) ?? {}
    if (first === null) return null
    // One absurd time must not make a gap of years.
    return Math.min(receivedMs, Math.max(newest, receivedMs - LONGEST_LAG_MS))
  }
}
