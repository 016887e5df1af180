import { type PrivateChannel, type SafeEmitter, systemClock } from '@grid/core-events'
import { createSigner } from '../auth/signer.ts'
import { privateRestUrl, privateUrl } from '../endpoints.ts'
import { PrivateFrameNormalizer } from '../normalizer/private-normalizer.ts'
import { BybitPrivateRestClient } from '../rest/private-rest-client.ts'
import { sharedServerClock } from '../rest/shared-server-clock.ts'
import { sharedConnectionBudget } from '../ws/connection/connection-budget.ts'
import type { UnansweredConnection } from '../ws/connection/socket.ts'
import { TopicOutage } from '../ws/coverage/topic-outage.ts'
import type { KeyRefusal } from '../ws/login/key-guard.ts'
import { PrivateLink, type PrivateSink } from '../ws/login/private-link.ts'
import { streamEmitter } from '../ws/stream/stream-emitter.ts'
import type { NormalizedPrivateFrame, PrivateStreamEvents } from '../ws/stream/stream-events.ts'
import { StreamLife } from '../ws/stream/stream-life.ts'
import type { PrivateStreamStatus } from '../ws/stream/stream-status.ts'
import { DEFAULT_PRIVATE_TIMINGS } from '../ws/stream/stream-timings.ts'
import type { TopicStatus } from '../ws/stream/topic-status.ts'
import { checkPlaces, type PrivateStreamOptions, privateTopics } from './private-stream-options.ts'

const DEFAULT_MAX_PAYLOAD_BYTES = 16 * 1024 * 1024
/** Before market data, whose default is 5: missed trades can still be fetched from the daily archive. */
const PRIORITY = 3

/**
 * The executions, orders, positions and wallets of one account over one socket, kept alive until
 * closed.
 *
 * It logs in by the exchange's clock on each connection and subscribes once it is let in. Every
 * inbound data frame is given out raw, then normalized. Every interval in which a channel may have
 * missed events is given out as a `gap` status once the channel is back. Silence is normal: only a
 * connection that answers no ping is taken for dead. A refused key is told by a `key_refused` status
 * and tried again at growing intervals. The constructor throws `INVALID_OPTION`.
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
  readonly #outages = new Map<string, TopicOutage>()
  readonly #emitter: SafeEmitter<PrivateStreamEvents> = streamEmitter()
  readonly #life: StreamLife

  constructor(options: PrivateStreamOptions) {
    checkPlaces(options)
    const {
      accountId,
      credentials,
      environment = 'mainnet',
      filter,
      random = Math.random,
    } = options
    const clock = options.clock ?? systemClock
    const timings = { ...DEFAULT_PRIVATE_TIMINGS, ...options.timings }
    const topics = privateTopics(options.channels)
    const base = privateRestUrl(environment, options.restUrl)
    const serverClock = options.serverClock ?? sharedServerClock(base, restOptions(options))
    const client = new BybitPrivateRestClient({
      ...restOptions(options),
      accountId,
      credentials,
      serverClock,
      maxAttempts: 2,
    })
    this.#life = new StreamLife({
      begin: () => this.#link.start(),
      shutDown: () => this.#shutDown(),
    })
    for (const { topic, channel } of topics) {
      const outage = new TopicOutage(
        { clock, padMs: timings.gapPadMs, trustsPongs: true },
        (bounds) => this.#tell({ type: 'gap', gap: { accountId, channel, ...bounds } }),
      )
      this.#outages.set(topic, outage)
    }
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
      signer: createSigner(credentials),
      serverClock,
      normalizer: new PrivateFrameNormalizer({ accountId, ...(filter && { filter }) }),
      examineKey: (signal: AbortSignal) => client.apiKeyInfo({ signal }),
    } as const
    this.#link = new PrivateLink(topics, linkOptions, this.#sink())
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

  /**
   * Asks the open connection on which nothing came for `afterMs` for a sign of life; gives it while it has not answered,
   * else nothing. Call it regularly to know of a dead connection before its heartbeat does, which takes 30 s.
   *
   * @example
   * const dead = stream.askSilent(4000).filter(({ unansweredForMs }) => unansweredForMs > 3000)
   */
  askSilent(afterMs: number): readonly UnansweredConnection[] {
    const unanswered = this.#link.askIfSilent(afterMs)
    return unanswered === null ? [] : [unanswered]
  }

  /** Why the key is refused at the moment and when it is tried next; null when it is not refused. */
  get keyRefusal(): KeyRefusal | null {
    return this.#link.keyRefusal
  }

  /**
   * Connects, and resolves when every wanted channel is live or refused; retries until then, at
   * growing intervals while the key is refused.
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
    for (const outage of this.#outages.values()) outage.end()
    this.#outages.clear()
    await this.#link.close()
    this.#tell({ type: 'stopped' })
  }

  #sink(): PrivateSink {
    return {
      onFrame: (frame) => this.#emitter.emit('frame', frame),
      onNormalized: (frame, { events, deadLetters, discarded }) =>
        this.#onNormalized({ frame, events, deadLetters, discarded }),
      onControl: (control) => this.#emitter.emit('control', control),
      onData: (topic, localTsUs) => this.#outages.get(topic)?.onData(localTsUs),
      onProven: (topic) => this.#outages.get(topic)?.onProven(),
      onOutage: (topics, lastInboundMs, isStale) => {
        const reason = isStale ? 'stale' : 'disconnect'
        for (const topic of topics) this.#outages.get(topic)?.onDisconnect(lastInboundMs, reason)
      },
      onStatus: (status) => this.#onStatus(status),
    }
  }

  #onNormalized(normalized: NormalizedPrivateFrame): void {
    this.#emitter.emit('normalized', normalized)
    for (const event of normalized.events) this.#emitter.emit(event.channel, event)
    for (const letter of normalized.deadLetters) this.#emitter.emit('deadLetter', letter)
  }

  #onStatus(status: PrivateStreamStatus): void {
    this.#tell(status)
    if (status.type !== 'live' && status.type !== 'refused') return
    if (this.#life.isStarting && this.#link.isSettled) this.#life.becomeReady()
  }

  #tell(status: PrivateStreamStatus): void {
    this.#emitter.emit('status', status)
  }
}

function restOptions({ clock, environment, limiter, random, restUrl }: PrivateStreamOptions) {
  return { clock, environment, limiter, random, restUrl }
}
