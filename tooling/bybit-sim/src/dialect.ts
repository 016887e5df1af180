/** A request's operation that is acknowledged. */
export type Operation = 'subscribe' | 'unsubscribe'

/** How one socket family words its control frames; each family of the exchange words them anew. */
export interface Dialect {
  /** The path of the socket, e.g. `/v5/public/linear`. */
  readonly path: string
  pong(connId: string, reqId: string): string
  ack(connId: string, reqId: string, op: Operation): string
  refusal(connId: string, reqId: string, op: string, reason: string): string
  unknownTopic(topic: string): string
  alreadySubscribed(topic: string): string
  unknownOperation: string
}
