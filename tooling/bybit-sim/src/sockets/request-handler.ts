import { type Clock, nowMs } from '@grid/core-events'
import type { ExchangeRules } from '../base/rules.ts'
import type { Operation, SocketFamily } from '../dialects/dialect.ts'
import { type Request, readRequest } from '../dialects/request.ts'
import type { FaultPlan } from '../faults/fault-plan.ts'
import type { Connection } from './connection.ts'
import type { Hub } from './hub.ts'

/**
 * Answers ping, subscribe and unsubscribe.
 *
 * A request is atomic, except on option sockets, whose reply names the topics that failed.
 */
export class RequestHandler {
  readonly #clock: Clock
  readonly #hub: Hub
  readonly #faults: FaultPlan
  readonly #rules: ExchangeRules
  readonly #serverClock: Clock
  readonly #serves: (family: SocketFamily, topic: string) => boolean
  readonly #onSubscribed: (connection: Connection, topics: readonly string[]) => void

  constructor(options: {
    clock: Clock
    hub: Hub
    faults: FaultPlan
    rules: ExchangeRules
    /** The exchange's own clock. */
    serverClock: Clock
    /** Whether a topic exists on that kind of socket. */
    serves: (family: SocketFamily, topic: string) => boolean
    /** Called after the acknowledgement. */
    onSubscribed: (connection: Connection, topics: readonly string[]) => void
  }) {
    this.#clock = options.clock
    this.#hub = options.hub
    this.#faults = options.faults
    this.#rules = options.rules
    this.#serverClock = options.serverClock
    this.#serves = options.serves
    this.#onSubscribed = options.onSubscribed
  }

  handle(connection: Connection, text: string): void {
    const { dialect, connId } = connection
    const request = readRequest(text)
    if (typeof request === 'string') {
      connection.send(dialect.refusal({ connId, reqId: '' }, '', request))
      return
    }
    const to = { connId, reqId: request.reqId }
    switch (request.op) {
      case 'ping':
        connection.send(dialect.pong(to, nowMs(this.#serverClock)))
        return
      case 'subscribe':
      case 'unsubscribe':
        this.#change(connection, request, request.op)
        return
      default:
        connection.send(dialect.refusal(to, request.op, dialect.unknownOperation))
    }
  }

  #change(connection: Connection, request: Request, op: Operation): void {
    const { dialect, connId } = connection
    const { reqId } = request
    // An option socket has no refusal for a topic that is named twice: it counts once.
    const args = dialect.isAtomic ? request.args : [...new Set(request.args)]
    const to = { connId, reqId }
    const refusal = dialect.isAtomic ? this.#refusal(connection, op, args) : null
    if (refusal !== null) {
      this.#answer(connection, dialect.refusal(to, op, refusal))
      return
    }
    const failed = dialect.isAtomic || op === 'unsubscribe' ? [] : this.#failing(connection, args)
    const done = args.filter((topic) => !failed.includes(topic))
    this.#apply(connection, op, done)
    this.#answer(connection, dialect.ack(to, op, done, failed))
    if (op === 'subscribe') this.#onSubscribed(connection, done)
  }

  #apply(connection: Connection, op: Operation, topics: readonly string[]): void {
    for (const topic of topics) {
      if (op === 'subscribe') {
        connection.argsLength += topic.length
        this.#hub.subscribe(connection, topic)
      } else this.#hub.unsubscribe(connection, topic)
    }
  }

  /** The refusal of an atomic request, which names its first bad topic; null when all are good. */
  #refusal(connection: Connection, op: Operation, topics: readonly string[]): string | null {
    if (op === 'unsubscribe') return this.#unsubscribeRefusal(connection, topics)
    const { maxArgs } = connection.dialect
    if (maxArgs !== null && topics.length > maxArgs.count) return maxArgs.refusal
    const seen = new Set<string>()
    for (const topic of topics) {
      const refusal = this.#topicRefusal(connection, topic, seen)
      if (refusal !== null) return refusal
      seen.add(topic)
    }
    const length = topics.reduce((sum, topic) => sum + topic.length, 0)
    const isTooLong = connection.argsLength + length > this.#rules.maxArgsLength
    return isTooLong ? this.#rules.argsTooLongText : null
  }

  #topicRefusal(connection: Connection, topic: string, seen: ReadonlySet<string>): string | null {
    const { dialect, topics } = connection
    if (!this.#serves(dialect.category, topic) || this.#faults.rejects(topic)) {
      return dialect.unknownTopic(topic)
    }
    return topics.has(topic) || seen.has(topic) ? dialect.alreadySubscribed(topic) : null
  }

  /** The topics that an option socket reports as failed; it accepts the others. */
  #failing(connection: Connection, topics: readonly string[]): string[] {
    if (!this.#rules.optionNamesFailures) return []
    const { maxTopics } = connection.dialect
    const seen = new Set<string>()
    let { argsLength } = connection
    return topics.filter((topic) => {
      const isFull = maxTopics !== null && connection.topics.size + seen.size >= maxTopics
      const isTooLong = argsLength + topic.length > this.#rules.maxArgsLength
      if (isFull || isTooLong || this.#topicRefusal(connection, topic, seen) !== null) return true
      argsLength += topic.length
      seen.add(topic)
      return false
    })
  }

  #unsubscribeRefusal(connection: Connection, topics: readonly string[]): string | null {
    const refusal = this.#rules.unknownUnsubscribeText
    if (refusal === null) return null
    return topics.every((topic) => connection.topics.has(topic)) ? null : refusal
  }

  #answer(connection: Connection, text: string): void {
    const delayMs = this.#faults.nextAckDelay(connection.number, connection.session?.uid ?? null)
    if (delayMs === 0) connection.send(text)
    else if (delayMs !== null) this.#clock.setTimer(() => connection.send(text), delayMs)
  }
}
