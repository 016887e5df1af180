import { SimError } from '../base/errors.ts'

/** The ticker of one symbol after a message, and what that message carried. */
export interface TickerMessage {
  readonly symbol: string
  readonly exchangeTs: number
  readonly seq: number
  readonly isSnapshot: boolean
  readonly values: Readonly<Record<string, string>>
  readonly sentKeys: readonly string[]
}

/** One symbol's ticker, in whatever way its category has one. */
export interface TickerBoard {
  /** The texts of the wire after the last message. */
  readonly values: Readonly<Record<string, string>>
  /** What a new subscription opens with; null where it opens with nothing. */
  snapshot(): TickerMessage | null
  /** Lets a tick of time pass; null when nothing changed, as then nothing is pushed. */
  tick(nowMs: number): TickerMessage | null
  /** Sets these values, changed or not, and says so in a message of its own. */
  place(changes: Readonly<Record<string, string>>, nowMs: number): TickerMessage
}

/** The values of a ticker and which of them the next message has to carry. */
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

  /** Whether the value is new; a key that this ticker does not have is passed over. */
  set(key: string, text: string): boolean {
    const before = this.#values[key]
    if (before === undefined || before === text) return false
    this.#values[key] = text
    this.changed.add(key)
    return true
  }

  /** Sets values by hand, so that the next message carries them; throws for an unknown key. */
  place(changes: Readonly<Record<string, string>>): void {
    for (const [key, text] of Object.entries(changes)) {
      if (this.#values[key] === undefined) {
        throw new SimError('SIM_BAD_INPUT', `the ticker of ${this.symbol} has no ${key}`)
      }
      this.#values[key] = text
      this.changed.add(key)
    }
  }

  /** A time of its own for every message: one (time, sequence, kind) never has two contents. */
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
