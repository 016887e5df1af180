import { trimmedText } from '../base/decimal-text.ts'
import { Random } from '../base/random.ts'
import type { TickerMessage } from '../truth/ticker-truth.ts'
import type { OptionMarks } from '../truth/trade-truth.ts'
import { DayFigures } from './day-figures.ts'
import { type Instrument, priceText, sizeText, underlyingPrice } from './instrument.ts'
import { OPTION_KEYS } from './ticker-keys.ts'
import { type TickerBoard, TickerState } from './ticker-state.ts'
import type { TopOfBook } from './top-of-book.ts'
import type { TradeTape } from './trade-tape.ts'

/** How far the underlying may move from its start price, as a ratio. */
const MAX_DRIFT = 0.01

/** The ticker of an option: every message is complete, and a subscription opens with none. */
export class OptionTicker implements TickerBoard {
  readonly #tape: TradeTape
  readonly #instrument: Instrument
  readonly #book: TopOfBook
  readonly #random: Random
  readonly #state: TickerState
  readonly #day: DayFigures
  readonly #startCents: number
  #cents: number
  #iv: number
  #openInterest: number

  constructor(tape: TradeTape, book: TopOfBook, seed: string, nowMs: number) {
    this.#tape = tape
    this.#instrument = tape.instrument
    this.#book = book
    this.#random = new Random(`${seed}/ticker/option/${tape.instrument.symbol}`)
    this.#state = new TickerState(tape.instrument.symbol, OPTION_KEYS, nowMs, tape.seq)
    this.#day = new DayFigures(tape, this.#random)
    this.#startCents = underlyingPrice(tape.instrument.baseCoin) * 100
    this.#cents = this.#startCents
    this.#iv = 4000 + this.#random.below(4000)
    this.#openInterest = 100 + this.#random.below(100_000)
    for (const [key, text] of [
      ['totalVolume', String(this.#random.below(100_000))],
      ['totalTurnover', String(this.#random.below(1_000_000_000))],
      ['delta', `${this.#instrument.optionsType === 'Put' ? '-' : ''}${this.#ratio(99_999_999)}`],
      ['gamma', this.#ratio(5000)],
      ['vega', this.#ratio(9_000_000_000)],
      ['theta', `-${this.#ratio(9_000_000_000)}`],
      ['predictedDeliveryPrice', '0'],
    ] as const) {
      this.#state.set(key, text)
    }
    this.#draw()
  }

  get values(): Readonly<Record<string, string>> {
    return this.#state.values
  }

  /** What a trade at this moment carries besides its price. */
  get marks(): OptionMarks {
    return {
      markPrice: this.values['markPrice'] ?? '',
      indexPrice: this.values['indexPrice'] ?? '',
      markIv: this.values['markPriceIv'] ?? '',
      iv: trimmedText(this.#iv + 31, 4),
    }
  }

  snapshot(): null {
    return null
  }

  tick(nowMs: number): TickerMessage | null {
    this.#draw()
    return this.#state.changed.size === 0 ? null : this.#message(nowMs)
  }

  place(changes: Readonly<Record<string, string>>, nowMs: number): TickerMessage {
    this.#state.place(changes)
    return this.#message(nowMs)
  }

  #message(nowMs: number): TickerMessage {
    this.#state.seq = this.#tape.advance(this.#random)
    this.#state.moveOn(nowMs)
    return this.#state.message(true, OPTION_KEYS)
  }

  #draw(): void {
    const { price, volume } = this.#tape.state
    const { bidPrice, bidSize, askPrice, askSize } = this.#book.state
    this.#day.update()
    this.#drift()
    const last = priceText(this.#instrument, price)
    const mark = trimmedText(price * 1000 + this.#random.below(1000), this.#markDecimals)
    for (const [key, text] of [
      ['bidPrice', bidPrice],
      ['bidSize', bidSize],
      ['bidIv', trimmedText(this.#iv - 25, 4)],
      ['askPrice', askPrice],
      ['askSize', askSize],
      ['askIv', trimmedText(this.#iv + 25, 4)],
      ['lastPrice', last],
      ['highPrice24h', priceText(this.#instrument, this.#day.high)],
      ['lowPrice24h', priceText(this.#instrument, this.#day.low)],
      ['markPrice', mark],
      ['indexPrice', trimmedText(this.#cents, 2)],
      ['markPriceIv', trimmedText(this.#iv, 4)],
      ['underlyingPrice', trimmedText(this.#cents + 1489, 2)],
      ['openInterest', sizeText(this.#instrument, this.#openInterest + (volume % 1000))],
      ['turnover24h', this.#day.turnoverText],
      ['volume24h', this.#day.volumeText],
      ['change24h', this.#day.changeText(4)],
    ] as const) {
      this.#state.set(key, text)
    }
  }

  #drift(): void {
    const moved = this.#cents + this.#random.below(2001) - 1000
    const isFar = Math.abs(moved - this.#startCents) > this.#startCents * MAX_DRIFT
    if (!isFar) this.#cents = moved
    if (this.#random.chance(0.2)) this.#iv += this.#random.below(21) - 10
    if (this.#iv < 1000) this.#iv = 1000
  }

  get #markDecimals(): number {
    return this.#instrument.priceDecimals + 3
  }

  /** A random number up to `limit`, in units of the eighth decimal. */
  #ratio(limit: number): string {
    return trimmedText(1 + this.#random.below(limit), 8)
  }
}
