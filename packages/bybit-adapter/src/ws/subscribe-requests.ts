import type { ClockTimer } from '@grid/core-events'
import type { SubscribedTopic } from './subscribed-topic.ts'
import type { Timers } from './timers.ts'

/** A subscribe request that waits for its ack. */
export interface SubscribeRequest {
  topics: readonly SubscribedTopic[]
  /** Every id under which it was sent: a late ack of the first counts too. */
  readonly ids: string[]
  /** How often it was refused for a reason that names no topic. */
  readonly refusals: number
  timer: ClockTimer | null
}

/** Options of {@link SubscribeRequests}. */
export interface SubscribeRequestsOptions {
  readonly timers: Timers
  readonly ackTimeoutMs: number
  readonly send: (text: string) => void
  readonly onAckMissing: (request: SubscribeRequest) => void
}

/** The requests of one connection, by the ids under which they were sent. */
export class SubscribeRequests {
  readonly #options: SubscribeRequestsOptions
  readonly #waiting = new Map<string, SubscribeRequest>()
  #lastId = 0

  constructor(options: SubscribeRequestsOptions) {
    this.#options = options
  }

  /** Sends a new request for topics. */
  send(topics: readonly SubscribedTopic[], refusals: number): void {
    this.transmit({ topics, ids: [], refusals, timer: null })
  }

  /** Sends a request, or sends it again, under a new id. */
  transmit(request: SubscribeRequest): void {
    const { timers, ackTimeoutMs, send, onAckMissing } = this.#options
    const id = this.#nextId('s')
    request.ids.push(id)
    this.#waiting.set(id, request)
    request.timer = timers.set(() => onAckMissing(request), ackTimeoutMs)
    send(message('subscribe', id, request.topics))
  }

  /** Ends subscriptions; whether there were any makes no difference, so no ack is waited for. */
  unsubscribe(topics: readonly Pick<SubscribedTopic, 'topic'>[]): void {
    this.#options.send(message('unsubscribe', this.#nextId('u'), topics))
  }

  /**
   * The request that an ack answers. An ack without an id answers the only request that waits, if
   * there is just one.
   */
  find(reqId: string | null): SubscribeRequest | undefined {
    if (reqId !== null) return this.#waiting.get(reqId)
    const waiting = new Set(this.#waiting.values())
    return waiting.size === 1 ? [...waiting][0] : undefined
  }

  /** Takes a topic that was answered for out of the request that asked for it. */
  settleTopic(topic: SubscribedTopic): void {
    for (const request of new Set(this.#waiting.values())) {
      if (!request.topics.includes(topic)) continue
      request.topics = request.topics.filter((other) => other !== topic)
      if (request.topics.length === 0) this.settle(request)
    }
  }

  /** A request is answered, or given up. */
  settle(request: SubscribeRequest): void {
    request.timer?.cancel()
    for (const id of request.ids) this.#waiting.delete(id)
  }

  /** Forgets every request. */
  clear(): void {
    this.#waiting.clear()
  }

  #nextId(kind: 's' | 'u'): string {
    return `${kind}-${++this.#lastId}`
  }
}

function message(op: string, id: string, topics: readonly { readonly topic: string }[]): string {
  return JSON.stringify({ req_id: id, op, args: topics.map(({ topic }) => topic) })
}
