import type { Clock, GapBounds, GapReason, PublicEvent } from '@grid/core-events'
import type { AnyChannelDialect } from '../../channels/dialect/channel-dialect.ts'
import { dialectOf, type MarketTopic } from '../../channels/topics.ts'
import type { SilenceStep } from '../stream/stream-status.ts'
import type { StreamTimings } from '../stream/stream-timings.ts'
import { SilenceCure } from './silence-cure.ts'
import { SilenceWatch, type TopicSilence } from './silence-watch.ts'
import { TopicOutage } from './topic-outage.ts'

/** Options of {@link WatchedTopics}. */
export interface WatchedTopicsOptions {
  readonly clock: Clock
  readonly timings: StreamTimings
  /** A topic is back: within the bounds it may have missed events. */
  readonly onGap: (topic: MarketTopic, bounds: GapBounds) => void
  /** A topic is silent although its symbol trades. */
  readonly onSilent: (topic: string, silentForMs: number) => void
}

/** Everything that is remembered of one topic, whichever connection carries it. */
interface WatchedTopic {
  readonly dialect: AnyChannelDialect
  readonly outage: TopicOutage
  readonly silence: TopicSilence
  readonly cure: SilenceCure
}

/** The wanted topics of a public stream, one record each: what each may have missed, and its silence. */
export class WatchedTopics {
  readonly #options: WatchedTopicsOptions
  readonly #silence: SilenceWatch
  readonly #topics = new Map<string, WatchedTopic>()

  constructor(options: WatchedTopicsOptions) {
    this.#options = options
    this.#silence = new SilenceWatch(options)
  }

  /** Begins to watch topics. */
  add(topics: readonly MarketTopic[]): void {
    const { clock, timings, onGap } = this.#options
    for (const topic of topics) {
      const padMs = timings.gapPadMs
      this.#topics.set(topic.topic, {
        dialect: dialectOf(topic.channel),
        outage: new TopicOutage({ clock, padMs }, (bounds) => onGap(topic, bounds)),
        silence: this.#silence.add(topic),
        cure: new SilenceCure(clock, timings.silenceRetryMs),
      })
    }
  }

  /** Watches topics no longer; an outage that is open ends here. */
  remove(names: readonly string[]): void {
    for (const name of names) {
      const topic = this.#topics.get(name)
      if (topic === undefined) continue
      topic.outage.end()
      this.#silence.remove(topic.silence)
      this.#topics.delete(name)
    }
  }

  /** A topic is live from here on. */
  onLive(name: string): void {
    const topic = this.#topics.get(name)
    if (topic !== undefined) this.#silence.restart(topic.silence)
  }

  /** Usable data of a topic came in, perhaps without an event. */
  onData(name: string, localTsUs: number, events: readonly PublicEvent[]): void {
    const topic = this.#topics.get(name)
    if (topic === undefined) return
    const [first] = events
    const isSnapshot = first !== undefined && topic.dialect.isSnapshot?.(first)
    topic.outage.onData(localTsUs, first?.exchangeTs, isSnapshot)
    this.#silence.onData(topic.silence, localTsUs, events)
    topic.cure.reset()
  }

  /** The exchange confirmed a topic whose ack alone proves the subscription. */
  onProven(name: string): void {
    this.#topics.get(name)?.outage.onProven()
  }

  /** Opens an outage for each of these topics that was covered: their connection is gone. */
  onOutage(names: readonly string[], lastInboundMs: number, reason: GapReason): void {
    for (const name of names) this.#topics.get(name)?.outage.onDisconnect(lastInboundMs, reason)
  }

  /** The next cure of a topic's silence, which opens an outage; null while the topic is left alone. */
  cureSilence(name: string): SilenceStep | null {
    const topic = this.#topics.get(name)
    const step = topic?.cure.next() ?? null
    if (step !== null) topic?.outage.onSilent()
    return step
  }

  /** Stops; outages that are open end here, because the stream cannot know what follows. */
  close(): void {
    for (const { outage } of this.#topics.values()) outage.end()
    this.#silence.close()
    this.#topics.clear()
  }
}
