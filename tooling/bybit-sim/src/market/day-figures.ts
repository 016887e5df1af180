import { trimmedText, unitsText } from '../base/decimal-text.ts'
import type { Random } from '../base/random.ts'
import { turnoverDecimals, turnoverOf } from './instrument.ts'
import type { TradeTape } from './trade-tape.ts'

/** A ticker's values of the last 24 hours, in integers. */
export class DayFigures {
  readonly #tape: TradeTape
  readonly #random: Random
  #seenVolume = 0
  #seenTurnover = 0
  #volume: number
  #turnover: number
  #prev: number
  #high: number
  #low: number

  constructor(tape: TradeTape, random: Random) {
    const { startPrice, tick } = tape.instrument
    this.#tape = tape
    this.#random = random
    this.#volume = 1_000_000 + random.below(100_000_000)
    this.#turnover = turnoverOf(tape.instrument, startPrice, this.#volume)
    // A price of a few ticks cannot have moved by hundreds of ticks.
    const room = Math.min(300, Math.floor(startPrice / tick / 4))
    this.#prev = startPrice - tick * random.below(1 + Math.floor(room * 0.6))
    this.#high = startPrice + tick * room
    this.#low = startPrice - tick * room
  }

  /** Lowest price of the day, in units of the last price decimal, as are `high` and `prev`. */
  get low(): number {
    return this.#low
  }

  get high(): number {
    return this.#high
  }

  get prev(): number {
    return this.#prev
  }

  /** Adds what was traded since the last call. */
  update(): void {
    const { price, volume, turnover } = this.#tape.state
    this.#volume += volume - this.#seenVolume
    this.#turnover += turnover - this.#seenTurnover
    this.#seenVolume = volume
    this.#seenTurnover = turnover
    this.#high = Math.max(this.#high, price)
    this.#low = Math.min(this.#low, price)
  }

  /** Drops the oldest minute of the day. */
  roll(): void {
    const { tick } = this.#tape.instrument
    const { price } = this.#tape.state
    this.#prev = Math.max(tick, price + tick * (this.#random.below(401) - 200))
    const dropped = this.#random.below(Math.floor(this.#volume / 100))
    this.#turnover -= Math.round((this.#turnover * dropped) / this.#volume)
    this.#volume -= dropped
  }

  /** The change of the price as a ratio with that many places. */
  changeText(decimals: number): string {
    const change = (this.#tape.state.price - this.#prev) / this.#prev
    return trimmedText(Math.round(change * 10 ** decimals), decimals)
  }

  /** With exactly 4 decimal places, as contracts write it. */
  get contractVolumeText(): string {
    return unitsText(this.#volume * 10 ** (4 - this.#tape.instrument.sizeDecimals), 4)
  }

  get contractTurnoverText(): string {
    const decimals = turnoverDecimals(this.#tape.instrument)
    return unitsText(Math.round(this.#turnover / 10 ** (decimals - 4)), 4)
  }

  /** Without trailing zeros, as spot and options write it. */
  get volumeText(): string {
    return trimmedText(this.#volume, this.#tape.instrument.sizeDecimals)
  }

  get turnoverText(): string {
    return trimmedText(this.#turnover, turnoverDecimals(this.#tape.instrument))
  }
}
