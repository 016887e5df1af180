import { nowMs } from '@grid/core-events'
import type { Desk } from '../market/desk.ts'
import type { Connection } from '../sockets/connection.ts'
import type { TickerMessage, TickerTruth } from '../truth/ticker-truth.ts'
import { STEP_MS, type SymbolChannel, type Tick, type Wire } from './symbol-channel.ts'
import { tickerFrameText } from './ticker-frame.ts'

/** The ticker of one instrument: `tickers.{symbol}`. */
export class TickerChannel implements SymbolChannel {
  readonly topic: string
  readonly #desk: Desk
  readonly #wire: Wire
  readonly #tickEvery: number
  /** The snapshot that new subscribers get as long as nothing changes. */
  #snapshot: { readonly sentTo: number[]; readonly bytes: Buffer } | null = null

  constructor(desk: Desk, wire: Wire) {
    this.topic = `tickers.${desk.instrument.symbol}`
    this.#desk = desk
    this.#wire = wire
    this.#tickEvery = Math.max(1, Math.round(wire.pace.tickerIntervalMs / STEP_MS))
  }

  step({ phase, now }: Tick): void {
    if (phase % this.#tickEvery !== 0) return
    this.#desk.settleFunding(now)
    const message = this.#desk.ticker.tick(now)
    if (message !== null) this.#publish(message)
  }

  /** Sends a contract's snapshot; spot and options open with nothing. */
  greet(connection: Connection, topic: string): void {
    const { clock, hub, ledger } = this.#wire
    if (this.#snapshot !== null) {
      hub.deliver(connection, { topic, ...this.#snapshot })
      return
    }
    const message = this.#desk.ticker.snapshot()
    if (message === null) return
    const { category } = this.#desk.instrument
    const sentTo: number[] = []
    const producedAtUs = clock.nowUs()
    const bytes = Buffer.from(tickerFrameText(category, topic, message))
    this.#snapshot = { sentTo, bytes }
    hub.deliver(connection, { topic, bytes, sentTo })
    ledger.add({ kind: 'ticker', category, ...message, producedAtUs, sentTo })
  }

  /** Publishes a message placed by hand. */
  place(changes: Readonly<Record<string, string>>): TickerTruth {
    return this.#publish(this.#desk.ticker.place(changes, nowMs(this.#wire.serverClock)))
  }

  #publish(message: TickerMessage): TickerTruth {
    const { clock, hub, ledger } = this.#wire
    const { category } = this.#desk.instrument
    this.#snapshot = null
    const producedAtUs = clock.nowUs()
    const sentTo = hub.publish(category, this.topic, () =>
      tickerFrameText(category, this.topic, message),
    )
    const truth: TickerTruth = { kind: 'ticker', category, ...message, producedAtUs, sentTo }
    ledger.add(truth)
    return truth
  }
}
