import { type Channel, type Clock, nowMs, type PublicChannel } from '@grid/core-events'
import type { WantedTopic } from '../../channels/topics.ts'
import { Timers } from '../../time/timers.ts'
import type { ControlFrame } from '../../wire/control-frame.ts'
import type { SubscriptionStatus } from '../stream/stream-status.ts'
import type { StreamTimings } from '../stream/stream-timings.ts'
import type { TopicState, TopicStatus } from '../stream/topic-status.ts'
import { parseRefusal } from './refusal.ts'
import { type SubscribeRequest, SubscribeRequests } from './subscribe-requests.ts'
import { newTopic, type SubscribedTopic, statusOf } from './subscribed-topic.ts'

/** What the manager asks of its connection, and reports. */
export interface SubscriptionHandlers {
  /** Sends a text on the open socket. */
  send(text: string): void
  /** Replaces the socket, which cannot be repaired. */
  recycle(reason: string): void
  onStatus(status: SubscriptionStatus): void
  /** The exchange confirmed a topic whose ack alone proves the subscription. */
  onProven(topic: string): void
}

/** Options of a {@link SubscriptionManager}. */
export interface SubscriptionOptions<Name extends Channel = PublicChannel> {
  readonly topics: readonly WantedTopic<Name>[]
  readonly topicsPerRequest: number
  readonly clock: Clock
  readonly timings: StreamTimings
}

type Ack = ControlFrame & { kind: 'ack' }
type Topic<Name extends Channel> = SubscribedTopic<Name>

/** After so many refusals for no known reason, a request is cut in halves to find the bad topic. */
const MAX_REFUSALS = 3

/**
 * Subscribes the wanted topics on each new socket, and repairs what the exchange refuses.
 *
 * It has no socket: it is told what comes in and says what to send. The exchange treats a subscribe
 * request as atomic: a refusal voids all of its topics, so the good ones are asked for again.
 */
export class SubscriptionManager<Name extends Channel = PublicChannel> {
  readonly #options: SubscriptionOptions<Name>
  readonly #handlers: SubscriptionHandlers
  readonly #timers: Timers
  readonly #topics = new Map<string, Topic<Name>>()
  readonly #requests: SubscribeRequests<Topic<Name>>
  #isOpen = false

  constructor(options: SubscriptionOptions<Name>, handlers: SubscriptionHandlers) {
    this.#options = options
    this.#handlers = handlers
    this.#timers = new Timers(options.clock)
    this.#requests = new SubscribeRequests({
      timers: this.#timers,
      ackTimeoutMs: options.timings.ackTimeoutMs,
      send: (text) => handlers.send(text),
      onAckMissing: (request) => this.#onAckMissing(request),
    })
    this.add(options.topics)
  }

  /** Whether no topic is pending. */
  get isSettled(): boolean {
    return this.#isNone('pending')
  }

  /** Whether a topic is wanted. */
  has(name: string): boolean {
    return this.#topics.has(name)
  }

  /** A topic that is wanted; undefined for any other. */
  find(name: string): WantedTopic<Name> | undefined {
    return this.#topics.get(name)
  }

  /** Where every topic stands. */
  topics(): readonly TopicStatus<Name>[] {
    return [...this.#topics.values()].map(statusOf)
  }

  /** Wants more topics. */
  add(topics: readonly WantedTopic<Name>[]): void {
    const sinceTs = nowMs(this.#options.clock)
    const added = topics.map((wanted) => newTopic(wanted, sinceTs))
    for (const topic of added) this.#topics.set(topic.topic, topic)
    if (this.#isOpen) this.#subscribe(added)
  }

  /** Wants topics no longer. */
  remove(names: readonly string[]): void {
    const removed = names.flatMap((name) => this.#topics.get(name) ?? [])
    for (const topic of removed) {
      this.#topics.delete(topic.topic)
      this.#requests.settleTopic(topic)
    }
    if (!this.#isOpen) return
    for (const batch of this.#batches(removed)) this.#requests.unsubscribe(batch)
  }

  /** Ends a topic's subscription and asks for it anew. */
  resubscribe(name: string, reason: string): void {
    const topic = this.#topics.get(name)
    if (topic === undefined || !this.#isOpen) return
    topic.isAcked = false
    this.#again([topic], reason, () => {
      this.#requests.unsubscribe([topic])
      this.#requests.send([topic], 0)
    })
  }

  /** Takes over, from the connection that this one replaces, when each topic's newest data came. */
  inherit(previous: readonly TopicStatus<Name>[]): void {
    for (const { topic: name, lastEventAtUs } of previous) {
      const topic = this.#topics.get(name)
      if (topic !== undefined) topic.lastEventAtUs ??= lastEventAtUs
    }
  }

  /** A socket is open: asks for every topic. */
  onOpen(): void {
    this.#isOpen = true
    this.#subscribe(this.#select('pending'))
    this.#retryRefused()
  }

  /** The socket is gone, or the stream is being closed. */
  onDisconnect(): void {
    this.#isOpen = false
    this.#timers.clear()
    this.#requests.clear()
    for (const topic of this.#topics.values()) {
      topic.isAcked = false
      topic.isResubscribed = false
      if (topic.state === 'live' || topic.state === 'unproven') this.#move(topic, 'pending')
    }
  }

  /** Data of a topic came in, which proves the subscription with or without an ack. */
  onData(name: string, localTsUs: number): void {
    const topic = this.#topics.get(name)
    if (topic === undefined) return
    topic.lastEventAtUs = localTsUs
    if (topic.state !== 'live') this.#goLive(topic)
  }

  /** Takes the answer to a request; false if it answers none of ours. */
  onAck(ack: Ack): boolean {
    if (ack.topics !== null) {
      this.#onListedAck(ack.topics)
      return true
    }
    // It does not matter whether an unsubscribe found anything.
    if (ack.op === 'unsubscribe') return true
    const request = ack.op === 'subscribe' ? this.#requests.find(ack.reqId) : undefined
    if (request === undefined) return false
    this.#requests.settle(request)
    if (ack.ok) this.#acknowledge(request.topics)
    else this.#repair(request, ack.message)
    return true
  }

  /** An option socket echoes no id but lists the topics; those unsubscribed meanwhile are ignored. */
  #onListedAck(listed: NonNullable<Ack['topics']>): void {
    const succeeded = listed.succeeded.flatMap((name) => this.#topics.get(name) ?? [])
    const failed = listed.failed.flatMap((name) => this.#topics.get(name) ?? [])
    // A topic asked for twice may fail the second time because the first succeeded: data will show it.
    const doubtful = new Set(
      failed.filter((topic) => topic.isAcked || this.#requests.wasAskedTwice(topic)),
    )
    for (const topic of [...succeeded, ...failed]) this.#requests.settleTopic(topic)
    if (succeeded.length > 0) this.#acknowledge(succeeded)
    for (const topic of failed) {
      if (doubtful.has(topic)) this.#confirm(topic)
      else this.#refuse(topic, 'listed among failTopics')
    }
  }

  #acknowledge(topics: readonly Topic<Name>[]): void {
    this.#handlers.onStatus({ type: 'subscribed', topics: topics.map(({ topic }) => topic) })
    for (const topic of topics) this.#confirm(topic)
  }

  #repair(request: SubscribeRequest<Topic<Name>>, message: string): void {
    const { kind, topics: named } = parseRefusal(message)
    const { topics } = request
    const culprits = topics.length === 1 ? topics : topics.filter((t) => named.includes(t.topic))
    const isDenied = kind === 'not_permitted'
    const isNamed = kind === 'already_subscribed' || kind === 'unknown_topic' || isDenied
    if (isNamed && culprits.length > 0) {
      for (const culprit of culprits) {
        if (kind === 'already_subscribed') this.#confirm(culprit)
        else this.#refuse(culprit, message)
      }
      const rest = topics.filter((topic) => !culprits.includes(topic))
      this.#again(rest, message, () => this.#subscribe(rest))
    } else if ((kind === 'too_many_topics' || isDenied) && topics.length > 1) {
      this.#again(topics, message, () => this.#halve(topics, request.refusals))
    } else if (request.refusals < MAX_REFUSALS) {
      const delayMs = this.#options.timings.requestRetryMs * 2 ** request.refusals
      this.#timers.set(() => {
        const wanted = topics.filter((topic) => this.#topics.get(topic.topic) === topic)
        this.#again(wanted, message, () => this.#requests.send(wanted, request.refusals + 1))
      }, delayMs)
    } else if (topics.length > 1) {
      this.#again(topics, message, () => this.#halve(topics, MAX_REFUSALS - 1))
    } else {
      for (const topic of topics) this.#refuse(topic, message)
    }
  }

  #again(topics: readonly Topic<Name>[], reason: string, send: () => void): void {
    if (topics.length === 0) return
    const names = topics.map(({ topic }) => topic)
    this.#handlers.onStatus({ type: 'resubscribing', topics: names, reason })
    send()
  }

  #halve(topics: readonly Topic<Name>[], refusals: number): void {
    const middle = Math.ceil(topics.length / 2)
    this.#requests.send(topics.slice(0, middle), refusals)
    this.#requests.send(topics.slice(middle), refusals)
  }

  #subscribe(topics: readonly Topic<Name>[]): void {
    for (const batch of this.#batches(topics)) this.#requests.send(batch, 0)
  }

  #batches(topics: readonly Topic<Name>[]): Topic<Name>[][] {
    const size = this.#options.topicsPerRequest
    const count = Math.ceil(topics.length / size)
    return Array.from({ length: count }, (_, at) => topics.slice(at * size, (at + 1) * size))
  }

  #onAckMissing(request: SubscribeRequest<Topic<Name>>): void {
    request.topics = request.topics.filter((topic) => !topic.isAcked && topic.state !== 'live')
    if (request.topics.length === 0) {
      this.#requests.settle(request)
    } else if (request.ids.length > 1) {
      this.#requests.settle(request)
      this.#giveUp(request.topics, 'no ack')
    } else {
      this.#again(request.topics, 'no ack', () => this.#requests.transmit(request))
    }
  }

  #confirm(topic: Topic<Name>): void {
    if (topic.isAcked) return
    topic.isAcked = true
    if (topic.proof === 'ack') {
      this.#handlers.onProven(topic.topic)
      if (topic.state !== 'live') this.#goLive(topic)
    } else if (topic.state !== 'live') {
      this.#timers.set(() => this.#onDataMissing(topic), this.#options.timings.snapshotTimeoutMs)
    }
  }

  #onDataMissing(topic: Topic<Name>): void {
    if (topic.state === 'live' || this.#topics.get(topic.topic) !== topic) return
    if (!topic.isResubscribed) {
      topic.isResubscribed = true
      this.resubscribe(topic.topic, topic.proof === 'snapshot' ? 'no snapshot' : 'no data')
    } else if (topic.proof === 'snapshot') {
      this.#giveUp([topic], 'no snapshot')
    } else if (topic.state !== 'unproven') {
      this.#move(topic, 'unproven')
      this.#handlers.onStatus({ type: 'unproven', topic: topic.topic })
    }
  }

  /**
   * Asking twice did not help: a new socket is the next cure. If that was tried already and other topics
   * are live, they must not suffer again for these: these count as refused.
   */
  #giveUp(topics: readonly Topic<Name>[], reason: string): void {
    const isOtherLive = !this.#isNone('live')
    for (const topic of topics) if (topic.isSuspect && isOtherLive) this.#refuse(topic, reason)
    const open = topics.filter((topic) => topic.state === 'pending')
    if (open.length === 0) return
    for (const topic of this.#select('pending')) topic.isSuspect = true
    this.#handlers.recycle(`${reason}: ${open.map(({ topic }) => topic).join(', ')}`)
  }

  /** Asks for each refused topic in a request of its own, so that none voids another; repeats this. */
  #retryRefused(): void {
    for (const topic of this.#select('refused')) {
      topic.isAcked = false
      this.#requests.send([topic], 0)
    }
    this.#timers.set(() => this.#retryRefused(), this.#options.timings.refusedRetryMs)
  }

  #goLive(topic: Topic<Name>): void {
    topic.isSuspect = false
    this.#move(topic, 'live')
    this.#handlers.onStatus({ type: 'live', topic: topic.topic })
  }

  #refuse(topic: Topic<Name>, reason: string): void {
    if (topic.state === 'refused' && topic.reason === reason) return
    this.#move(topic, 'refused', reason)
    this.#handlers.onStatus({ type: 'refused', topic: topic.topic, reason })
  }

  #move(topic: Topic<Name>, state: TopicState, reason: string | null = null): void {
    topic.state = state
    topic.reason = reason
    topic.sinceTs = nowMs(this.#options.clock)
  }

  #select(state: TopicState): Topic<Name>[] {
    return [...this.#topics.values()].filter((topic) => topic.state === state)
  }

  #isNone(state: TopicState): boolean {
    for (const topic of this.#topics.values()) if (topic.state === state) return false
    return true
  }
}
