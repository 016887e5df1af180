import type { Category } from '@grid/core-events'

/** A public socket is of one category; the private one of none. */
export type SocketFamily = Category | 'private'

/** A request's operation that is acknowledged. */
export type Operation = 'subscribe' | 'unsubscribe'

/** What a reply answers. */
export interface ReplyTo {
  readonly connId: string
  /** Empty when none was sent. */
  readonly reqId: string
}

/** How one socket family words its control frames; each family of the exchange words them anew. */
export interface Dialect {
  readonly category: SocketFamily
  /** The path of the socket, e.g. `/v5/public/linear`. */
  readonly path: string
  /** Whether one bad topic voids its request; else the answer names those that failed. */
  readonly isAtomic: boolean
  /** Arguments allowed in one request, and the refusal past it; null for no limit. */
  readonly maxArgs: { readonly count: number; readonly refusal: string } | null
  /** Arguments allowed on one connection; null for no limit. */
  readonly maxTopics: number | null
  pong(to: ReplyTo, nowMs: number): string
  /** `failed` is empty where requests are atomic. */
  ack(to: ReplyTo, op: Operation, done: readonly string[], failed: readonly string[]): string
  refusal(to: ReplyTo, op: string, reason: string): string
  unknownTopic(topic: string): string
  alreadySubscribed(topic: string): string
  unknownOperation: string
}
