import { type Clock, type ClockTimer, nowMs } from '@grid/core-events'
import type { WantedTopic } from '../channels/registry.ts'
import type { ControlFrame } from './control-frame.ts'
import { parseRefusal } from './refusal.ts'
import type { StreamStatus } from './stream-status.ts'
import type { StreamTimings } from './stream-timings.ts'
import { newTopic, statusOf, type SubscribedTopic as Topic } from './subscribed-topic.ts'
import { Timers } from './timers.ts'
import type { TopicState, TopicStatus } from './topic-status.ts'

/** What the manager asks for and reports. */
export interface SubscriptionHandlers {
  /** Send this text on the open socket. */
  send(text: string): void
  /** Replace the socket: it cannot be repaired. */
  recycle(reason: string): void
  onStatus(status: StreamStatus): void
  /** The exchange confirmed a topic for which the ack alone proves the subscription. */
  onProven(topic: string): void
}

/** Options of a {@link SubscriptionManager}. */
export interface SubscriptionOptions {
  readonly topics: readonly WantedTopic[]
  readonly topicsPerRequest: number
  readonly clock: Clock
  readonly timings: StreamTimings
}

interface Request {
  topics: readonly Topic[]
  /** Every id under which it was sent: a late ack of the first counts too. */
  readonly ids: string[]
  /** How often it was refused for a reason that names no topic. */
  readonly refusals: number
  timer: ClockTimer | null
}

type Ack = ControlFrame & { kind: 'ack' }

/** Refusals for no known reason before a request is cut in halves to find the culprit. */
const MAX_REFUSALS = 3

/**
 * Brings wanted topics to life on each new connection and repairs what the exchange refuses.
 *
 * Pure logic: it is told what comes in and says what to send. A subscribe request is atomic at the
 * exchange, so every refusal voids all of its topics, and the rest is asked for again.
 */
export class SubscriptionManager {
  readonly #options: SubscriptionOptions
  readonly #handlers: SubscriptionHandlers
  readonly #timers: Timers
  readonly #topics: ReadonlyMap<string, Topic>
  readonly #requests = new Map<string, Request>()
  #lastId = 0

  constructor(options: SubscriptionOptions, handlers: SubscriptionHandlers) {
    this.#options = options
    this.#handlers = handlers
    this.#timers = new Timers(options.clock)
    const sinceTs = nowMs(options.clock)
    this.#topics = new Map(
      options.topics.map((wanted) => [wanted.topic, newTopic(wanted, sinceTs)]),
    )
  }

  /** Whether every topic is live or refused. */
  get isSettled(): boolean {
    return this.#select('pending').length === 0
  }

  /** Where every topic stands. */
  topics(): readonly TopicStatus[] {
    return [...this.#topics.values()].map(statusOf)
  }

  /** A socket is open: asks for every topic. */
  onOpen(): void {
    this.#subscribe(this.#select('pending'))
    this.#retryRefused()
  }

  /** The socket is gone, or the stream is being closed. */
  onDisconnect(): void {
    this.#timers.clear()
    this.#requests.clear()
    for (const topic of this.#topics.values()) {
      topic.isAcked = false
      topic.isResubscribed = false
      if (topic.state === 'live') this.#move(topic, 'pending')
    }
  }

  /** Data of a topic came in: proof that it is subscribed, with or without an ack. */
  onData(name: string, localTsUs: number): void {
    const topic = this.#topics.get(name)
    if (topic === undefined) return
    topic.lastEventAtUs = localTsUs
    if (topic.state !== 'live') this.#goLive(topic)
  }

  /** The answer to a request; false when it is none of ours. */
  onAck(ack: Ack): boolean {
    // Whether an unsubscribe found something makes no difference to the subscribe that follows it.
    if (ack.op === 'unsubscribe') return true
    const request = ack.reqId === null ? undefined : this.#requests.get(ack.reqId)
    if (request === undefined) return false
    this.#settle(request)
    if (ack.ok) {
      const topics = request.topics.map(({ topic }) => topic)
      this.#handlers.onStatus({ type: 'subscribed', topics })
      for (const topic of request.topics) this.#confirm(topic)
    } else {
      this.#repair(request, ack.message)
    }
    return true
  }

  #repair(request: Request, message: string): void {
    const { kind, topics: named } = parseRefusal(message)
    const { topics } = request
    const culprits = topics.length === 1 ? topics : topics.filter((t) => named.includes(t.topic))
    const isNamed = kind === 'already_subscribed' || kind === 'unknown_topic'
    if (isNamed && culprits.length > 0) {
      for (const culprit of culprits) {
        if (kind === 'unknown_topic') this.#refuse(culprit, message)
        else this.#confirm(culprit)
      }
      const rest = topics.filter((topic) => !culprits.includes(topic))
      this.#again(rest, message, () => this.#subscribe(rest))
    } else if (kind === 'too_many_topics' && topics.length > 1) {
      this.#again(topics, message, () => this.#halve(topics, request.refusals))
    } else if (request.refusals < MAX_REFUSALS) {
      const delayMs = this.#options.timings.requestRetryMs * 2 ** request.refusals
      this.#timers.set(() => {
        this.#again(topics, message, () => this.#send(topics, request.refusals + 1))
      }, delayMs)
    } else if (topics.length > 1) {
      this.#again(topics, message, () => this.#halve(topics, MAX_REFUSALS - 1))
    } else {
      for (const topic of topics) this.#refuse(topic, message)
    }
  }

  #again(topics: readonly Topic[], reason: string, send: () => void): void {
    if (topics.length === 0) return
    const names = topics.map(({ topic }) => topic)
    this.#handlers.onStatus({ type: 'resubscribing', topics: names, reason })
    send()
  }

  #halve(topics: readonly Topic[], refusals: number): void {
    const middle = Math.ceil(topics.length / 2)
    this.#send(topics.slice(0, middle), refusals)
    this.#send(topics.slice(middle), refusals)
  }

  #subscribe(topics: readonly Topic[]): void {
    const size = this.#options.topicsPerRequest
    for (let from = 0; from < topics.length; from += size) {
      this.#send(topics.slice(from, from + size), 0)
    }
  }

  #send(topics: readonly Topic[], refusals: number): void {
    this.#transmit({ topics, ids: [], refusals, timer: null })
  }

  #transmit(request: Request): void {
    const id = `s-${++this.#lastId}`
    request.ids.push(id)
    this.#requests.set(id, request)
    request.timer = this.#timers.set(
      () => this.#onAckMissing(request),
      this.#options.timings.ackTimeoutMs,
    )
    const args = request.topics.map(({ topic }) => topic)
    this.#handlers.send(JSON.stringify({ req_id: id, op: 'subscribe', args }))
  }

  #onAckMissing(request: Request): void {
    request.topics = request.topics.filter((topic) => !topic.isAcked && topic.state !== 'live')
    if (request.topics.length === 0) {
      this.#settle(request)
    } else if (request.ids.length > 1) {
      this.#settle(request)
      this.#giveUp(request.topics, 'no ack')
    } else {
      this.#again(request.topics, 'no ack', () => this.#transmit(request))
    }
  }

  #settle(request: Request): void {
    request.timer?.cancel()
    for (const id of request.ids) this.#requests.delete(id)
  }

  #confirm(topic: Topic): void {
    if (topic.isAcked) return
    topic.isAcked = true
    if (!topic.opensWithSnapshot) {
      this.#handlers.onProven(topic.topic)
      if (topic.state !== 'live') this.#goLive(topic)
    } else if (topic.state !== 'live') {
      const { snapshotTimeoutMs } = this.#options.timings
      this.#timers.set(() => this.#onSnapshotMissing(topic), snapshotTimeoutMs)
    }
  }

  #onSnapshotMissing(topic: Topic): void {
    if (topic.state === 'live') return
    if (!topic.isResubscribed) {
      topic.isResubscribed = true
      topic.isAcked = false
      this.#again([topic], 'no snapshot', () => {
        const id = `u-${++this.#lastId}`
        const unsubscribe = { req_id: id, op: 'unsubscribe', args: [topic.topic] }
        this.#handlers.send(JSON.stringify(unsubscribe))
        this.#send([topic], 0)
      })
    } else {
      this.#giveUp([topic], 'no snapshot')
    }
  }

  /**
   * Asking twice brought nothing: a new socket is the next cure. When that was tried already and
   * other topics are live, those must not pay for this one any more: it counts as refused.
   */
  #giveUp(topics: readonly Topic[], reason: string): void {
    const isOtherLive = this.#select('live').length > 0
    for (const topic of topics) if (topic.isSuspect && isOtherLive) this.#refuse(topic, reason)
    const open = topics.filter((topic) => topic.state === 'pending')
    if (open.length === 0) return
    for (const topic of this.#select('pending')) topic.isSuspect = true
    this.#handlers.recycle(`${reason}: ${open.map(({ topic }) => topic).join(', ')}`)
  }

  /** Each on its own, so that none voids another's request; and again after a while. */
  #retryRefused(): void {
    for (const topic of this.#select('refused')) {
      topic.isAcked = false
      this.#send([topic], 0)
    }
    this.#timers.set(() => this.#retryRefused(), this.#options.timings.refusedRetryMs)
  }

  #goLive(topic: Topic): void {
    topic.isSuspect = false
    this.#move(topic, 'live')
    this.#handlers.onStatus({ type: 'live', topic: topic.topic })
  }

  #refuse(topic: Topic, reason: string): void {
    if (topic.state === 'refused' && topic.reason === reason) return
    this.#move(topic, 'refused', reason)
    this.#handlers.onStatus({ type: 'refused', topic: topic.topic, reason })
  }

  #move(topic: Topic, state: TopicState, reason: string | null = null): void {
    topic.state = state
    topic.reason = reason
    topic.sinceTs = nowMs(this.#options.clock)
  }

  #select(state: TopicState): Topic[] {
    return [...this.#topics.values()].filter((topic) => topic.state === state)
  }
}
