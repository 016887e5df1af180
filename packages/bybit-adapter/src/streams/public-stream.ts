import { type PublicEvent, SafeEmitter, systemClock } from '@grid/core-events'
import { type CategoryDialect, categoryDialect } from '../channels/category-dialect.ts'
import type { WantedTopic } from '../channels/registry.ts'
import { publicUrl } from '../endpoints.ts'
import { BybitAdapterError } from '../errors.ts'
import type { NormalizeResult } from '../normalizer/normalize-result.ts'
import { sharedConnectionBudget } from '../ws/connection/connection-budget.ts'
import { OutageTracker } from '../ws/coverage/outage-tracker.ts'
import { SilenceCures } from '../ws/coverage/silence-cures.ts'
import { SilenceWatch } from '../ws/coverage/silence-watch.ts'
import { Shard, type ShardOptions } from '../ws/shard/shard.ts'
import { loadOf, planShards } from '../ws/shard/shard-plan.ts'
import type { Frame, PublicStreamEvents } from '../ws/stream/stream-events.ts'
import { StreamLife } from '../ws/stream/stream-life.ts'
import type { StreamStatus } from '../ws/stream/stream-status.ts'
import { DEFAULT_TIMINGS } from '../ws/stream/stream-timings.ts'
import type { TopicStatus } from '../ws/stream/topic-status.ts'
import { checkChannels, type PublicStreamOptions, wantedTopics } from './stream-options.ts'

const DEFAULT_MAX_PAYLOAD_BYTES = 16 * 1024 * 1024

/**
 * Public market data of one category over as many sockets as it needs, kept alive until closed.
 *
 * Every inbound data frame is given out raw, then normalized; every interval in which a topic may
 * have missed events is given out as a `gap` status once the topic is back. The constructor throws
 * `INVALID_OPTION`.
 *
 * @example
 * const stream = new BybitPublicStream({
 *   category: 'linear', symbols: ['BTCUSDT'], channels: ['ticker', 'publicTrade'],
 * })
 * stream.on('publicTrade', (trade) => console.log(trade.price, trade.size))
 * stream.on('status', (status) => { if (status.type === 'gap') console.log(status.gap) })
 * await stream.start({ signal: AbortSignal.timeout(60_000) })
 * await stream.close()
 */
export class BybitPublicStream {
  readonly #options: PublicStreamOptions
  readonly #dialect: CategoryDialect
  readonly #shardOptions: ShardOptions
  readonly #outages: OutageTracker
  readonly #silence: SilenceWatch
  readonly #cures: SilenceCures
  readonly #emitter: SafeEmitter<PublicStreamEvents>
  readonly #life: StreamLife
  readonly #retired = new Set<Promise<void>>()
  #shards: readonly Shard[] = []
  #spare: Shard | null = null
  #connections = 0

  constructor(options: PublicStreamOptions) {
    const { category, environment = 'mainnet', random = Math.random } = options
    const clock = options.clock ?? systemClock
    const timings = { ...DEFAULT_TIMINGS, ...options.timings }
    this.#options = options
    this.#dialect = categoryDialect(category)
    checkChannels(options.channels)
    const topics = wantedTopics(options, options.symbols)
    if (topics.length === 0) {
      const message = 'symbols must be names such as BTCUSDT, got none'
      throw new BybitAdapterError('INVALID_OPTION', message, { option: 'symbols' })
    }
    this.#life = new StreamLife({
      begin: () => {
        for (const shard of this.#shards) shard.start()
      },
      shutDown: () => this.#shutDown(),
    })
    this.#emitter = new SafeEmitter((fault) => {
      // A status listener that throws cannot be told so by a status.
      if (fault.event !== 'status') this.#tell({ type: 'listener_fault', ...fault })
      else
        queueMicrotask(() => {
          throw fault.error
        })
    })
    this.#shardOptions = {
      category,
      url: publicUrl(category, environment, options.wsUrl),
      clock,
      timings,
      budget: options.budget ?? sharedConnectionBudget,
      maxPayloadBytes: options.maxPayloadBytes ?? DEFAULT_MAX_PAYLOAD_BYTES,
      random,
      nextNumber: () => ++this.#connections,
      lifetimeMs: () => timings.rotateAfterMs,
    }
    this.#outages = new OutageTracker({
      clock,
      padMs: timings.gapPadMs,
      onOutageEnd: ({ channel, symbol }, bounds) => {
        this.#tell({ type: 'gap', gap: { category, channel, symbol, ...bounds } })
      },
    })
    this.#cures = new SilenceCures(clock, timings.silenceRetryMs)
    this.#silence = new SilenceWatch({
      clock,
      timings,
      onSilent: (topic, silentForMs) => this.#onSilent(topic, silentForMs),
    })
    this.#addTopics(topics)
  }

  /** Adds a listener; the function returned removes it. */
  on<Name extends keyof PublicStreamEvents>(
    name: Name,
    listener: (payload: PublicStreamEvents[Name]) => void,
  ): () => void {
    return this.#emitter.on(name, listener)
  }

  /** Where every wanted topic stands. */
  topics(): readonly TopicStatus[] {
    return this.#shards.flatMap((shard) => shard.topics())
  }

  /**
   * Wants these symbols from now on, and no others: subscribes what is new and ends what is gone,
   * without a reconnect. Throws `INVALID_OPTION`.
   *
   * @example
   * stream.setSymbols(['BTCUSDT', 'ETHUSDT', 'NEWUSDT'])
   */
  setSymbols(symbols: readonly string[]): void {
    const wanted = new Map(
      wantedTopics(this.#options, symbols).map((topic) => [topic.topic, topic]),
    )
    if (this.#life.isClosing) return
    const present = this.#shards.flatMap((shard) => shard.wanted)
    const names = new Set(present.map(({ topic }) => topic))
    this.#removeTopics(present.filter(({ topic }) => !wanted.has(topic)))
    this.#addTopics([...wanted.values()].filter(({ topic }) => !names.has(topic)))
    this.#settle()
  }

  /**
   * Connects, and resolves when every wanted topic is live or refused; retries until then. Option
   * topics that are acknowledged and silent, `unproven`, are not waited for.
   *
   * Rejects with `ABORTED` when the signal aborts or `close` is called first, and with
   * `ALREADY_STARTED` on a second call. A later abort closes the stream.
   */
  start({ signal }: { readonly signal?: AbortSignal | undefined } = {}): Promise<void> {
    return this.#life.start(signal)
  }

  /** Closes for good; resolves when no socket and no timer is left. May be called at any time. */
  close(): Promise<void> {
    return this.#life.close()
  }

  async #shutDown(): Promise<void> {
    this.#tell({ type: 'closing' })
    this.#outages.close()
    this.#silence.close()
    await Promise.all([...this.#retired, ...this.#shards.map((shard) => shard.close())])
    this.#tell({ type: 'stopped' })
  }

  #addTopics(topics: readonly WantedTopic[]): void {
    this.#outages.add(topics)
    this.#silence.add(topics)
    const loads = this.#shards.map((shard) => loadOf(shard.wanted))
    const shards = this.#shards
    for (const [index, group] of planShards(topics, loads, this.#dialect)) {
      const shard = shards[index]
      if (shard === undefined) this.#addShard(group)
      else shard.add(group)
    }
  }

  #addShard(topics: readonly WantedTopic[]): void {
    const shard: Shard = new Shard(
      topics,
      { ...this.#shardOptions, lifetimeMs: () => this.#lifetimeOf(shard) },
      {
        onFrame: (frame) => this.#emitter.emit('frame', frame),
        onNormalized: (frame, result) => this.#onNormalized(frame, result),
        onLife: (topic, { localTsUs }, events) => this.#onLife(topic, localTsUs, events),
        onUseless: (topic) => this.#onSilent(topic, 0),
        onProven: (topic) => this.#outages.onProven(topic),
        onOutage: (names, lastInboundMs, isStale) => {
          const reason = isStale ? 'stale' : 'disconnect'
          this.#outages.onDisconnect(names, lastInboundMs, reason)
        },
        onStatus: (status) => this.#onStatus(status),
      },
    )
    this.#shards = [...this.#shards, shard]
    if (this.#life.isStarted && !this.#life.isClosing) shard.start()
  }

  /** One connection for all that were silent on others: one each would spend the budget of all. */
  #addToSpare(topics: readonly WantedTopic[]): void {
    const spare = this.#shards.find((shard) => shard === this.#spare)
    const [place] = planShards(topics, spare ? [loadOf(spare.wanted)] : [], this.#dialect)
    if (spare !== undefined && place?.[0] === 0) {
      spare.add(topics)
    } else {
      this.#addShard(topics)
      this.#spare = this.#shards.at(-1) ?? null
    }
  }

  #removeTopics(topics: readonly WantedTopic[]): void {
    if (topics.length === 0) return
    const names = topics.map(({ topic }) => topic)
    this.#outages.remove(names)
    this.#silence.remove(topics)
    for (const name of names) this.#cures.forget(name)
    this.#takeFromShards(names)
    this.#tell({ type: 'unsubscribed', topics: names })
  }

  #takeFromShards(names: readonly string[]): void {
    for (const shard of this.#shards) {
      const own = names.filter((name) => shard.has(name))
      if (own.length > 0) shard.remove(own)
    }
    const before = this.#shards
    this.#shards = before.filter((shard) => shard.wanted.length > 0)
    for (const shard of before) {
      if (shard.wanted.length > 0) continue
      const closed = shard.close().finally(() => this.#retired.delete(closed))
      this.#retired.add(closed)
    }
  }

  /** Spread over the second half of the allowed time, so that shards take turns. */
  #lifetimeOf(shard: Shard): number {
    const { timings, random } = this.#shardOptions
    const turn = (this.#shards.indexOf(shard) + random()) / this.#shards.length
    return timings.rotateAfterMs * (0.5 + turn / 2)
  }

  #onNormalized(frame: Frame, result: NormalizeResult): void {
    const { events, deadLetters, discarded } = result
    this.#emitter.emit('normalized', { frame, events, deadLetters, discarded })
    for (const event of events) {
      if (event.channel === 'ticker') this.#emitter.emit('ticker', event)
      else this.#emitter.emit('publicTrade', event)
    }
    for (const letter of deadLetters) this.#emitter.emit('deadLetter', letter)
  }

  #onLife(topic: string, localTsUs: number, events: readonly PublicEvent[]): void {
    this.#outages.onData(topic, localTsUs, events[0])
    this.#silence.onData(topic, localTsUs, events)
    this.#cures.forget(topic)
  }

  #onSilent(topic: string, silentForMs: number): void {
    const shard = this.#shards.find((candidate) => candidate.has(topic))
    const status = shard?.topics().find((candidate) => candidate.topic === topic)
    // Of a topic that is not subscribed, silence is what is to be expected.
    if (shard === undefined || (status?.state !== 'live' && status?.state !== 'unproven')) return
    const step = this.#cures.next(topic)
    if (step === null) return
    this.#outages.onSilent(topic)
    this.#tell({ type: 'silent_topic', topic, silentForMs, step })
    if (step === 'resubscribe') {
      shard.resubscribe(topic, 'silent while others talk')
    } else if (step === 'reconnect') {
      shard.rotate(topic)
    } else if (step === 'another_connection') {
      const wanted = shard.wanted.filter((candidate) => candidate.topic === topic)
      this.#takeFromShards([topic])
      this.#addToSpare(wanted)
    }
  }

  #onStatus(status: StreamStatus): void {
    if (status.type === 'live') this.#silence.restart(status.topic)
    this.#tell(status)
    if (status.type === 'live' || status.type === 'refused' || status.type === 'unproven') {
      this.#settle()
    }
  }

  #settle(): void {
    if (!this.#life.isStarting || this.#shards.some((shard) => !shard.isSettled)) return
    this.#life.becomeReady()
  }

  #tell(status: StreamStatus): void {
    this.#emitter.emit('status', status)
  }
}
