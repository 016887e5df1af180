import { SimError } from '../base/errors.ts'
import type { TickerMessage } from '../truth/ticker-truth.ts'

/** One symbol's ticker: each category makes its messages differently. */
export interface TickerBoard {
  /** The state after the last message, as texts of the wire. */
  readonly values: Readonly<Record<string, string>>
  /** The message that a new subscription opens with; null when it opens with none. */
  snapshot(): TickerMessage | null
  /** Moves on in time; gives the message to send, or null when nothing changed. */
  tick(nowMs: number): TickerMessage | null
  /** Sets these values and gives the message that carries them, whether they changed or not. */
  place(changes: Readonly<Record<string, string>>, nowMs: number): TickerMessage
}

/** The values of a ticker, and which of them the next message must carry. */
export class TickerState {
  readonly symbol: string
  readonly keys: readonly string[]
  readonly changed: Set<string> = new Set()
  readonly #values: Record<string, string>
  #ts: number
  seq: number

  constructor(symbol: string, keys: readonly string[], nowMs: number, seq: number) {
    this.symbol = symbol
    this.keys = keys
    this.#values = Object.fromEntries(keys.map((key) => [key, '']))
    this.#ts = nowMs
    this.seq = seq
  }

  get values(): Readonly<Record<string, string>> {
    return this.#values
  }

  /** Sets a value; gives whether it changed. Ignores a key that this ticker does not have. */
  set(key: string, text: string): boolean {
    const before = this.#values[key]
    if (before === undefined || before === text) return false
    this.#values[key] = text
    this.changed.add(key)
    return true
  }

  /** Sets values by hand, so that the next message carries them; throws `SIM_BAD_INPUT` for an unknown key. */
  place(changes: Readonly<Record<string, string>>): void {
    for (const [key, text] of Object.entries(changes)) {
      if (this.#values[key] === undefined) {
        throw new SimError('SIM_BAD_INPUT', `the ticker of ${this.symbol} has no ${key}`)
      }
      this.#values[key] = text
      this.changed.add(key)
    }
  }

  /** Gives the next message a time of its own, so that no (time, sequence, kind) has two contents. */
  moveOn(nowMs: number): void {
    this.#ts = Math.max(this.#ts + 1, nowMs)
    this.changed.clear()
  }

  message(isSnapshot: boolean, sentKeys: readonly string[]): TickerMessage {
    return {
      symbol: this.symbol,
      exchangeTs: this.#ts,
      seq: this.seq,
      isSnapshot,
      values: { ...this.#values },
      sentKeys,
    }
  }
}
