import type { Clock, ClockTimer, PrivateChannel, PrivateEvent } from '@grid/core-events'
import type { ServerClock } from '../../auth/server-clock.ts'
import { type Signer, socketPayload } from '../../auth/signer.ts'
import type { WantedTopic } from '../../channels/registry.ts'
import type { NormalizeResult } from '../../normalizer/normalize-result.ts'
import type { PrivateFrameNormalizer } from '../../normalizer/private-normalizer.ts'
import { type ControlFrame, classifyControl } from '../../wire/control-frame.ts'
import { parseFrame } from '../../wire/parsed-frame.ts'
import { printable } from '../../wire/printable.ts'
import { isWireObject } from '../../wire/wire.ts'
import { Connection, type ConnectionOptions } from '../connection/connection.ts'
import type { PrivateFrame } from '../stream/stream-events.ts'
import type { StreamStatus } from '../stream/stream-status.ts'
import type { PrivateStreamTimings, StreamTimings } from '../stream/stream-timings.ts'
import type { TopicStatus } from '../stream/topic-status.ts'
import { SubscriptionManager } from '../subscription/subscription-manager.ts'

/** What a private link reports. */
export interface PrivateLinkHandlers {
  /** A data frame came in, not understood yet. */
  onFrame(frame: PrivateFrame): void
  /** What became of a data frame. */
  onNormalized(frame: PrivateFrame, result: NormalizeResult<PrivateEvent>): void
  /** Data of a topic came in; told after the topic is live. */
  onData(topic: string, localTsUs: number): void
  /** The exchange confirmed a topic. */
  onProven(topic: string): void
  /** The exchange let the key in. */
  onAuthenticated(connection: number): void
  /** The exchange refused a login, in these words. */
  onRefused(words: string): void
  /** The connection ended before its login was answered. */
  onUnanswered(): void
  /** The socket is gone; `lastInboundMs` is when it last gave any frame. */
  onDisconnect(lastInboundMs: number, isStale: boolean): void
  onStatus(status: StreamStatus): void
}

/** Options of a {@link PrivateLink}. */
export interface PrivateLinkOptions extends ConnectionOptions {
  readonly accountId: string
  readonly clock: Clock
  readonly timings: StreamTimings & PrivateStreamTimings
  readonly signer: Signer
  readonly serverClock: ServerClock
  readonly normalizer: PrivateFrameNormalizer
}

/**
 * One private connection, kept alive until closed: logs in on each socket, and subscribes only once
 * the exchange has let the key in.
 */
export class PrivateLink {
  readonly #options: PrivateLinkOptions
  readonly #handlers: PrivateLinkHandlers
  readonly #connection: Connection
  readonly #subscriptions: SubscriptionManager<PrivateChannel>
  readonly #stop = new AbortController()
  /** From a socket's opening until its login is answered. */
  #login: ClockTimer | null = null
  /** What must not be shown of the newest login. */
  #signature = ''
  #nextIndex = 0

  constructor(
    topics: readonly WantedTopic<PrivateChannel>[],
    options: PrivateLinkOptions,
    handlers: PrivateLinkHandlers,
  ) {
    const { clock, timings } = options
    this.#options = options
    this.#handlers = handlers
    this.#subscriptions = new SubscriptionManager(
      { topics, topicsPerRequest: topics.length, clock, timings },
      {
        send: (text) => this.#connection.send(text),
        recycle: (reason) => this.#connection.recycle(reason),
        onStatus: (status) => {
          if (status.type === 'live') this.#connection.markUseful()
          handlers.onStatus(status)
        },
        onProven: (topic) => handlers.onProven(topic),
      },
    )
    this.#connection = new Connection(options, {
      onOpen: () => {
        this.#nextIndex = 0
        void this.#logIn()
      },
      onMessage: (bytes, isBinary, localTsUs) => this.#onMessage(bytes, isBinary, localTsUs),
      onOversized: (localTsUs) => this.#onOversized(localTsUs),
      onDisconnect: (end, lastInboundMs) =>
        this.#onDisconnect(lastInboundMs, end.cause === 'stale'),
      onStatus: (status) => handlers.onStatus(status),
    })
  }

  get isSettled(): boolean {
    return this.#subscriptions.isSettled
  }

  topics(): readonly TopicStatus<PrivateChannel>[] {
    return this.#subscriptions.topics()
  }

  start(): void {
    this.#connection.start()
  }

  /** Gives up the socket, and opens no other before a delay has passed. */
  putOff(reason: string, delayMs: number): void {
    this.#connection.putOff(reason, delayMs)
  }

  /** Replaces the socket by a new one. */
  recycle(reason: string): void {
    this.#connection.recycle(reason)
  }

  /** Closes for good; resolves when no socket and no timer is left. */
  async close(): Promise<void> {
    this.#stop.abort()
    this.#endLogin()
    this.#subscriptions.onDisconnect()
    await this.#connection.close()
  }

  /** Waits for the exchange's time, which is known but for the first login, and logs in. */
  async #logIn(): Promise<void> {
    const { clock, serverClock, timings } = this.#options
    // A time that cannot be had is no reason not to try: ours may be right.
    const patience = clock.setTimer(() => this.#sendLogin(), timings.loginTimeoutMs)
    this.#login = patience
    await serverClock.ready(this.#stop.signal).catch(() => {})
    if (this.#login !== patience) return
    patience.cancel()
    this.#sendLogin()
  }

  #sendLogin(): void {
    const { clock, serverClock, signer, timings } = this.#options
    this.#login = clock.setTimer(
      () => this.#connection.recycle('the login was not answered'),
      timings.loginTimeoutMs,
    )
    const expiresMs = serverClock.nowMs() + timings.loginValidMs
    this.#signature = signer.sign(socketPayload(expiresMs))
    const args = [signer.apiKey, expiresMs, this.#signature]
    this.#connection.send(JSON.stringify({ req_id: 'auth', op: 'auth', args }))
  }

  #endLogin(): void {
    this.#login?.cancel()
    this.#login = null
  }

  #onDisconnect(lastInboundMs: number, isStale: boolean): void {
    const isUnanswered = this.#login !== null
    this.#endLogin()
    this.#subscriptions.onDisconnect()
    this.#handlers.onDisconnect(lastInboundMs, isStale)
    if (isUnanswered && !this.#stop.signal.aborted) this.#handlers.onUnanswered()
  }

  #onMessage(bytes: Uint8Array, isBinary: boolean, localTsUs: number): void {
    const parsed = parseFrame(bytes)
    const object = !isBinary && isWireObject(parsed.value) ? parsed.value : null
    const control = object === null ? null : classifyControl(object)
    if (control !== null) {
      this.#onControl(control, bytes, localTsUs)
      return
    }
    const { normalizer } = this.#options
    const frame = this.#frame(bytes, localTsUs)
    const result = isBinary
      ? normalizer.refuse('FRAME_NOT_JSON', 'the frame is binary', parsed, localTsUs)
      : normalizer.map(parsed, localTsUs)
    this.#handlers.onFrame(frame)
    this.#handlers.onNormalized(frame, result)
    const topic = object?.['topic']
    if (this.#stop.signal.aborted || typeof topic !== 'string') return
    // A topic of which nothing can be read delivers all the same: another socket would not help.
    this.#subscriptions.onData(topic, localTsUs)
    this.#handlers.onData(topic, localTsUs)
  }

  #onControl(control: ControlFrame, bytes: Uint8Array, localTsUs: number): void {
    if (control.kind === 'pong' || this.#stop.signal.aborted) return
    if (control.kind === 'ack' && this.#onAck(control)) return
    const frame = this.#frame(bytes, localTsUs)
    const reason = 'unknown_control'
    const discarded = [{ channel: null, topic: null, symbol: null, reason } as const]
    this.#handlers.onFrame(frame)
    this.#handlers.onNormalized(frame, { events: [], deadLetters: [], discarded })
    const text = this.#shown(Buffer.from(bytes).toString())
    this.#handlers.onStatus({ type: 'unexpected_control', text })
  }

  #onAck(ack: ControlFrame & { kind: 'ack' }): boolean {
    if (ack.op !== 'auth') return this.#subscriptions.onAck(ack)
    if (this.#login === null) return false
    this.#endLogin()
    if (ack.ok) {
      this.#handlers.onAuthenticated(this.#connection.number)
      this.#subscriptions.onOpen()
    } else {
      this.#handlers.onRefused(this.#shown(ack.message))
    }
    return true
  }

  #onOversized(localTsUs: number): void {
    const { maxPayloadBytes, normalizer } = this.#options
    const bytes = new Uint8Array(0)
    const reason = `the frame exceeds the limit of ${maxPayloadBytes} bytes`
    const whole = { bytes: () => bytes }
    const result = normalizer.refuse('FRAME_TOO_LARGE', reason, whole, localTsUs)
    this.#handlers.onNormalized(this.#frame(bytes, localTsUs), result)
  }

  #frame(bytes: Uint8Array, localTsUs: number): PrivateFrame {
    const { accountId } = this.#options
    const { number: connection } = this.#connection
    return { accountId, bytes, localTsUs, connection, index: this.#nextIndex++ }
  }

  /** The exchange's words, without what they may repeat of ours. */
  #shown(words: string): string {
    const { apiKey } = this.#options.signer
    const redacted = words.replaceAll(apiKey, '[api key]')
    return printable(
      this.#signature === '' ? redacted : redacted.replaceAll(this.#signature, '[signature]'),
    )
  }
}
