import { type SafeEmitter, systemClock } from '@grid/core-events'
import { categoryDialect } from '../channels/dialect/category-dialect.ts'
import type { MarketTopic } from '../channels/topics.ts'
import { publicUrl } from '../endpoints.ts'
import { BybitAdapterError } from '../errors.ts'
import { ConnectionStates } from '../normalizer/connection-states.ts'
import type { ConnectionCheckpoint } from '../normalizer/stream-control.ts'
import { sharedConnectionBudget } from '../ws/connection/connection-budget.ts'
import type { UnansweredConnection } from '../ws/connection/socket.ts'
import { WatchedTopics } from '../ws/coverage/watched-topics.ts'
import { Shards } from '../ws/shard/shards.ts'
import { streamEmitter } from '../ws/stream/stream-emitter.ts'
import type { NormalizedFrame, PublicStreamEvents } from '../ws/stream/stream-events.ts'
import { StreamLife } from '../ws/stream/stream-life.ts'
import type { PublicSink } from '../ws/stream/stream-sink.ts'
import type { StreamStatus } from '../ws/stream/stream-status.ts'
import { DEFAULT_TIMINGS } from '../ws/stream/stream-timings.ts'
import type { TopicStatus } from '../ws/stream/topic-status.ts'
import { checkChannels, type PublicStreamOptions, wantedTopics } from './stream-options.ts'

const DEFAULT_MAX_PAYLOAD_BYTES = 16 * 1024 * 1024

/**
 * Public market data of one category over as many sockets as it needs, kept alive until closed.
 *
 * Every inbound data frame is given out raw, then normalized. Every interval in which a topic may
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
  readonly #shards: Shards
  readonly #watched: WatchedTopics
  readonly #emitter: SafeEmitter<PublicStreamEvents> = streamEmitter()
  readonly #life: StreamLife
  readonly #states = new ConnectionStates()

  constructor(options: PublicStreamOptions) {
    const { category, environment = 'mainnet', random = Math.random } = options
    const clock = options.clock ?? systemClock
    const timings = { ...DEFAULT_TIMINGS, ...options.timings }
    this.#options = options
    categoryDialect(category)
    checkChannels(options.channels)
    const topics = wantedTopics(options, options.symbols)
    if (topics.length === 0) {
      const message = 'symbols must be names such as BTCUSDT, got none'
      throw new BybitAdapterError('INVALID_OPTION', message, { option: 'symbols' })
    }
    this.#life = new StreamLife({
      begin: () => this.#shards.start(),
      shutDown: () => this.#shutDown(),
    })
    this.#watched = new WatchedTopics({
      clock,
      timings,
      onGap: ({ channel, symbol, variant }, bounds) => {
        const stream = { category, channel, symbol, ...(variant !== undefined && { variant }) }
        this.#tell({ type: 'gap', gap: { ...stream, ...bounds } })
      },
      onSilent: (topic, silentForMs) => this.#onSilent(topic, silentForMs),
    })
    let connections = 0
    const linkOptions = {
      category,
      url: publicUrl(category, environment, options.wsUrl),
      clock,
      timings,
      budget: options.budget ?? sharedConnectionBudget,
      maxPayloadBytes: options.maxPayloadBytes ?? DEFAULT_MAX_PAYLOAD_BYTES,
      random,
      nextNumber: () => ++connections,
    }
    this.#shards = new Shards(linkOptions, this.#sink())
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
    return this.#shards.topics()
  }

  /**
   * Asks every open connection on which nothing came for `afterMs` for a sign of life, once each; gives those that have
   * not answered yet. Call it regularly to know of a dead connection before its heartbeat does, which takes 30 s.
   *
   * @example
   * const dead = stream.askSilent(4000).filter(({ unansweredForMs }) => unansweredForMs > 3000)
   */
  askSilent(afterMs: number): readonly UnansweredConnection[] {
    return this.#shards.askSilent(afterMs)
  }

  /**
   * What is remembered of the frames so far, for each connection that is open or that another may take
   * over from: a `FrameReplayer` reads on from there. Plain JSON, which keeps its values.
   *
   * In a listener of `frame` or `control` it is what was remembered before that.
   *
   * @example
   * for (const checkpoint of stream.checkpoint()) journal.write(JSON.stringify(checkpoint))
   */
  checkpoint(): readonly ConnectionCheckpoint[] {
    return this.#states.checkpoint()
  }

  /**
   * Replaces the list of wanted symbols: subscribes what is new and ends what is gone, without a
   * reconnect. Throws `INVALID_OPTION`.
   *
   * @example
   * stream.setSymbols(['BTCUSDT', 'ETHUSDT', 'NEWUSDT'])
   */
  setSymbols(symbols: readonly string[]): void {
    const wanted = new Map(
      wantedTopics(this.#options, symbols).map((topic) => [topic.topic, topic]),
    )
    if (this.#life.isClosing) return
    const present = new Set(this.topics().map(({ topic }) => topic))
    this.#removeTopics([...present].filter((topic) => !wanted.has(topic)))
    this.#addTopics([...wanted.values()].filter(({ topic }) => !present.has(topic)))
    this.#settle()
  }

  /**
   * Connects, and resolves when every wanted topic is live or refused; retries until then. It does not
   * wait for option topics that are acknowledged and silent (`unproven`).
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
    this.#watched.close()
    await this.#shards.close()
    this.#tell({ type: 'stopped' })
  }

  #sink(): PublicSink {
    return {
      onFrame: (frame) => this.#emitter.emit('frame', frame),
      onNormalized: (frame, { events, deadLetters, discarded }) =>
        this.#onNormalized({ frame, events, deadLetters, discarded }),
      onControl: (control, normalizer) => {
        this.#emitter.emit('control', control)
        if (control.type === 'opened') this.#states.set(control.connection, normalizer)
        if (control.type === 'ended') this.#states.end(control.connection)
      },
      onData: (topic, localTsUs, events) => this.#watched.onData(topic, localTsUs, events),
      onProven: (topic) => this.#watched.onProven(topic),
      onUseless: (topic) => this.#onSilent(topic, 0),
      onOutage: (topics, lastInboundMs, isStale) =>
        this.#watched.onOutage(topics, lastInboundMs, isStale ? 'stale' : 'disconnect'),
      onStatus: (status) => this.#onStatus(status),
    }
  }

  #addTopics(topics: readonly MarketTopic[]): void {
    this.#watched.add(topics)
    this.#shards.add(topics)
  }

  #removeTopics(names: readonly string[]): void {
    if (names.length === 0) return
    this.#watched.remove(names)
    this.#shards.remove(names)
    this.#tell({ type: 'unsubscribed', topics: names })
  }

  #onNormalized(normalized: NormalizedFrame): void {
    this.#emitter.emit('normalized', normalized)
    for (const event of normalized.events) this.#emitter.emit(event.channel, event)
    for (const letter of normalized.deadLetters) this.#emitter.emit('deadLetter', letter)
  }

  #onSilent(topic: string, silentForMs: number): void {
    const shard = this.#shards.shardOf(topic)
    const status = shard?.topics().find((candidate) => candidate.topic === topic)
    if (shard === undefined || status === undefined) return
    // A topic that is not subscribed is silent, as expected.
    if (status.state !== 'live' && status.state !== 'unproven') return
    const step = this.#watched.cureSilence(topic)
    if (step === null) return
    this.#tell({ type: 'silent_topic', topic, silentForMs, step })
    switch (step) {
      case 'resubscribe':
        shard.resubscribe(status, 'silent while others talk')
        break
      case 'reconnect':
        shard.rotate(topic)
        break
      case 'another_connection':
        this.#shards.moveToSpare(status)
        break
      case 'wait':
    }
  }

  #onStatus(status: StreamStatus): void {
    if (status.type === 'live') this.#watched.onLive(status.topic)
    this.#tell(status)
    if (status.type === 'live' || status.type === 'refused' || status.type === 'unproven') {
      this.#settle()
    }
  }

  #settle(): void {
    if (this.#life.isStarting && this.#shards.isSettled) this.#life.becomeReady()
  }

  #tell(status: StreamStatus): void {
    this.#emitter.emit('status', status)
  }
}
