import { type Clock, nowMs } from '@grid/core-events'
import type { Connection, DataFrame } from './connection.ts'

/** All connections, and which of them get a topic. */
export class Hub {
  readonly #clock: Clock
  readonly #connections: Connection[] = []
  readonly #byTopic = new Map<string, Set<Connection>>()

  constructor(clock: Clock) {
    this.#clock = clock
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
      for (const topic of connection.topics) this.#byTopic.get(topic)?.delete(connection)
    })
  }

  /** The open connections that a fault is aimed at: one, or all. */
  targets(number?: number): Connection[] {
    return this.#connections.filter(
      (c) => c.isOpen && (number === undefined || c.number === number),
    )
  }

  subscribe(connection: Connection, topic: string): void {
    connection.topics.add(topic)
    const subscribers = this.#byTopic.get(topic) ?? new Set()
    this.#byTopic.set(topic, subscribers)
    subscribers.add(connection)
  }

  unsubscribe(connection: Connection, topic: string): void {
    connection.topics.delete(topic)
    this.#byTopic.get(topic)?.delete(connection)
  }

  /**
   * Sends a message to every subscriber of its topic; its text is built only if there is one.
   * The numbers of the connections that it was written to; the list grows if it is sent again.
   */
  publish(topic: string, text: () => string): number[] {
    const subscribers = this.#byTopic.get(topic)
    if (subscribers === undefined || subscribers.size === 0) return []
    const frame: DataFrame = { topic, bytes: Buffer.from(text()), sentTo: [] }
    for (const connection of subscribers) this.deliver(connection, frame)
    return frame.sentTo
  }

  /** Sends a message to one connection. */
  deliver(connection: Connection, frame: DataFrame): void {
    connection.deliver(frame)
    connection.lastActivityMs = nowMs(this.#clock)
  }
}
