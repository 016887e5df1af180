import type { Clock, PrivateChannel, PrivateEvent } from '@grid/core-events'
import type { ServerClock } from '../../auth/server-clock.ts'
import type { Signer } from '../../auth/signer.ts'
import type { WantedTopic } from '../../channels/topics.ts'
import { UNKNOWN_CONTROL } from '../../normalizer/normalize-result.ts'
import type { PrivateFrameNormalizer } from '../../normalizer/private-normalizer.ts'
import type { PrivateStreamControl } from '../../normalizer/stream-control.ts'
import { type ControlFrame, controlOf } from '../../wire/control-frame.ts'
import { parseFrame } from '../../wire/parsed-frame.ts'
import { isWireObject } from '../../wire/wire.ts'
import { Connection, type ConnectionOptions } from '../connection/connection.ts'
import type { UnansweredConnection } from '../connection/socket.ts'
import type { PrivateFrame } from '../stream/stream-events.ts'
import type { StreamSink } from '../stream/stream-sink.ts'
import type { PrivateStreamStatus, SubscriptionStatus } from '../stream/stream-status.ts'
import type { PrivateStreamTimings, StreamTimings } from '../stream/stream-timings.ts'
import type { TopicStatus } from '../stream/topic-status.ts'
import { parseRefusal } from '../subscription/refusal.ts'
import { SubscriptionManager } from '../subscription/subscription-manager.ts'
import { KeyGuard, type KeyRefusal } from './key-guard.ts'
import { Login } from './login.ts'

/** The sink of a private stream. */
export interface PrivateSink extends StreamSink<PrivateFrame, PrivateEvent, PrivateStreamStatus> {
  /** Which connections there are, and frames that were refused. */
  onControl(control: PrivateStreamControl): void
}

/** Options of a {@link PrivateLink}. */
export interface PrivateLinkOptions extends ConnectionOptions {
  readonly accountId: string
  readonly clock: Clock
  readonly timings: StreamTimings & PrivateStreamTimings
  readonly signer: Signer
  readonly serverClock: ServerClock
  readonly normalizer: PrivateFrameNormalizer
  /** Checks the key over REST; rejects with the error that says what is wrong with it. */
  readonly examineKey: (signal: AbortSignal) => Promise<unknown>
}

/**
 * One private connection, kept alive until closed: logs in on each socket, and subscribes only once
 * the exchange has let the key in.
 */
export class PrivateLink {
  readonly #options: PrivateLinkOptions
  readonly #sink: PrivateSink
  readonly #connection: Connection
  readonly #subscriptions: SubscriptionManager<PrivateChannel>
  readonly #login: Login
  readonly #guard: KeyGuard
  readonly #stop = new AbortController()
  #nextIndex = 0

  constructor(
    topics: readonly WantedTopic<PrivateChannel>[],
    options: PrivateLinkOptions,
    sink: PrivateSink,
  ) {
    const { clock, timings, random, examineKey: examine } = options
    this.#options = options
    this.#sink = sink
    this.#guard = new KeyGuard({
      clock,
      timings,
      random,
      examine,
      putOff: (reason, delayMs) => this.#connection.putOff(reason, delayMs),
      onRefused: ({ code, reason, attempt }, retryInMs) =>
        sink.onStatus({ type: 'key_refused', code, reason, attempt, retryInMs }),
    })
    const socket = {
      send: (text: string) => this.#connection.send(text),
      recycle: (reason: string) => this.#connection.recycle(reason),
    }
    this.#login = new Login(options, socket)
    this.#subscriptions = new SubscriptionManager(
      { topics, topicsPerRequest: topics.length, clock, timings },
      {
        ...socket,
        onStatus: (status) => this.#onSubscription(status),
        onProven: (topic) => sink.onProven(topic),
      },
    )
    this.#connection = new Connection(options, {
      onOpen: () => {
        this.#nextIndex = 0
        void this.#login.begin(this.#stop.signal)
      },
      onMessage: (bytes, isBinary, localTsUs) => this.#onMessage(bytes, isBinary, localTsUs),
      onOversized: (localTsUs) => this.#onOversized(localTsUs),
      onDisconnect: (lastInboundMs, isStale) => this.#onDisconnect(lastInboundMs, isStale),
      onStatus: (status) => {
        if (status.type === 'open') {
          sink.onControl({ type: 'opened', connection: status.connection, predecessor: null })
        }
        sink.onStatus(status)
      },
    })
  }

  /** Whether no topic is pending. */
  get isSettled(): boolean {
    return this.#subscriptions.isSettled
  }

  /** Why the key is refused at the moment; null when it is not known to be. */
  get keyRefusal(): KeyRefusal | null {
    return this.#guard.refusal
  }

  topics(): readonly TopicStatus<PrivateChannel>[] {
    return this.#subscriptions.topics()
  }

  /** Asks the connection, when it was silent for so long, for a sign of life; null when none is missing. */
  askIfSilent(afterMs: number): UnansweredConnection | null {
    return this.#connection.askIfSilent(afterMs)
  }

  start(): void {
    this.#connection.start()
  }

  /** Closes for good; resolves when no socket and no timer is left. */
  async close(): Promise<void> {
    this.#guard.close()
    this.#stop.abort()
    this.#login.end()
    this.#subscriptions.onDisconnect()
    await this.#connection.close()
  }

  #onSubscription(status: SubscriptionStatus): void {
    switch (status.type) {
      case 'unproven':
        // Only option sockets have such topics.
        return
      case 'refused':
        this.#onTopicRefused(status.topic, status.reason)
        return
      case 'live':
        this.#connection.markUseful()
        this.#sink.onStatus(status)
        this.#guard.onUseful()
        return
      default:
        this.#sink.onStatus(status)
    }
  }

  #onTopicRefused(topic: string, reason: string): void {
    const isDenied = parseRefusal(reason).kind === 'not_permitted'
    const code = isDenied ? 'PERMISSION_DENIED' : 'REFUSED'
    this.#sink.onStatus({ type: 'refused', topic, code, reason })
    const isUseless = this.topics().every(({ state }) => state === 'refused')
    if (isDenied && isUseless) this.#guard.onDenied(reason)
  }

  #onDisconnect(lastInboundMs: number, isStale: boolean): void {
    const { number: connection } = this.#connection
    if (connection > 0) this.#sink.onControl({ type: 'closed', connection })
    const isUnanswered = this.#login.isPending
    this.#login.end()
    this.#subscriptions.onDisconnect()
    // Nobody knows when the exchange fell silent to a key that was found bad while connected.
    const sinceMs = Math.min(lastInboundMs, this.#guard.badSinceMs ?? lastInboundMs)
    this.#guard.onDisconnect()
    const names = this.topics().map(({ topic }) => topic)
    this.#sink.onOutage(names, sinceMs, isStale)
    if (isUnanswered && !this.#stop.signal.aborted) this.#guard.onUnanswered()
  }

  #onMessage(bytes: Uint8Array, isBinary: boolean, localTsUs: number): void {
    const parsed = parseFrame(bytes)
    const control = isBinary ? null : controlOf(parsed)
    if (control !== null) {
      this.#onControl(control, bytes, localTsUs)
      return
    }
    const { normalizer } = this.#options
    const frame = this.#frame(bytes, localTsUs)
    if (isBinary) {
      const binary: PrivateFrame = { ...frame, isBinary }
      this.#sink.onFrame(binary)
      this.#sink.onNormalized(binary, normalizer.refuseBinary(parsed, localTsUs))
      return
    }
    this.#sink.onFrame(frame)
    const result = normalizer.map(parsed, localTsUs)
    this.#sink.onNormalized(frame, result)
    const topic = isWireObject(parsed.value) ? parsed.value['topic'] : null
    if (this.#stop.signal.aborted || typeof topic !== 'string') return
    // A topic whose items cannot be read delivers all the same: another socket would not help.
    this.#subscriptions.onData(topic, localTsUs)
    this.#sink.onData(topic, localTsUs, result.events)
  }

  #onControl(control: ControlFrame, bytes: Uint8Array, localTsUs: number): void {
    if (control.kind === 'pong' || this.#stop.signal.aborted) return
    if (control.kind === 'ack' && this.#onAck(control)) return
    const frame = this.#frame(bytes, localTsUs)
    this.#sink.onFrame(frame)
    this.#sink.onNormalized(frame, UNKNOWN_CONTROL)
    const text = this.#login.redact(Buffer.from(bytes).toString())
    this.#sink.onStatus({ type: 'unexpected_control', text })
  }

  #onAck(ack: ControlFrame & { kind: 'ack' }): boolean {
    if (ack.op !== 'auth') return this.#subscriptions.onAck(ack)
    if (!this.#login.isPending) return false
    this.#login.end()
    if (ack.ok) this.#onLoggedIn()
    else this.#onLoginRefused(this.#login.redact(ack.message))
    return true
  }

  #onLoggedIn(): void {
    this.#guard.onAccepted()
    const { number: connection } = this.#connection
    const clockOffsetMs = this.#options.serverClock.offsetMs
    this.#sink.onStatus({ type: 'authenticated', connection, clockOffsetMs })
    this.#subscriptions.onOpen()
  }

  #onLoginRefused(words: string): void {
    if (this.#guard.onRefused(words)) return
    this.#options.serverClock.doubt()
    this.#connection.recycle(`the login is refused: ${words}`)
  }

  #onOversized(localTsUs: number): void {
    const { maxPayloadBytes: limitBytes, normalizer } = this.#options
    const frame = this.#frame(new Uint8Array(0), localTsUs)
    const { connection, index } = frame
    const refused = { type: 'oversized', connection, index, localTsUs, limitBytes } as const
    this.#sink.onControl(refused)
    this.#sink.onNormalized(frame, normalizer.refuseOversized(refused))
  }

  #frame(bytes: Uint8Array, localTsUs: number): PrivateFrame {
    const { accountId } = this.#options
    const { number: connection } = this.#connection
    return { accountId, bytes, localTsUs, connection, index: this.#nextIndex++ }
  }
}
