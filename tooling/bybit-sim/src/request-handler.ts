import type { Clock } from '@grid/core-events'
import type { Connection } from './connection.ts'
import type { Operation } from './dialect.ts'
import type { FaultPlan } from './fault-plan.ts'
import type { Hub } from './hub.ts'
import { type Request, readRequest } from './request.ts'
import type { ExchangeRules } from './rules.ts'

/** Answers what clients ask: ping, subscribe and unsubscribe, the latter two atomically. */
export class RequestHandler {
  readonly #clock: Clock
  readonly #hub: Hub
  readonly #faults: FaultPlan
  readonly #rules: ExchangeRules
  readonly #serves: (topic: string) => boolean
  readonly #onSubscribed: (connection: Connection, topics: readonly string[]) => void

  constructor(options: {
    clock: Clock
    hub: Hub
    faults: FaultPlan
    rules: ExchangeRules
    /** Whether a topic exists here. */
    serves: (topic: string) => boolean
    /** Called behind the acknowledgement. */
    onSubscribed: (connection: Connection, topics: readonly string[]) => void
  }) {
    this.#clock = options.clock
    this.#hub = options.hub
    this.#faults = options.faults
    this.#rules = options.rules
    this.#serves = options.serves
    this.#onSubscribed = options.onSubscribed
  }

  handle(connection: Connection, text: string): void {
    const { dialect, connId } = connection
    const request = readRequest(text)
    if (typeof request === 'string') {
      connection.send(dialect.refusal(connId, '', '', request))
      return
    }
    switch (request.op) {
      case 'ping':
        connection.send(dialect.pong(connId, request.reqId))
        return
      case 'subscribe':
        this.#answer(connection, request, request.op, this.#subscribe(connection, request.args))
        return
      case 'unsubscribe':
        this.#answer(connection, request, request.op, this.#unsubscribe(connection, request.args))
        return
      default:
        connection.send(
          dialect.refusal(connId, request.reqId, request.op, dialect.unknownOperation),
        )
    }
  }

  /** One bad topic voids the request; only the first is named. Null when all went well. */
  #subscribe(connection: Connection, topics: readonly string[]): string | null {
    const seen = new Set<string>()
    for (const topic of topics) {
      if (!this.#serves(topic) || this.#faults.rejects(topic)) {
        return connection.dialect.unknownTopic(topic)
      }
      if (connection.topics.has(topic) || seen.has(topic)) {
        return connection.dialect.alreadySubscribed(topic)
      }
      seen.add(topic)
    }
    const length = topics.reduce((sum, topic) => sum + topic.length, 0)
    if (connection.argsLength + length > this.#rules.maxArgsLength) {
      return this.#rules.argsTooLongText
    }
    connection.argsLength += length
    for (const topic of topics) this.#hub.subscribe(connection, topic)
    return null
  }

  #unsubscribe(connection: Connection, topics: readonly string[]): string | null {
    const refusal = this.#rules.unknownUnsubscribeText
    if (refusal !== null && topics.some((topic) => !connection.topics.has(topic))) return refusal
    for (const topic of topics) this.#hub.unsubscribe(connection, topic)
    return null
  }

  #answer(connection: Connection, request: Request, op: Operation, refusal: string | null): void {
    const { dialect, connId } = connection
    const text =
      refusal === null
        ? dialect.ack(connId, request.reqId, op)
        : dialect.refusal(connId, request.reqId, op, refusal)
    const delayMs = this.#faults.nextAckDelay(connection.number)
    if (delayMs === 0) connection.send(text)
    else if (delayMs !== null) this.#clock.setTimer(() => connection.send(text), delayMs)
    if (refusal === null && op === 'subscribe') this.#onSubscribed(connection, request.args)
  }
}
