import { nowMs } from '@grid/core-events'
import type { Desk } from '../market/desk.ts'
import type { Connection } from '../sockets/connection.ts'
import type { BookTruth } from '../truth/book-truth.ts'
import { bookFrameText } from './book-frame.ts'
import { STEP_MS, type SymbolChannel, type Tick, type Wire } from './symbol-channel.ts'

/** A state of the book, which is sent again and to new subscribers as long as nothing changes. */
interface StandingBook {
  readonly truth: BookTruth
  readonly sentTo: number[]
}

/** The best bid and ask of one instrument: `orderbook.1.{symbol}`, which options do not have. */
export class BookChannel implements SymbolChannel {
  readonly topic: string | null
  readonly #desk: Desk
  readonly #wire: Wire
  readonly #moveEvery: number
  readonly #repeatMs: number
  #standing: StandingBook | null = null
  /** When the book was last sent, epoch milliseconds. */
  #sentMs: number

  constructor(desk: Desk, wire: Wire) {
    const { category, symbol } = desk.instrument
    this.topic = category === 'option' ? null : `orderbook.1.${symbol}`
    this.#desk = desk
    this.#wire = wire
    this.#moveEvery = Math.max(1, Math.round(wire.pace.bookIntervalMs / STEP_MS))
    this.#repeatMs = wire.rules.bookRepeatMs ?? Infinity
    this.#sentMs = nowMs(wire.serverClock)
  }

  /** Sends the book if it has changed, or if it has stood still for long. */
  step({ phase, now }: Tick): void {
    if (!this.#desk.listing.isTrading) return
    const hasChanged = phase % this.#moveEvery === 0 && this.#desk.book.step(now)
    if (hasChanged || now - this.#sentMs >= this.#repeatMs) this.#publish(hasChanged, now)
  }

  greet(connection: Connection, topic: string): void {
    if (!this.#desk.listing.isTrading) return
    this.#send(({ sentTo }) => {
      const bytes = Buffer.from(this.#text(nowMs(this.#wire.serverClock)))
      this.#wire.hub.deliver(connection, { topic, bytes, sentTo })
    })
  }

  /** Publishes a new state. */
  move(): void {
    const now = nowMs(this.#wire.serverClock)
    while (!this.#desk.book.step(now));
    this.#publish(true, now)
  }

  #publish(hasChanged: boolean, now: number): void {
    const { category } = this.#desk.instrument
    const { topic } = this
    if (topic === null) return
    this.#sentMs = now
    if (hasChanged) this.#standing = null
    this.#send(({ sentTo }) => {
      this.#wire.hub.publish(category, topic, () => this.#text(now), sentTo)
    })
  }

  #send(write: (standing: StandingBook) => void): void {
    const standing = this.#standingBook()
    const wasSent = standing.sentTo.length > 0
    write(standing)
    if (!wasSent && standing.sentTo.length > 0) this.#wire.ledger.noteSent(standing.truth)
  }

  #standingBook(): StandingBook {
    if (this.#standing !== null) return this.#standing
    const { category, symbol } = this.#desk.instrument
    const sentTo: number[] = []
    const producedAtUs = this.#wire.clock.nowUs()
    const state = this.#desk.book.state
    const truth: BookTruth = { kind: 'book', category, symbol, ...state, producedAtUs, sentTo }
    this.#wire.ledger.add(truth)
    this.#standing = { truth, sentTo }
    return this.#standing
  }

  #text(now: number): string {
    const { category, symbol } = this.#desk.instrument
    return bookFrameText(category, symbol, now, this.#desk.book.state)
  }
}
