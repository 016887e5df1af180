import { type Clock, nowMs } from '@grid/core-events'
import type { ExchangeRules } from '../../base/rules.ts'
import { privateReply } from '../../dialects/private-dialect.ts'
import { type LooseRequest, readLooseRequest } from '../../dialects/request.ts'
import type { FaultPlan } from '../../faults/fault-plan.ts'
import type { Connection } from '../../sockets/connection.ts'
import type { RequestHandler } from '../../sockets/request-handler.ts'
import { type ApiKey, isAllowedFrom, mayRead } from '../keys/api-key.ts'
import { isSignedBy, type KeyRing } from '../keys/key-ring.ts'
import type { PrivateFeed } from './private-feed.ts'
import { groupsOf, parsePrivateTopic } from './private-topic.ts'

/** Answers requests on the private socket: `auth`, then the same as on the public ones. */
export class PrivateRequests {
  readonly #clock: Clock
  readonly #serverClock: Clock
  readonly #faults: FaultPlan
  readonly #rules: ExchangeRules
  readonly #keys: KeyRing
  readonly #feed: PrivateFeed
  readonly #requests: RequestHandler

  constructor(options: {
    clock: Clock
    serverClock: Clock
    faults: FaultPlan
    rules: ExchangeRules
    keys: KeyRing
    feed: PrivateFeed
    /** Answers everything but `auth`. */
    requests: RequestHandler
  }) {
    this.#clock = options.clock
    this.#serverClock = options.serverClock
    this.#faults = options.faults
    this.#rules = options.rules
    this.#keys = options.keys
    this.#feed = options.feed
    this.#requests = options.requests
  }

  handle(connection: Connection, text: string): void {
    const request = readLooseRequest(text)
    if (typeof request === 'string' || (request.op !== 'auth' && request.op !== 'subscribe')) {
      this.#requests.handle(connection, text)
      return
    }
    if (request.op === 'auth') {
      this.#authenticate(connection, request)
      return
    }
    const refusal = this.#subscribeRefusal(connection, request)
    if (refusal === null) this.#requests.handle(connection, text)
    else this.#reply(connection, request, refusal)
  }

  #authenticate(connection: Connection, request: LooseRequest): void {
    const [apiKey] = request.args
    const key = typeof apiKey === 'string' ? this.#keys.find(apiKey) : undefined
    const fault = this.#faults.nextAuth(connection.number, key?.uid ?? null)
    const decide = (): void => {
      const found = this.#judge(connection, request, key)
      const refusal = fault?.how === 'refuse' ? (fault.retMsg ?? 'Params Error') : found
      if (refusal === null && key !== undefined) {
        connection.session = { uid: key.uid, apiKey: key.apiKey }
        this.#feed.admit(connection, key.uid)
      }
      if (fault?.how === 'drop') return
      this.#reply(connection, request, refusal)
      if (refusal !== null && this.#rules.closeRefusedAuth) void connection.close(1000, '')
    }
    if (fault?.how === 'late') this.#clock.setTimer(decide, fault.delayMs ?? 1000)
    else decide()
  }

  /** The text of the refusal; null when the key is accepted. */
  #judge(connection: Connection, request: LooseRequest, key: ApiKey | undefined): string | null {
    const texts = this.#rules.authTexts
    const [apiKey, expires, signature] = request.args
    const isNumber = typeof expires === 'number' || /^\d+$/.test(String(expires))
    if (typeof apiKey !== 'string' || !isNumber || typeof signature !== 'string') {
      return texts.badParameters
    }
    const now = nowMs(this.#serverClock)
    if (Number(expires) <= now) return texts.expired
    if (key === undefined) return texts.unknownKey
    if (key.expiresAt !== null && key.expiresAt <= now) return texts.expiredKey
    if (!isAllowedFrom(key, connection.address)) return texts.unboundAddress
    if (!isSignedBy(key, `GET/realtime${expires}`, signature)) return texts.badSignature
    const { maxSessions } = this.#rules
    const isFull = maxSessions !== null && this.#feed.sessions(key.uid).length >= maxSessions
    return isFull ? texts.tooManySessions : null
  }

  #subscribeRefusal({ session }: Connection, request: LooseRequest): string | null {
    if (session === null) return this.#rules.authTexts.notAuthorized
    const topics = request.args.flatMap((topic) =>
      typeof topic === 'string' ? [{ topic, parsed: parsePrivateTopic(topic) }] : [],
    )
    for (const { topic, parsed } of topics) {
      const isTwofold = topics.some(
        (other) =>
          other.parsed?.kind === parsed?.kind &&
          (other.parsed?.category === null) !== (parsed?.category === null),
      )
      if (parsed !== null && isTwofold) return `error:topic conflict,topic:${topic}`
      const key = this.#keys.find(session.apiKey)
      // A revoked key is unknown: its connection keeps what it was allowed.
      if (parsed !== null && key !== undefined && !mayRead(key, groupsOf(parsed))) {
        return `${this.#rules.authTexts.notPermitted},topic:${topic}`
      }
    }
    return null
  }

  #reply(connection: Connection, request: LooseRequest, refusal: string | null): void {
    const to = { connId: connection.connId, reqId: request.reqId }
    connection.send(privateReply(refusal === null, refusal ?? '', to, request.op))
  }
}
