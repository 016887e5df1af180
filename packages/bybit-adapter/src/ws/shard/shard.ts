import { categoryDialect } from '../../channels/dialect/category-dialect.ts'
import type { WantedTopic } from '../../channels/topics.ts'
import type { UnansweredConnection } from '../connection/socket.ts'
import { LONGEST_LAG_MS } from '../coverage/topic-outage.ts'
import type { PublicSink } from '../stream/stream-sink.ts'
import type { LinkStatus } from '../stream/stream-status.ts'
import type { TopicStatus } from '../stream/topic-status.ts'
import { Link, type LinkOptions, type LinkOwner } from './link.ts'
import { isReadyToReplace, lateTopics, missedTopics, type OldEnd } from './replacement.ts'
import { Rotation, type RotationHost } from './rotation.ts'
import { loadOf } from './shard-plan.ts'

/** Options of a {@link Shard}. */
export interface ShardOptions extends LinkOptions {
  /** How long a connection lives until it is replaced, in milliseconds. */
  readonly lifetimeMs: () => number
}

/**
 * The part of a stream's topics that one connection carries.
 *
 * That connection is replaced every few hours by a new one, which proves every topic before the old
 * one is closed: {@link Rotation} decides when, this class holds both connections.
 */
export class Shard {
  readonly #options: ShardOptions
  readonly #sink: PublicSink
  readonly #owner: LinkOwner
  readonly #rotation: Rotation
  readonly #closing = new Set<Promise<void>>()
  #link: Link
  #next: Link | null = null
  /** Characters of topics asked for on the present connection: the exchange's limit is for its whole life. */
  #spentChars = 0
  #isClosed = false

  constructor(topics: readonly WantedTopic[], options: ShardOptions, sink: PublicSink) {
    this.#options = options
    this.#sink = sink
    this.#rotation = new Rotation(options, this.#rotationHost())
    this.#owner = {
      onUseless: (link, topic) => {
        if (link === this.#link) sink.onUseless(topic)
      },
      onDisconnect: (link, lastInboundMs, isStale) => {
        if (link === this.#next) this.#rotation.onNextLost('the new connection was lost')
        else if (link === this.#link && !this.#isClosed) {
          this.#rotation.onOldLost(lastInboundMs, isStale)
        }
      },
      onStatus: (link, status) => this.#onStatus(link, status),
    }
    this.#link = new Link(topics, options, sink, this.#owner)
  }

  /** Whether no topic is pending. */
  get isSettled(): boolean {
    return this.#link.subscriptions.isSettled
  }

  has(topic: string): boolean {
    return this.#link.subscriptions.has(topic)
  }

  topics(): readonly TopicStatus[] {
    return this.#link.topics()
  }

  /** Asks the connection, when it was silent for so long, for a sign of life; null when none is missing. */
  askIfSilent(afterMs: number): UnansweredConnection | null {
    return this.#link.askIfSilent(afterMs)
  }

  start(): void {
    this.#link.start()
  }

  add(topics: readonly WantedTopic[]): void {
    for (const link of this.#links()) link.subscriptions.add(topics)
    if (!this.#spend(topics)) this.rotate()
  }

  remove(topics: readonly string[]): void {
    for (const link of this.#links()) link.remove(topics)
  }

  /** Asks for a topic anew; by a new connection when the present one takes no more. */
  resubscribe(topic: WantedTopic, reason: string): void {
    if (this.#spend([topic])) this.#link.subscriptions.resubscribe(topic.topic, reason)
    else this.rotate(topic.topic)
  }

  /**
   * Begins to replace the connection; does nothing while it is not open or is being replaced.
   *
   * @param exempt a topic that is known to be dead on the present connection
   */
  rotate(exempt: string | null = null): void {
    this.#rotation.begin(exempt)
  }

  /** Closes for good; resolves when no socket and no timer is left. */
  async close(): Promise<void> {
    this.#isClosed = true
    this.#rotation.stop()
    for (const link of this.#links()) this.#discard(link)
    this.#next = null
    await Promise.all(this.#closing)
  }

  #links(): readonly Link[] {
    return this.#next === null ? [this.#link] : [this.#link, this.#next]
  }

  #rotationHost(): RotationHost {
    return {
      isOldOpen: () => !this.#isClosed && this.#link.isOpen,
      isNextOpen: () => this.#next?.isOpen ?? false,
      lastInboundMs: () => this.#link.lastInboundMs ?? 0,
      isReady: (exempt) => this.#isReady(exempt),
      lateTopics: (exempt) =>
        this.#next === null ? new Set() : lateTopics(this.#link, this.#next, exempt),
      connect: () => {
        this.#next = new Link(this.topics(), this.#options, this.#sink, this.#owner, this.#link)
        this.#next.start()
      },
      probe: () => this.#link.probe(),
      replace: (end) => this.#replace(end),
      drop: (reason) => this.#dropNext(reason),
      reportOutage: (lastInboundMs, isStale) => {
        const names = this.topics().map(({ topic }) => topic)
        this.#sink.onOutage(names, lastInboundMs, isStale)
      },
    }
  }

  #onStatus(link: Link, status: LinkStatus): void {
    if (link === this.#next) {
      this.#onNextStatus(status)
    } else if (link === this.#link) {
      if (status.type === 'open') this.#onNewConnection()
      this.#sink.onStatus(status)
    }
    // Any other link was replaced or dropped: its statuses concern nobody.
  }

  #onNextStatus(status: LinkStatus): void {
    switch (status.type) {
      case 'connecting':
      case 'open':
      case 'budget_wait':
      case 'unexpected_control':
        this.#sink.onStatus(status)
        break
      case 'connect_failed':
        this.#rotation.onNextLost(status.error)
        break
      case 'recycling':
        this.#rotation.onNextLost(status.reason)
        break
      case 'stale':
        this.#rotation.onNextLost('stale')
        break
      case 'live':
      case 'refused':
      case 'unproven':
        this.#rotation.onProgress()
    }
  }

  #isReady(exempt: string | null): boolean {
    const next = this.#next
    if (next === null || (exempt === null && !next.subscriptions.isSettled)) return false
    return isReadyToReplace(this.#link.topics(), next.topics(), exempt)
  }

  #dropNext(reason: string): void {
    if (this.#next !== null) this.#discard(this.#next)
    this.#next = null
    this.#sink.onStatus({ type: 'rotation_failed', connection: this.#link.number, reason })
  }

  /** Puts the new connection in the old one's place, and opens an outage for what may be lost. */
  #replace(end: OldEnd): void {
    const [old, next] = [this.#link, this.#next]
    if (next === null) return
    const before = old.topics()
    this.#link = next
    this.#next = null
    next.subscriptions.inherit(before)
    this.#discard(old)
    this.#onNewConnection()
    const after = next.topics()
    this.#reportMissed(old, missedTopics(after, end), end)
    this.#sink.onStatus({ type: 'rotated', from: old.number, to: next.number })
    for (const { topic, state, reason } of after) {
      if (before.some((known) => known.topic === topic && known.state === state)) continue
      if (state === 'unproven') this.#sink.onStatus({ type: 'unproven', topic })
      if (state === 'refused') {
        this.#sink.onStatus({ type: 'refused', topic, reason: reason ?? '' })
      }
    }
  }

  #reportMissed(old: Link, missed: readonly TopicStatus[], end: OldEnd): void {
    const { lastInboundMs, isStale, late } = end
    const names = missed.map(({ topic }) => topic)
    for (const name of names.filter((topic) => late.has(topic))) {
      // Whatever followed the newest data of a topic that lagged may be lost.
      const untilMs = old.progressOf(name)?.untilMs ?? lastInboundMs - LONGEST_LAG_MS
      this.#sink.onOutage([name], Math.min(untilMs, lastInboundMs), true)
    }
    const others = names.filter((topic) => !late.has(topic))
    this.#sink.onOutage(others, lastInboundMs, isStale)
    for (const { topic, state } of missed) if (state === 'live') this.#sink.onProven(topic)
  }

  #onNewConnection(): void {
    this.#spentChars = 0
    this.#spend(this.topics())
    this.#rotation.schedule(this.#options.lifetimeMs())
  }

  /** Whether the present connection still takes these topics. */
  #spend(topics: readonly WantedTopic[]): boolean {
    this.#spentChars += loadOf(topics).chars
    return this.#spentChars <= categoryDialect(this.#options.category).maxTopicChars
  }

  #discard(link: Link): void {
    const closed = link.close().finally(() => this.#closing.delete(closed))
    this.#closing.add(closed)
  }
}
