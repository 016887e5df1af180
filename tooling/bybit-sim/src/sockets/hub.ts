import { type Clock, nowMs } from '@grid/core-events'
import type { SocketFamily } from '../dialects/dialect.ts'
import type { FaultPlan } from '../faults/fault-plan.ts'
import type { Connection, DataFrame } from './connection.ts'

/** All connections, and the subscribers of each topic. */
export class Hub {
  readonly #clock: Clock
  readonly #faults: FaultPlan
  readonly #connections: Connection[] = []
  readonly #byTopic = new Map<string, Set<Connection>>()

  constructor(clock: Clock, faults: FaultPlan) {
    this.#clock = clock
    this.#faults = faults
  }

  /** Every connection since the start, in order of their numbers. */
  get connections(): readonly Connection[] {
    return this.#connections
  }

  /** The number that the next connection gets; the first is 1. */
  get nextNumber(): number {
    return this.#connections.length + 1
  }

  add(connection: Connection): void {
    this.#connections.push(connection)
    void connection.ended.then(() => {
      for (const topic of connection.topics) this.#leave(connection, topic)
    })
  }

  /** The open connections that a fault hits: one, those of an account, or all. */
  targets(aim: { readonly connection?: number; readonly uid?: string } = {}): Connection[] {
    return this.#connections.filter(
      (c) =>
        c.isOpen &&
        (aim.connection === undefined || c.number === aim.connection) &&
        (aim.uid === undefined || c.session?.uid === aim.uid),
    )
  }

  subscribe(connection: Connection, topic: string): void {
    const key = keyOf(connection.dialect.category, topic)
    connection.topics.add(topic)
    const subscribers = this.#byTopic.get(key) ?? new Set()
    this.#byTopic.set(key, subscribers)
    subscribers.add(connection)
    this.#faults.onSubscribed(connection.number, topic)
  }

  unsubscribe(connection: Connection, topic: string): void {
    connection.topics.delete(topic)
    this.#leave(connection, topic)
  }

  /**
   * Sends a frame to every subscriber of its topic; builds the text only if there is a subscriber.
   *
   * Gives `sentTo`, to which every write adds the connection's number: also later ones, when a fault
   * sends the frame again.
   */
  publish(
    category: SocketFamily,
    topic: string,
    text: () => string,
    sentTo: number[] = [],
  ): number[] {
    const subscribers = this.#byTopic.get(keyOf(category, topic))
    if (subscribers === undefined || subscribers.size === 0) return sentTo
    const frame: DataFrame = { topic, bytes: Buffer.from(text()), sentTo }
    for (const connection of subscribers) this.deliver(connection, frame)
    return sentTo
  }

  /** Sends a frame to one connection, unless a fault silences its topic there. */
  deliver(connection: Connection, frame: DataFrame): void {
    if (this.#faults.isSilent(connection.dialect.category, connection.number, frame.topic)) return
    connection.deliver(frame)
    connection.lastActivityMs = nowMs(this.#clock)
  }

  #leave(connection: Connection, topic: string): void {
    this.#byTopic.get(keyOf(connection.dialect.category, topic))?.delete(connection)
  }
}

/** Contains the category, because several categories have the same topics. */
function keyOf(category: SocketFamily, topic: string): string {
  return `${category} ${topic}`
}
