import { type DeadLetterCode, SafeEmitter, systemClock } from '@grid/core-events'
import { categoryDialect } from '../category-dialect.ts'
import type { Envelope } from '../channels/channel-mapper.ts'
import { isWireObject } from '../channels/wire.ts'
import { BybitAdapterError } from '../errors.ts'
import { deadLetter, unknownOrigin } from '../normalizer/frame-dead-letter.ts'
import { FrameNormalizer } from '../normalizer/frame-normalizer.ts'
import type { NormalizeResult } from '../normalizer/normalize-result.ts'
import { parseFrame } from '../normalizer/parsed-frame.ts'
import { printable } from '../normalizer/printable.ts'
import { Connection } from './connection.ts'
import { sharedConnectionBudget } from './connection-budget.ts'
import { type ControlFrame, classifyControl } from './control-frame.ts'
import { publicUrl } from './endpoints.ts'
import { OutageTracker } from './outage-tracker.ts'
import type { Frame, PublicStreamEvents } from './stream-events.ts'
import { type PublicStreamOptions, wantedTopics } from './stream-options.ts'
import type { StreamStatus } from './stream-status.ts'
import { DEFAULT_TIMINGS } from './stream-timings.ts'
import { SubscriptionManager } from './subscription-manager.ts'
import type { TopicStatus } from './topic-status.ts'

const DEFAULT_MAX_PAYLOAD_BYTES = 16 * 1024 * 1024

/**
 * Public market data of one category over one socket that is kept alive until closed.
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
  readonly #maxPayloadBytes: number
  readonly #normalizer: FrameNormalizer
  readonly #connection: Connection
  readonly #subscriptions: SubscriptionManager
  readonly #outages: OutageTracker
  readonly #emitter: SafeEmitter<PublicStreamEvents>
  readonly #ready = Promise.withResolvers<void>()
  #connectionNumber = 0
  #nextIndex = 0
  #isStarted = false
  #closing: Promise<void> | null = null
  #stopListening: () => void = () => {}

  constructor(options: PublicStreamOptions) {
    const topics = wantedTopics(options)
    const url = publicUrl(options.category, options.environment ?? 'mainnet', options.wsUrl)
    const clock = options.clock ?? systemClock
    const timings = { ...DEFAULT_TIMINGS, ...options.timings }
    const { topicsPerRequest } = categoryDialect(options.category)
    this.#options = options
    this.#maxPayloadBytes = options.maxPayloadBytes ?? DEFAULT_MAX_PAYLOAD_BYTES
    this.#normalizer = new FrameNormalizer(options.category)
    this.#emitter = new SafeEmitter((fault) => {
      // A status listener that throws cannot be told so by a status.
      if (fault.event !== 'status') this.#tell({ type: 'listener_fault', ...fault })
      else
        queueMicrotask(() => {
          throw fault.error
        })
    })
    this.#outages = new OutageTracker({
      topics,
      clock,
      padMs: timings.gapPadMs,
      onOutageEnd: ({ channel, symbol }, bounds) => {
        const gap = { category: options.category, channel, symbol, ...bounds }
        this.#tell({ type: 'gap', gap })
      },
    })
    this.#subscriptions = new SubscriptionManager(
      { topics, topicsPerRequest, clock, timings },
      {
        send: (text) => this.#connection.send(text),
        recycle: (reason) => this.#connection.recycle(reason),
        onStatus: (status) => this.#onSubscriptionStatus(status),
        onProven: (topic) => this.#outages.onProven(topic),
      },
    )
    this.#connection = new Connection(
      {
        url,
        clock,
        timings,
        budget: options.budget ?? sharedConnectionBudget,
        maxPayloadBytes: this.#maxPayloadBytes,
        ...(options.random === undefined ? {} : { random: options.random }),
      },
      {
        onOpen: (connection) => {
          this.#connectionNumber = connection
          this.#nextIndex = 0
          this.#subscriptions.onOpen()
        },
        onMessage: (bytes, isBinary, localTsUs) => this.#onMessage(bytes, isBinary, localTsUs),
        onOversized: (localTsUs) => this.#onOversized(localTsUs),
        onDisconnect: (end, lastInboundMs) => {
          this.#normalizer.reset()
          this.#subscriptions.onDisconnect()
          this.#outages.onDisconnect(lastInboundMs, end.cause === 'stale' ? 'stale' : 'disconnect')
        },
        onStatus: (status) => this.#tell(status),
      },
    )
    // The owner may not be waiting for start(): that it was aborted is then no one's concern.
    this.#ready.promise.catch(() => {})
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
    return this.#subscriptions.topics()
  }

  /**
   * Connects, and resolves when every wanted topic is live or refused; retries until then.
   *
   * Rejects with `ABORTED` when the signal aborts or `close` is called first, and with
   * `ALREADY_STARTED` on a second call. A later abort closes the stream.
   */
  start({ signal }: { readonly signal?: AbortSignal | undefined } = {}): Promise<void> {
    if (this.#isStarted) {
      const error = new BybitAdapterError('ALREADY_STARTED', 'the stream was started before')
      return Promise.reject(error)
    }
    this.#isStarted = true
    if (this.#closing !== null) return this.#ready.promise
    const onAbort = (): void => void this.close()
    signal?.addEventListener('abort', onAbort, { once: true })
    this.#stopListening = () => signal?.removeEventListener('abort', onAbort)
    if (signal?.aborted) onAbort()
    else this.#connection.start()
    return this.#ready.promise
  }

  /** Closes for good; resolves when no socket and no timer is left. May be called at any time. */
  close(): Promise<void> {
    this.#closing ??= this.#shutDown()
    return this.#closing
  }

  async #shutDown(): Promise<void> {
    this.#ready.reject(
      new BybitAdapterError('ABORTED', 'the stream was closed before it was ready'),
    )
    this.#stopListening()
    this.#tell({ type: 'closing' })
    this.#outages.close()
    this.#subscriptions.onDisconnect()
    await this.#connection.close()
    this.#tell({ type: 'stopped' })
  }

  #onMessage(bytes: Uint8Array, isBinary: boolean, localTsUs: number): void {
    const parsed = parseFrame(bytes)
    const object = !isBinary && isWireObject(parsed.value) ? parsed.value : null
    const control = object === null ? null : classifyControl(object)
    if (control !== null) {
      this.#onControl(control, bytes)
      return
    }
    const frame = this.#frame(bytes, localTsUs)
    this.#emitter.emit('frame', frame)
    const result = isBinary
      ? this.#refused('FRAME_NOT_JSON', 'the frame is binary', frame)
      : this.#normalizer.map(parsed, localTsUs)
    this.#deliver(frame, result)
    const topic = (object as Envelope | null)?.topic
    if (this.#closing !== null || typeof topic !== 'string') return
    if (result.events.length + result.deadLetters.length > 0) {
      this.#subscriptions.onData(topic, localTsUs)
      this.#outages.onData(topic, localTsUs, result.events[0]?.exchangeTs)
    }
  }

  #onControl(control: ControlFrame, bytes: Uint8Array): void {
    if (control.kind === 'pong') return
    if (control.kind === 'ack' && this.#subscriptions.onAck(control)) return
    const text = printable(Buffer.from(bytes).toString())
    this.#tell({ type: 'unexpected_control', text })
  }

  #onOversized(localTsUs: number): void {
    const frame = this.#frame(new Uint8Array(0), localTsUs)
    const reason = `the frame exceeds the limit of ${this.#maxPayloadBytes} bytes`
    this.#deliver(frame, this.#refused('FRAME_TOO_LARGE', reason, frame))
  }

  #frame(bytes: Uint8Array, localTsUs: number): Frame {
    const { category } = this.#options
    return {
      category,
      bytes,
      localTsUs,
      connection: this.#connectionNumber,
      index: this.#nextIndex++,
    }
  }

  #refused(code: DeadLetterCode, reason: string, frame: Frame): NormalizeResult {
    const origin = unknownOrigin(frame.category, frame.localTsUs)
    const deadLetters = [deadLetter(origin, code, reason, frame.bytes)]
    return { events: [], deadLetters, discarded: [] }
  }

  #deliver(frame: Frame, result: NormalizeResult): void {
    this.#emitter.emit('normalized', { frame, ...result })
    for (const event of result.events) {
      if (event.channel === 'ticker') this.#emitter.emit('ticker', event)
      else this.#emitter.emit('publicTrade', event)
    }
    for (const letter of result.deadLetters) this.#emitter.emit('deadLetter', letter)
  }

  #onSubscriptionStatus(status: StreamStatus): void {
    if (status.type === 'live') this.#connection.markUseful()
    this.#tell(status)
    if (this.#subscriptions.isSettled) this.#ready.resolve()
  }

  #tell(status: StreamStatus): void {
    this.#emitter.emit('status', status)
  }
}
