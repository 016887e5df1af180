import type { Clock, PublicEvent } from '@grid/core-events'
import { categoryDialect, type PublicCategory } from '../../channels/dialect/category-dialect.ts'
import type { Envelope } from '../../channels/dialect/channel-mapper.ts'
import { DISCARD_MEANINGS } from '../../channels/dialect/discard-reason.ts'
import { dialectOf, type WantedTopic } from '../../channels/topics.ts'
import { refuseBinary, refuseOversized } from '../../normalizer/frame-dead-letter.ts'
import { FrameNormalizer } from '../../normalizer/frame-normalizer.ts'
import { type NormalizeResult, UNKNOWN_CONTROL } from '../../normalizer/normalize-result.ts'
import type { StreamControl } from '../../normalizer/stream-control.ts'
import { type ControlFrame, controlOf } from '../../wire/control-frame.ts'
import { parseFrame } from '../../wire/parsed-frame.ts'
import { printable } from '../../wire/printable.ts'
import { isWireObject } from '../../wire/wire.ts'
import { Connection, type ConnectionOptions } from '../connection/connection.ts'
import type { UnansweredConnection } from '../connection/socket.ts'
import { TopicProgress } from '../coverage/topic-progress.ts'
import type { Frame } from '../stream/stream-events.ts'
import type { PublicSink } from '../stream/stream-sink.ts'
import type { LinkStatus, SubscriptionStatus } from '../stream/stream-status.ts'
import type { TopicStatus } from '../stream/topic-status.ts'
import { SubscriptionManager } from '../subscription/subscription-manager.ts'
import type { LinkView } from './replacement.ts'

/** After so many messages in a row that lack what they build on, a topic needs a new snapshot. */
const USELESS_IN_A_ROW = 20

const NOTHING = { deadLetters: [], discarded: [] } as const

/** What only the owner of several links can judge; all else goes to the stream's sink at once. */
export interface LinkOwner {
  /** The topic's messages come in but can no longer be used. */
  onUseless(link: Link, topic: string): void
  /** The socket is gone; `lastInboundMs` is when it last gave any frame. */
  onDisconnect(link: Link, lastInboundMs: number, isStale: boolean): void
  onStatus(link: Link, status: LinkStatus): void
}

/** Options of a {@link Link}. */
export interface LinkOptions extends ConnectionOptions {
  readonly category: PublicCategory
  readonly clock: Clock
}

/** What a link remembers of a topic, beside its subscription. */
interface LinkTopic {
  readonly progress: TopicProgress
  /** How many messages in a row could not be used. */
  uselessInARow: number
}

/** One connection with its own subscriptions and merge state, kept alive until closed. */
export class Link implements LinkView {
  readonly #options: LinkOptions
  readonly #sink: PublicSink
  readonly #owner: LinkOwner
  readonly #normalizer: FrameNormalizer
  /** Only until a socket is open: each link would else keep all before it in memory. */
  #predecessor: Link | undefined
  readonly #connection: Connection
  readonly #subscriptions: SubscriptionManager
  /** The topics that have spoken. */
  readonly #topics = new Map<string, LinkTopic>()
  #number = 0
  #nextIndex = 0
  #isClosing = false

  /** @param predecessor the link that this one is to replace: both deliver the same for a while */
  constructor(
    topics: readonly WantedTopic[],
    options: LinkOptions,
    sink: PublicSink,
    owner: LinkOwner,
    predecessor?: Link,
  ) {
    const { category, clock, timings } = options
    const { topicsPerRequest } = categoryDialect(category)
    this.#options = options
    this.#sink = sink
    this.#owner = owner
    this.#predecessor = predecessor
    this.#normalizer = new FrameNormalizer(
      category,
      predecessor === undefined ? undefined : predecessor.#normalizer,
    )
    this.#subscriptions = new SubscriptionManager(
      { topics, topicsPerRequest, clock, timings },
      {
        send: (text) => this.#connection.send(text),
        recycle: (reason) => this.#connection.recycle(reason),
        onStatus: (status) => this.#onSubscription(status),
        onProven: (topic) => sink.onProven(topic),
      },
    )
    this.#connection = new Connection(options, {
      onOpen: () => {
        this.#nextIndex = 0
        this.#subscriptions.onOpen()
      },
      onMessage: (bytes, isBinary, localTsUs) => this.#onMessage(bytes, isBinary, localTsUs),
      onOversized: (localTsUs) => this.#onOversized(localTsUs),
      onDisconnect: (lastInboundMs, isStale) => {
        this.#control({ type: 'closed', connection: this.number })
        this.#normalizer.reset()
        for (const topic of this.#topics.values()) topic.uselessInARow = 0
        this.#subscriptions.onDisconnect()
        owner.onDisconnect(this, lastInboundMs, isStale)
      },
      onStatus: (status) => {
        if (status.type === 'open') this.#onNumbered(status.connection)
        owner.onStatus(this, status)
      },
    })
  }

  /** The number of the newest socket; 0 before the first. */
  get number(): number {
    return this.#number
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

  /** Asks an open socket that was silent for so long for a sign of life; null when none is missing. */
  askIfSilent(afterMs: number): UnansweredConnection | null {
    return this.#connection.askIfSilent(afterMs)
  }

  /** The topics that are wanted of this connection. */
  get subscriptions(): Pick<
    SubscriptionManager,
    'add' | 'has' | 'inherit' | 'isSettled' | 'resubscribe'
  > {
    return this.#subscriptions
  }

  /** Wants topics no longer, and forgets what it remembers of them. */
  remove(topics: readonly string[]): void {
    this.#subscriptions.remove(topics)
    this.#control({ type: 'forgotten', connection: this.number, topics })
    for (const topic of topics) {
      this.#topics.delete(topic)
      this.#normalizer.forget(topic)
    }
  }

  topics(): readonly TopicStatus[] {
    return this.#subscriptions.topics()
  }

  progressOf(topic: string): TopicProgress | undefined {
    return this.#topics.get(topic)?.progress
  }

  start(): void {
    this.#connection.start()
  }

  /** Closes for good; resolves when no socket and no timer is left. */
  async close(): Promise<void> {
    this.#isClosing = true
    this.#subscriptions.onDisconnect()
    await this.#connection.close()
    this.#control({ type: 'ended', connection: this.number })
  }

  /** A socket is open and has its number; it may have had another one before. */
  #onNumbered(connection: number): void {
    const last = this.#number
    const predecessor = last || this.#predecessor?.number || null
    this.#number = connection
    this.#predecessor = undefined
    this.#control({ type: 'opened', connection, predecessor })
    if (last > 0) this.#control({ type: 'ended', connection: last })
  }

  /** Tells what bears on the reading of frames; without a number there were none. */
  #control(control: StreamControl): void {
    if (control.connection > 0) this.#sink.onControl(control, this.#normalizer)
  }

  #onSubscription(status: SubscriptionStatus): void {
    if (status.type === 'live') this.#connection.markUseful()
    if (status.type === 'resubscribing') {
      const { topics } = status
      this.#control({ type: 'restarted', connection: this.number, topics })
      for (const topic of topics) this.#normalizer.restart(topic)
    }
    this.#owner.onStatus(this, status)
  }

  #onMessage(bytes: Uint8Array, isBinary: boolean, localTsUs: number): void {
    if (isBinary) {
      const frame: Frame = { ...this.#frame(bytes, localTsUs), isBinary }
      this.#sink.onFrame(frame)
      this.#deliver(frame, refuseBinary(frame.category, bytes, localTsUs), null)
      return
    }
    const parsed = parseFrame(bytes)
    const control = controlOf(parsed)
    if (control !== null) {
      this.#onControl(control, bytes, localTsUs)
      return
    }
    const frame = this.#frame(bytes, localTsUs)
    // First: whoever keeps frames keeps each one on top of what was remembered before it.
    this.#sink.onFrame(frame)
    const scanned = this.#normalizer.scan(parsed, localTsUs)
    if (scanned !== null) {
      const { topic, events } = scanned
      this.#deliver(frame, { ...NOTHING, events }, topic)
      return
    }
    const result = this.#normalizer.map(parsed, localTsUs)
    const { value } = parsed
    this.#deliver(frame, result, isWireObject(value) ? (value as Envelope).topic : null)
  }

  #deliver(frame: Frame, result: NormalizeResult, topic: unknown): void {
    const { localTsUs } = frame
    this.#sink.onNormalized(frame, result)
    if (this.#isClosing || typeof topic !== 'string') return
    const isUsable = delivers(result)
    // A topic whose items cannot be read delivers all the same: another socket would not help.
    if (isUsable || result.deadLetters.length > 0) this.#subscriptions.onData(topic, localTsUs)
    if (isUsable) {
      const known = this.#topicOf(topic)
      if (known !== undefined) {
        known.uselessInARow = 0
        known.progress.onData(localTsUs, result.events)
      }
      this.#sink.onData(topic, localTsUs, result.events)
    } else if (result.discarded.some(({ reason }) => DISCARD_MEANINGS[reason] === 'lacks_state')) {
      this.#onUseless(topic)
    }
  }

  #onUseless(name: string): void {
    const topic = this.#topicOf(name)
    if (topic === undefined) return
    topic.uselessInARow++
    if (topic.uselessInARow < USELESS_IN_A_ROW) return
    topic.uselessInARow = 0
    this.#owner.onUseless(this, name)
  }

  /** What is remembered of a wanted topic; undefined for any other. */
  #topicOf(name: string): LinkTopic | undefined {
    const known = this.#topics.get(name)
    if (known !== undefined) return known
    const wanted = this.#subscriptions.find(name)
    if (wanted === undefined) return undefined
    const dialect = dialectOf(wanted.channel)
    const isOpening = (event: PublicEvent): boolean => dialect.isSnapshot?.(event) ?? false
    const progress = new TopicProgress(wanted.proof === 'snapshot' ? isOpening : null)
    const topic = { progress, uselessInARow: 0 }
    this.#topics.set(name, topic)
    return topic
  }

  #onControl(control: ControlFrame, bytes: Uint8Array, localTsUs: number): void {
    if (control.kind === 'pong' || this.#isClosing) return
    if (control.kind === 'ack' && this.#subscriptions.onAck(control)) return
    const frame = this.#frame(bytes, localTsUs)
    this.#sink.onFrame(frame)
    this.#sink.onNormalized(frame, UNKNOWN_CONTROL)
    const text = printable(Buffer.from(bytes).toString())
    this.#owner.onStatus(this, { type: 'unexpected_control', text })
  }

  #onOversized(localTsUs: number): void {
    const frame = this.#frame(new Uint8Array(0), localTsUs)
    const { category, connection, index } = frame
    const limitBytes = this.#options.maxPayloadBytes
    const refused = { type: 'oversized', connection, index, localTsUs, limitBytes } as const
    this.#control(refused)
    this.#sink.onNormalized(frame, refuseOversized(category, refused))
  }

  #frame(bytes: Uint8Array, localTsUs: number): Frame {
    const { category } = this.#options
    return { category, bytes, localTsUs, connection: this.number, index: this.#nextIndex++ }
  }
}

/** Whether a frame shows that its topic delivers usable data. */
function delivers({ events, discarded }: NormalizeResult): boolean {
  if (events.length > 0) return true
  const [first] = discarded
  return first !== undefined && DISCARD_MEANINGS[first.reason] === 'delivers'
}
