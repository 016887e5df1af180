import { trimmedText } from '../base/decimal-text.ts'
import { Random } from '../base/random.ts'
import type { TickerMessage } from '../truth/ticker-truth.ts'
import { DayFigures } from './day-figures.ts'
import { type Instrument, priceText } from './instrument.ts'
import { SPOT_KEYS } from './ticker-keys.ts'
import { type TickerBoard, TickerState } from './ticker-state.ts'
import type { TradeTape } from './trade-tape.ts'

/** Quote coins whose pairs have an index price in US dollars; other pairs carry `''`. */
const COLLATERAL_QUOTES = ['USDT', 'USDC', 'USD']
const INDEX_DECIMALS = 6

/** The ticker of a spot pair: every message is complete, and a subscription opens with none. */
export class SpotTicker implements TickerBoard {
  readonly #tape: TradeTape
  readonly #instrument: Instrument
  readonly #random: Random
  readonly #state: TickerState
  readonly #day: DayFigures

  constructor(tape: TradeTape, seed: string, nowMs: number) {
    this.#tape = tape
    this.#instrument = tape.instrument
    this.#random = new Random(`${seed}/ticker/spot/${tape.instrument.symbol}`)
    this.#state = new TickerState(tape.instrument.symbol, SPOT_KEYS, nowMs, tape.seq)
    this.#day = new DayFigures(tape, this.#random)
    this.#draw(1)
  }

  get values(): Readonly<Record<string, string>> {
    return this.#state.values
  }

  snapshot(): null {
    return null
  }

  tick(nowMs: number): TickerMessage | null {
    if (this.#random.chance(0.01)) this.#day.roll()
    this.#draw(0.4)
    return this.#state.changed.size === 0 ? null : this.#message(nowMs)
  }

  place(changes: Readonly<Record<string, string>>, nowMs: number): TickerMessage {
    this.#state.place(changes)
    return this.#message(nowMs)
  }

  #message(nowMs: number): TickerMessage {
    this.#state.seq = this.#tape.advance(this.#random)
    this.#state.moveOn(nowMs)
    return this.#state.message(true, SPOT_KEYS)
  }

  #draw(indexProbability: number): void {
    const { price } = this.#tape.state
    this.#day.update()
    this.#setPrice('lastPrice', price)
    this.#setPrice('highPrice24h', this.#day.high)
    this.#setPrice('lowPrice24h', this.#day.low)
    this.#setPrice('prevPrice24h', this.#day.prev)
    this.#state.set('volume24h', this.#day.volumeText)
    this.#state.set('turnover24h', this.#day.turnoverText)
    this.#state.set('price24hPcnt', this.#day.changeText(4))
    const { quoteCoin, priceDecimals } = this.#instrument
    if (!COLLATERAL_QUOTES.includes(quoteCoin) || !this.#random.chance(indexProbability)) return
    const exact = price * 10 ** (INDEX_DECIMALS - priceDecimals)
    const noise = 1 + (this.#random.below(2001) - 1000) / 1e6
    this.#state.set('usdIndexPrice', trimmedText(Math.round(exact * noise), INDEX_DECIMALS))
  }

  #setPrice(key: string, units: number): void {
    this.#state.set(key, priceText(this.#instrument, units))
  }
}
