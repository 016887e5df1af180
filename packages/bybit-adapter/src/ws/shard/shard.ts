import { nowMs, type PublicEvent } from '@grid/core-events'
import { categoryDialect } from '../../channels/category-dialect.ts'
import type { WantedTopic } from '../../channels/registry.ts'
import type { NormalizeResult } from '../../normalizer/normalize-result.ts'
import { Timers } from '../../time/timers.ts'
import { LONGEST_LAG_MS } from '../coverage/outage-tracker.ts'
import type { Frame } from '../stream/stream-events.ts'
import type { StreamStatus } from '../stream/stream-status.ts'
import type { TopicStatus } from '../stream/topic-status.ts'
import { Link, type LinkOptions } from './link.ts'
import { isReadyToReplace, lateTopics } from './replacement.ts'
import { loadOf } from './shard-plan.ts'

/** What a shard reports, of whichever of its connections. */
export interface ShardHandlers {
  onFrame(frame: Frame): void
  onNormalized(frame: Frame, result: NormalizeResult): void
  onLife(topic: string, frame: Frame, events: readonly PublicEvent[]): void
  /** The topic's messages come, but cannot be used any more. */
  onUseless(topic: string): void
  onProven(topic: string): void
  /** No connection serves these topics any more. */
  onOutage(topics: readonly string[], lastInboundMs: number, isStale: boolean): void
  onStatus(status: StreamStatus): void
}

/** Options of a {@link Shard}. */
export interface ShardOptions extends LinkOptions {
  /** How long a connection lives until it is replaced, in milliseconds. */
  readonly lifetimeMs: () => number
}

/**
 * The part of a stream's topics that one connection carries; replaces that connection every few
 * hours by a new one that has proved every topic before the old one is closed.
 */
export class Shard {
  readonly #options: ShardOptions
  readonly #handlers: ShardHandlers
  readonly #timers: Timers
  readonly #topics = new Map<string, WantedTopic>()
  readonly #closing = new Set<Promise<void>>()
  #link: Link
  #next: Link | null = null
  /** Known to be silent: a replacement need not prove it. */
  #exempt: string | null = null
  /** Characters of topics that were asked for on the present connection: the limit is for its life. */
  #spentChars = 0
  /** Since when every topic is live on the connection to come. */
  #readyAtMs: number | null = null
  #isClosed = false

  constructor(topics: readonly WantedTopic[], options: ShardOptions, handlers: ShardHandlers) {
    this.#options = options
    this.#handlers = handlers
    this.#timers = new Timers(options.clock)
    for (const topic of topics) this.#topics.set(topic.topic, topic)
    this.#link = this.#newLink()
  }

  get isSettled(): boolean {
    return this.#link.subscriptions.isSettled
  }

  get wanted(): readonly WantedTopic[] {
    return [...this.#topics.values()]
  }

  has(topic: string): boolean {
    return this.#topics.has(topic)
  }

  topics(): readonly TopicStatus[] {
    return this.#link.topics()
  }

  start(): void {
    this.#link.start()
  }

  add(topics: readonly WantedTopic[]): void {
    for (const topic of topics) this.#topics.set(topic.topic, topic)
    for (const link of this.#links()) link.subscriptions.add(topics)
    if (!this.#spend(topics)) this.rotate()
  }

  remove(topics: readonly string[]): void {
    for (const topic of topics) this.#topics.delete(topic)
    for (const link of this.#links()) link.subscriptions.remove(topics)
  }

  resubscribe(name: string, reason: string): void {
    const topic = this.#topics.get(name)
    if (topic === undefined) return
    if (this.#spend([topic])) this.#link.subscriptions.resubscribe(name, reason)
    else this.rotate(name)
  }

  /** Begins to replace the connection; does nothing while it is not open or is being replaced. */
  rotate(exempt: string | null = null): void {
    if (this.#isClosed || this.#next !== null || !this.#link.isOpen) return
    this.#timers.clear()
    this.#exempt = exempt
    this.#next = this.#newLink(this.#link)
    this.#timers.set(
      () => this.#conclude('not every topic was live in time'),
      this.#options.timings.rotateTimeoutMs,
    )
    this.#next.start()
  }

  /** Closes for good; resolves when no socket and no timer is left. */
  async close(): Promise<void> {
    this.#isClosed = true
    this.#timers.clear()
    for (const link of this.#links()) this.#discard(link)
    await Promise.all(this.#closing)
  }

  #links(): readonly Link[] {
    return this.#next === null ? [this.#link] : [this.#link, this.#next]
  }

  #newLink(twin?: Link): Link {
    const link: Link = new Link(
      this.wanted,
      this.#options,
      {
        onFrame: (frame) => this.#handlers.onFrame(frame),
        onNormalized: (frame, result) => this.#handlers.onNormalized(frame, result),
        onLife: (topic, frame, events) => {
          const proof = this.#topics.get(topic)?.proof
          if (proof !== undefined) link.progress.onData(topic, proof, frame.localTsUs, events)
          this.#handlers.onLife(topic, frame, events)
        },
        onUseless: (topic) => {
          if (link === this.#link) this.#handlers.onUseless(topic)
        },
        onProven: (topic) => this.#handlers.onProven(topic),
        onDisconnect: (lastInboundMs, isStale) => this.#onDisconnect(link, lastInboundMs, isStale),
        onStatus: (status) => this.#onStatus(link, status),
      },
      twin,
    )
    return link
  }

  #onStatus(link: Link, status: StreamStatus): void {
    if (link === this.#next) {
      this.#onNextStatus(status)
      return
    }
    // What becomes of a connection that was replaced or given up is no one's concern.
    if (link !== this.#link) return
    if (status.type === 'open') this.#onNewConnection()
    this.#handlers.onStatus(status)
  }

  #onNextStatus(status: StreamStatus): void {
    switch (status.type) {
      case 'connecting':
      case 'open':
      case 'budget_wait':
      case 'unexpected_control':
        this.#handlers.onStatus(status)
        return
      case 'connect_failed':
        this.#failRotation(status.error)
        return
      case 'recycling':
      case 'stale':
        this.#failRotation(status.type === 'stale' ? 'stale' : status.reason)
        return
      case 'live':
      case 'refused':
      case 'unproven':
        this.#expectReady()
    }
  }

  /** Once every topic is live, both connections overlap for a pad; then the old one goes. */
  #expectReady(): void {
    if (this.#next === null || !this.#isReady(this.#next)) return
    this.#timers.clear()
    this.#readyAtMs = nowMs(this.#options.clock)
    this.#link.probe()
    this.#overlap()
  }

  #overlap(): void {
    this.#timers.set(
      () => this.#conclude('a topic died in the overlap'),
      this.#options.timings.gapPadMs,
    )
  }

  #conclude(fault: string): void {
    const next = this.#next
    if (next === null || !this.#isReady(next)) this.#failRotation(fault)
    else if (this.#mayCatchUp(next)) this.#overlap()
    else this.#promote(next, this.#link.lastInboundMs ?? 0, this.#isOldFrozen())
  }

  /** Whether the old connection, asked when the new one was ready, has said nothing since. */
  #isOldFrozen(): boolean {
    return (this.#link.lastInboundMs ?? 0) < (this.#readyAtMs ?? 0)
  }

  /** Whether the old connection talks, is behind, and still has time. */
  #mayCatchUp(next: Link): boolean {
    if (this.#isOldFrozen() || this.#late(next).size === 0) return false
    const readyForMs = nowMs(this.#options.clock) - (this.#readyAtMs ?? 0)
    return readyForMs < this.#options.timings.rotateTimeoutMs
  }

  #late(next: Link): ReadonlySet<string> {
    const { progress } = this.#link
    return lateTopics(this.#link.topics(), progress, next.progress, this.#exempt)
  }

  #isReady(next: Link): boolean {
    if (this.#exempt === null && !next.subscriptions.isSettled) return false
    return isReadyToReplace(this.#link.topics(), next.topics(), this.#exempt)
  }

  /**
   * What is not live on the new connection may miss events from when the old one is gone; and if the
   * old one was frozen before it ended, every topic may have. Of one that has said nothing since a
   * topic was live on the new one, no one knows when it froze. Where it lagged, all that followed its
   * newest data may be lost.
   */
  #promote(next: Link, oldLastInboundMs: number, isStale: boolean): void {
    const old = this.#link
    this.#readyAtMs = null
    const before = old.topics()
    const late = this.#late(next)
    this.#timers.clear()
    this.#link = next
    this.#next = null
    next.subscriptions.inherit(before)
    this.#discard(old)
    const isLive = ({ state }: TopicStatus): boolean => state === 'live'
    const lost = next.topics().filter((topic) => !isLive(topic))
    const missed = next
      .topics()
      .filter(
        (status) =>
          isStale || !isLive(status) || status.sinceTs > oldLastInboundMs || late.has(status.topic),
      )
    const names = missed.map(({ topic }) => topic)
    for (const name of names.filter((topic) => late.has(topic))) {
      const untilMs = old.progress.untilMs(name) ?? oldLastInboundMs - LONGEST_LAG_MS
      this.#handlers.onOutage([name], Math.min(untilMs, oldLastInboundMs), true)
    }
    const others = names.filter((topic) => !late.has(topic))
    this.#handlers.onOutage(others, oldLastInboundMs, isStale)
    for (const { topic } of missed.filter(isLive)) this.#handlers.onProven(topic)
    this.#handlers.onStatus({ type: 'rotated', from: old.number, to: next.number })
    for (const { topic, state, reason } of lost) {
      if (before.some((known) => known.topic === topic && known.state === state)) continue
      if (state === 'unproven') this.#handlers.onStatus({ type: 'unproven', topic })
      if (state === 'refused') {
        this.#handlers.onStatus({ type: 'refused', topic, reason: reason ?? '' })
      }
    }
    this.#onNewConnection()
  }

  #failRotation(reason: string): void {
    const next = this.#next
    if (next === null) return
    this.#next = null
    this.#readyAtMs = null
    this.#timers.clear()
    this.#discard(next)
    this.#handlers.onStatus({ type: 'rotation_failed', connection: this.#link.number, reason })
    this.#scheduleRotation(this.#options.timings.rotateRetryMs)
  }

  #onDisconnect(link: Link, lastInboundMs: number, isStale: boolean): void {
    if (link === this.#next) {
      this.#failRotation('the new connection was lost')
      return
    }
    if (link !== this.#link || this.#isClosed) return
    this.#timers.clear()
    const next = this.#next
    if (next === null || !next.isOpen) {
      if (next !== null) this.#failRotation('the old connection was lost first')
      this.#timers.clear()
      this.#handlers.onOutage([...this.#topics.keys()], lastInboundMs, isStale)
      return
    }
    // The new connection is there already, though perhaps not since early enough.
    this.#promote(next, lastInboundMs, isStale)
  }

  #onNewConnection(): void {
    this.#spentChars = 0
    this.#spend(this.wanted)
    this.#scheduleRotation(this.#options.lifetimeMs())
  }

  /** Whether the present connection still takes these topics. */
  #spend(topics: readonly WantedTopic[]): boolean {
    this.#spentChars += loadOf(topics).chars
    return this.#spentChars <= categoryDialect(this.#options.category).maxTopicChars
  }

  #scheduleRotation(delayMs: number): void {
    this.#timers.clear()
    if (Number.isFinite(delayMs)) this.#timers.set(() => this.rotate(), delayMs)
  }

  #discard(link: Link): void {
    const closed = link.close().finally(() => this.#closing.delete(closed))
    this.#closing.add(closed)
  }
}
