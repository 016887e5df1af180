import { type PrivateChannel, SafeEmitter, systemClock } from '@grid/core-events'
import type { ServerClock } from '../auth/server-clock.ts'
import { createSigner } from '../auth/signer.ts'
import { privateRestUrl, privateUrl } from '../endpoints.ts'
import { PrivateFrameNormalizer } from '../normalizer/private-normalizer.ts'
import { BybitPrivateRestClient } from '../rest/private-rest-client.ts'
import { sharedServerClock } from '../rest/shared-server-clock.ts'
import { sharedConnectionBudget } from '../ws/connection/connection-budget.ts'
import { OutageTracker } from '../ws/coverage/outage-tracker.ts'
import { KeyGuard, type KeyRefusal } from '../ws/login/key-guard.ts'
import { PrivateLink, type PrivateLinkHandlers } from '../ws/login/private-link.ts'
import type { NormalizedPrivateFrame, PrivateStreamEvents } from '../ws/stream/stream-events.ts'
import { StreamLife } from '../ws/stream/stream-life.ts'
import type { PrivateStreamStatus, StreamStatus } from '../ws/stream/stream-status.ts'
import { DEFAULT_PRIVATE_TIMINGS } from '../ws/stream/stream-timings.ts'
import type { TopicStatus } from '../ws/stream/topic-status.ts'
import { parseRefusal } from '../ws/subscription/refusal.ts'
import { checkPlaces, type PrivateStreamOptions, privateTopics } from './private-stream-options.ts'

const DEFAULT_MAX_PAYLOAD_BYTES = 16 * 1024 * 1024
/** Before market data, whose default is 5: what it misses can be fetched by the next day's archive. */
const PRIORITY = 3

/**
 * The executions, orders, positions and wallets of one account over one socket, kept alive until
 * closed.
 *
 * It logs in by the exchange's clock on each connection and subscribes once it is let in. Every
 * inbound data frame is given out raw, then normalized; every interval in which a channel may have
 * missed events is given out as a `gap` status once the channel is back. Silence is normal: only a
 * connection that answers no ping is taken for dead. A refused key is told by a `key_refused` status
 * and tried again more and more seldom. The constructor throws `INVALID_OPTION`.
 *
 * @example
 * const stream = new BybitPrivateStream({ accountId, credentials: { apiKey, secret } })
 * stream.on('execution', (execution) => console.log(execution.execPrice, execution.execQty))
 * stream.on('status', (status) => { if (status.type === 'key_refused') console.error(status.code) })
 * await stream.start({ signal: AbortSignal.timeout(60_000) })
 * await stream.close()
 */
export class BybitPrivateStream {
  readonly #link: PrivateLink
  readonly #guard: KeyGuard
  readonly #outages: OutageTracker<PrivateChannel>
  readonly #serverClock: ServerClock
  readonly #emitter: SafeEmitter<PrivateStreamEvents>
  readonly #life: StreamLife

  constructor(options: PrivateStreamOptions) {
    checkPlaces(options)
    const { accountId, environment = 'mainnet', random = Math.random } = options
    const clock = options.clock ?? systemClock
    const timings = { ...DEFAULT_PRIVATE_TIMINGS, ...options.timings }
    const topics = privateTopics(options.channels)
    const base = privateRestUrl(environment, options.restUrl)
    const serverClock = options.serverClock ?? sharedServerClock(base, restOptions(options))
    this.#serverClock = serverClock
    const client = new BybitPrivateRestClient({
      ...restOptions(options),
      accountId,
      credentials: options.credentials,
      serverClock,
      maxAttempts: 2,
    })
    this.#life = new StreamLife({
      begin: () => this.#link.start(),
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
    this.#outages = new OutageTracker({
      clock,
      padMs: timings.gapPadMs,
      trustsPongs: true,
      onOutageEnd: ({ channel }, bounds) => {
        this.#tell({ type: 'gap', gap: { accountId, channel, ...bounds } })
      },
    })
    this.#outages.add(topics)
    this.#guard = new KeyGuard({
      clock,
      timings,
      random,
      examine: (signal) => client.apiKeyInfo({ signal }),
      putOff: (reason, delayMs) => this.#link.putOff(reason, delayMs),
      onRefused: ({ code, reason, attempt }, retryInMs) =>
        this.#tell({ type: 'key_refused', code, reason, attempt, retryInMs }),
    })
    let connections = 0
    const linkOptions = {
      accountId,
      url: privateUrl(environment, options.wsUrl),
      clock,
      timings,
      budget: options.budget ?? sharedConnectionBudget,
      priority: PRIORITY,
      maxPayloadBytes: options.maxPayloadBytes ?? DEFAULT_MAX_PAYLOAD_BYTES,
      random,
      nextNumber: () => ++connections,
      signer: createSigner(options.credentials),
      serverClock,
      normalizer: new PrivateFrameNormalizer({
        accountId,
        ...(options.filter && { filter: options.filter }),
      }),
    } as const
    this.#link = new PrivateLink(topics, linkOptions, this.#handlers())
  }

  /** Adds a listener; the function returned removes it. */
  on<Name extends keyof PrivateStreamEvents>(
    name: Name,
    listener: (payload: PrivateStreamEvents[Name]) => void,
  ): () => void {
    return this.#emitter.on(name, listener)
  }

  /** Where every wanted channel stands; `symbol` is empty. */
  topics(): readonly TopicStatus<PrivateChannel>[] {
    return this.#link.topics()
  }

  /** Why the key is refused at the moment and when it is tried next; null when it is not. */
  get keyRefusal(): KeyRefusal | null {
    return this.#guard.refusal
  }

  /**
   * Connects, and resolves when every wanted channel is live or refused; retries until then, more and
   * more seldom while the key is refused.
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
    this.#guard.close()
    await this.#link.close()
    this.#tell({ type: 'stopped' })
  }

  #handlers(): PrivateLinkHandlers {
    return {
      onFrame: (frame) => this.#emitter.emit('frame', frame),
      onNormalized: (frame, { events, deadLetters, discarded }) =>
        this.#onNormalized({ frame, events, deadLetters, discarded }),
      onData: (topic, localTsUs) => this.#outages.onData(topic, localTsUs),
      onProven: (topic) => this.#outages.onProven(topic),
      onAuthenticated: (connection) => {
        this.#guard.onAccepted()
        const clockOffsetMs = this.#serverClock.offsetMs
        this.#tell({ type: 'authenticated', connection, clockOffsetMs })
      },
      onRefused: (words) => {
        if (this.#guard.onRefused(words)) return
        this.#serverClock.doubt()
        this.#link.recycle(`the login is refused: ${words}`)
      },
      onUnanswered: () => this.#guard.onUnanswered(),
      onDisconnect: (lastInboundMs, isStale) => this.#onDisconnect(lastInboundMs, isStale),
      onStatus: (status) => this.#onStatus(status),
    }
  }

  #onNormalized(normalized: NormalizedPrivateFrame): void {
    this.#emitter.emit('normalized', normalized)
    for (const event of normalized.events) {
      switch (event.channel) {
        case 'execution':
          this.#emitter.emit('execution', event)
          break
        case 'order':
          this.#emitter.emit('order', event)
          break
        case 'position':
          this.#emitter.emit('position', event)
          break
        case 'wallet':
          this.#emitter.emit('wallet', event)
      }
    }
    for (const letter of normalized.deadLetters) this.#emitter.emit('deadLetter', letter)
  }

  #onDisconnect(lastInboundMs: number, isStale: boolean): void {
    // Of a key that was found bad while connected, no one knows when the exchange fell silent.
    const sinceMs = Math.min(lastInboundMs, this.#guard.badSinceMs ?? lastInboundMs)
    this.#guard.onDisconnect()
    const names = this.#link.topics().map(({ topic }) => topic)
    this.#outages.onDisconnect(names, sinceMs, isStale ? 'stale' : 'disconnect')
  }

  #onStatus(status: StreamStatus): void {
    switch (status.type) {
      case 'gap':
      case 'rotated':
      case 'rotation_failed':
      case 'silent_topic':
      case 'unproven':
        // Not of a link.
        return
      case 'refused':
        this.#onTopicRefused(status.topic, status.reason)
        break
      default:
        this.#tell(status)
    }
    if (status.type === 'live') this.#guard.onUseful()
    if (status.type === 'live' || status.type === 'refused') {
      if (this.#life.isStarting && this.#link.isSettled) this.#life.becomeReady()
    }
  }

  #onTopicRefused(topic: string, reason: string): void {
    const isDenied = parseRefusal(reason).kind === 'not_permitted'
    const code = isDenied ? 'PERMISSION_DENIED' : 'REFUSED'
    this.#tell({ type: 'refused', topic, code, reason })
    const isUseless = this.#link.topics().every(({ state }) => state === 'refused')
    if (isDenied && isUseless) this.#guard.onDenied(reason)
  }

  #tell(status: PrivateStreamStatus): void {
    this.#emitter.emit('status', status)
  }
}

function restOptions({ clock, environment, limiter, random, restUrl }: PrivateStreamOptions) {
  return { clock, environment, limiter, random, restUrl }
}
