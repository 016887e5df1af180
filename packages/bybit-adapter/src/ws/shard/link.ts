import type { Clock, DeadLetterCode, PublicEvent } from '@grid/core-events'
import { categoryDialect, type PublicCategory } from '../../channels/category-dialect.ts'
import type { DiscardReason, Envelope } from '../../channels/channel-mapper.ts'
import type { WantedTopic } from '../../channels/registry.ts'
import { deadLetter, unknownOrigin } from '../../normalizer/frame-dead-letter.ts'
import { FrameNormalizer } from '../../normalizer/frame-normalizer.ts'
import type { NormalizeResult } from '../../normalizer/normalize-result.ts'
import { type ControlFrame, classifyControl } from '../../wire/control-frame.ts'
import { parseFrame } from '../../wire/parsed-frame.ts'
import { printable } from '../../wire/printable.ts'
import { isWireObject } from '../../wire/wire.ts'
import { Connection, type ConnectionOptions } from '../connection/connection.ts'
import { TopicProgress } from '../coverage/topic-progress.ts'
import type { Frame } from '../stream/stream-events.ts'
import type { StreamStatus } from '../stream/stream-status.ts'
import type { TopicStatus } from '../stream/topic-status.ts'
import { SubscriptionManager } from '../subscription/subscription-manager.ts'

/** Discards that mean: what these messages build upon is not there, or is wrong. */
const LACKS_STATE: ReadonlySet<DiscardReason> = new Set([
  'delta_before_snapshot',
  'stale_delta',
  'stale_snapshot',
  'stale_book',
])
/** So many of them in a row, and the topic needs a new snapshot. */
const USELESS_IN_A_ROW = 20

const NOTHING = { deadLetters: [], discarded: [] } as const

/** What a link reports. */
export interface LinkHandlers {
  /** A data frame came in, not understood yet. */
  onFrame(frame: Frame): void
  /** What became of a data frame. */
  onNormalized(frame: Frame, result: NormalizeResult): void
  /** The frame showed that its topic delivers what can be used; told after the topic is live. */
  onLife(topic: string, frame: Frame, events: readonly PublicEvent[]): void
  /** The topic's messages come, but cannot be used any more. */
  onUseless(topic: string): void
  /** The exchange confirmed a topic for which the ack alone proves the subscription. */
  onProven(topic: string): void
  /** The socket is gone; `lastInboundMs` is when it last gave any frame. */
  onDisconnect(lastInboundMs: number, isStale: boolean): void
  onStatus(status: StreamStatus): void
}

/** Options of a {@link Link}. */
export interface LinkOptions extends ConnectionOptions {
  readonly category: PublicCategory
  readonly clock: Clock
}

/** One connection with its own subscriptions and merge state, kept alive until closed. */
export class Link {
  readonly #options: LinkOptions
  readonly #handlers: LinkHandlers
  readonly #normalizer: FrameNormalizer
  readonly #connection: Connection
  readonly #subscriptions: SubscriptionManager
  /** How far each topic has come. */
  readonly progress: TopicProgress = new TopicProgress()
  /** Messages in a row, by topic, that could not be used. */
  readonly #useless = new Map<string, number>()
  #nextIndex = 0
  #isClosing = false

  /** @param twin the connection that this one is to replace: both deliver the same for a while */
  constructor(
    topics: readonly WantedTopic[],
    options: LinkOptions,
    handlers: LinkHandlers,
    twin?: Link,
  ) {
    const { category, clock, timings } = options
    const { topicsPerRequest } = categoryDialect(category)
    this.#options = options
    this.#handlers = handlers
    this.#normalizer = new FrameNormalizer(
      category,
      twin === undefined ? undefined : twin.#normalizer,
    )
    this.#subscriptions = new SubscriptionManager(
      { topics, topicsPerRequest, clock, timings },
      {
        send: (text) => this.#connection.send(text),
        recycle: (reason) => this.#connection.recycle(reason),
        onStatus: (status) => {
          if (status.type === 'live') this.#connection.markUseful()
          if (status.type === 'resubscribing') {
            for (const topic of status.topics) this.#normalizer.restart(topic)
          }
          handlers.onStatus(status)
        },
        onProven: (topic) => handlers.onProven(topic),
      },
    )
    this.#connection = new Connection(options, {
      onOpen: () => {
        this.#nextIndex = 0
        this.#subscriptions.onOpen()
      },
      onMessage: (bytes, isBinary, localTsUs) => this.#onMessage(bytes, isBinary, localTsUs),
      onOversized: (localTsUs) => this.#onOversized(localTsUs),
      onDisconnect: (end, lastInboundMs) => {
        this.#normalizer.reset()
        this.#useless.clear()
        this.#subscriptions.onDisconnect()
        handlers.onDisconnect(lastInboundMs, end.cause === 'stale')
      },
      onStatus: (status) => handlers.onStatus(status),
    })
  }

  /** The number of the newest socket; 0 before the first. */
  get number(): number {
    return this.#connection.number
  }

  get isOpen(): boolean {
    return this.#connection.state === 'open'
  }

  /** When the open socket last gave any frame, in epoch milliseconds; null without one. */
  get lastInboundMs(): number | null {
    return this.#connection.lastInboundMs
  }

  /** Asks for a sign of life; a pong counts as any frame does. */
  probe(): void {
    this.#connection.send(JSON.stringify({ req_id: 'probe', op: 'ping' }))
  }

  /** What is wanted of this connection. */
  get subscriptions(): Pick<
    SubscriptionManager,
    'add' | 'inherit' | 'isSettled' | 'remove' | 'resubscribe'
  > {
    return this.#subscriptions
  }

  topics(): readonly TopicStatus[] {
    return this.#subscriptions.topics()
  }

  start(): void {
    this.#connection.start()
  }

  /** Closes for good; resolves when no socket and no timer is left. */
  async close(): Promise<void> {
    this.#isClosing = true
    this.#subscriptions.onDisconnect()
    await this.#connection.close()
  }

  #onMessage(bytes: Uint8Array, isBinary: boolean, localTsUs: number): void {
    const parsed = parseFrame(bytes)
    const scanned = isBinary ? null : this.#normalizer.scan(parsed, localTsUs)
    if (scanned !== null) {
      const { topic, events } = scanned
      this.#deliver(this.#frame(bytes, localTsUs), { ...NOTHING, events }, topic)
      return
    }
    const object = !isBinary && isWireObject(parsed.value) ? parsed.value : null
    const control = object === null ? null : classifyControl(object)
    if (control !== null) {
      this.#onControl(control, bytes, localTsUs)
      return
    }
    const frame = this.#frame(bytes, localTsUs)
    const result = isBinary
      ? this.#refused('FRAME_NOT_JSON', 'the frame is binary', frame)
      : this.#normalizer.map(parsed, localTsUs)
    this.#deliver(frame, result, (object as Envelope | null)?.topic)
  }

  #deliver(frame: Frame, result: NormalizeResult, topic: unknown): void {
    const { localTsUs } = frame
    this.#handlers.onFrame(frame)
    this.#handlers.onNormalized(frame, result)
    if (this.#isClosing || typeof topic !== 'string') return
    const isLife = showsLife(result)
    // A topic of which nothing can be read delivers all the same: another socket would not help.
    if (isLife || result.deadLetters.length > 0) this.#subscriptions.onData(topic, localTsUs)
    if (isLife) {
      if (this.#useless.size > 0) this.#useless.delete(topic)
      this.#handlers.onLife(topic, frame, result.events)
    } else if (result.discarded.some(({ reason }) => LACKS_STATE.has(reason))) {
      this.#onUseless(topic)
    }
  }

  #onUseless(topic: string): void {
    const inARow = (this.#useless.get(topic) ?? 0) + 1
    this.#useless.set(topic, inARow % USELESS_IN_A_ROW)
    if (inARow === USELESS_IN_A_ROW) this.#handlers.onUseless(topic)
  }

  #onControl(control: ControlFrame, bytes: Uint8Array, localTsUs: number): void {
    if (control.kind === 'pong' || this.#isClosing) return
    if (control.kind === 'ack' && this.#subscriptions.onAck(control)) return
    const frame = this.#frame(bytes, localTsUs)
    const reason = 'unknown_control'
    const discarded = [{ channel: null, topic: null, symbol: null, reason } as const]
    this.#handlers.onFrame(frame)
    this.#handlers.onNormalized(frame, { events: [], deadLetters: [], discarded })
    const text = printable(Buffer.from(bytes).toString())
    this.#handlers.onStatus({ type: 'unexpected_control', text })
  }

  #onOversized(localTsUs: number): void {
    const frame = this.#frame(new Uint8Array(0), localTsUs)
    const reason = `the frame exceeds the limit of ${this.#options.maxPayloadBytes} bytes`
    this.#handlers.onNormalized(frame, this.#refused('FRAME_TOO_LARGE', reason, frame))
  }

  #frame(bytes: Uint8Array, localTsUs: number): Frame {
    const { category } = this.#options
    return { category, bytes, localTsUs, connection: this.number, index: this.#nextIndex++ }
  }

  #refused(code: DeadLetterCode, reason: string, frame: Frame): NormalizeResult {
    const origin = unknownOrigin(frame.category, frame.localTsUs)
    const deadLetters = [deadLetter(origin, code, reason, frame.bytes)]
    return { events: [], deadLetters, discarded: [] }
  }
}

/** Whether a frame shows that its topic delivers what can be used. */
function showsLife({ events, discarded }: NormalizeResult): boolean {
  return events.length > 0 || discarded[0]?.reason === 'repeated_book'
}
