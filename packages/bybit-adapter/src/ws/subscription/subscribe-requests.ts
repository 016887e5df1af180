import type { ClockTimer } from '@grid/core-events'
import type { Timers } from '../../time/timers.ts'

/** Something with a topic's name. */
interface Named {
  readonly topic: string
}

/** A subscribe request that waits for its ack. */
export interface SubscribeRequest<Topic extends Named> {
  topics: readonly Topic[]
  /** Every id under which it was sent, because a late ack of the first also counts. */
  readonly ids: string[]
  /** How often it was refused for a reason that names no topic. */
  readonly refusals: number
  timer: ClockTimer | null
}

/** Options of {@link SubscribeRequests}. */
export interface SubscribeRequestsOptions<Topic extends Named> {
  readonly timers: Timers
  readonly ackTimeoutMs: number
  readonly send: (text: string) => void
  readonly onAckMissing: (request: SubscribeRequest<Topic>) => void
}

/** The requests of one connection, by the ids under which they were sent. */
export class SubscribeRequests<Topic extends Named> {
  readonly #options: SubscribeRequestsOptions<Topic>
  readonly #waiting = new Map<string, SubscribeRequest<Topic>>()
  #lastId = 0

  constructor(options: SubscribeRequestsOptions<Topic>) {
    this.#options = options
  }

  /** Sends a new request for topics. */
  send(topics: readonly Topic[], refusals: number): void {
    this.transmit({ topics, ids: [], refusals, timer: null })
  }

  /** Sends a request, or sends it again, under a new id. */
  transmit(request: SubscribeRequest<Topic>): void {
    const { timers, ackTimeoutMs, send, onAckMissing } = this.#options
    const id = this.#nextId('s')
    request.ids.push(id)
    this.#waiting.set(id, request)
    request.timer = timers.set(() => onAckMissing(request), ackTimeoutMs)
    send(message('subscribe', id, request.topics))
  }

  /** Ends subscriptions, without waiting for an ack: it does not matter whether there were any. */
  unsubscribe(topics: readonly Named[]): void {
    this.#options.send(message('unsubscribe', this.#nextId('u'), topics))
  }

  /**
   * The request that an ack answers. An ack without an id answers the request that waits, if there is
   * exactly one.
   */
  find(reqId: string | null): SubscribeRequest<Topic> | undefined {
    if (reqId !== null) return this.#waiting.get(reqId)
    const waiting = new Set(this.#waiting.values())
    return waiting.size === 1 ? [...waiting][0] : undefined
  }

  /** Whether the request for a topic was sent a second time because no ack came. */
  wasAskedTwice(topic: Topic): boolean {
    const waiting = [...this.#waiting.values()]
    return waiting.some(({ ids, topics }) => ids.length > 1 && topics.includes(topic))
  }

  /** Removes a topic that was answered from the request for it. */
  settleTopic(topic: Topic): void {
    for (const request of new Set(this.#waiting.values())) {
      if (!request.topics.includes(topic)) continue
      request.topics = request.topics.filter((other) => other !== topic)
      if (request.topics.length === 0) this.settle(request)
    }
  }

  /** A request is answered or given up. */
  settle(request: SubscribeRequest<Topic>): void {
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

function message(op: string, id: string, topics: readonly Named[]): string {
  return JSON.stringify({ req_id: id, op, args: topics.map(({ topic }) => topic) })
}
