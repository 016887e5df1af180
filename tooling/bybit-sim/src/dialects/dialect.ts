import type { Category } from '@grid/core-events'

/** The kind of a socket: a public one serves one category, the private one all of them. */
export type SocketFamily = Category | 'private'

/** An operation that is acknowledged. */
export type Operation = 'subscribe' | 'unsubscribe'

/** The connection and request that a reply belongs to. */
export interface ReplyTo {
  readonly connId: string
  /** Empty when the request had none. */
  readonly reqId: string
}

/** How one kind of socket words its control frames: the exchange words them differently on each. */
export interface Dialect {
  readonly category: SocketFamily
  /** The path of the socket, e.g. `/v5/public/linear`. */
  readonly path: string
  /** Whether one bad topic voids the whole request; if not, the reply names the topics that failed. */
  readonly isAtomic: boolean
  /** Arguments allowed in one request, and the refusal of more; null for no limit. */
  readonly maxArgs: { readonly count: number; readonly refusal: string } | null
  /** Topics allowed on one connection; null for no limit. */
  readonly maxTopics: number | null
  pong(to: ReplyTo, nowMs: number): string
  /** `failed` is always empty on sockets whose requests are atomic. */
  ack(to: ReplyTo, op: Operation, done: readonly string[], failed: readonly string[]): string
  refusal(to: ReplyTo, op: string, reason: string): string
  unknownTopic(topic: string): string
  alreadySubscribed(topic: string): string
  unknownOperation: string
}
