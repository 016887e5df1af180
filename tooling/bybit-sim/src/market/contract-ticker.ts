import { trimmedText, unitsText } from '../base/decimal-text.ts'
import { Random } from '../base/random.ts'
import type { ExchangeRules } from '../base/rules.ts'
import type { TickerMessage } from '../truth/ticker-truth.ts'
import { DayFigures } from './day-figures.ts'
import { type Instrument, priceText, sizeText, turnoverDecimals, turnoverOf } from './instrument.ts'
import type { PreListing } from './listing.ts'
import {
  DATED_KEYS,
  deltaOrder,
  INVERSE_KEYS,
  SINGLE_SIDED_KEYS,
  TICKER_KEYS,
} from './ticker-keys.ts'
import { type TickerBoard, TickerState } from './ticker-state.ts'
import type { TopOfBook } from './top-of-book.ts'
import type { TradeTape } from './trade-tape.ts'

export const FUNDING_INTERVAL_MS: number = 8 * 3_600_000

/** Keys that sometimes become `''` for a while, when `emptyTickerValues` is on. */
const MAY_BE_EMPTY = ['prevPrice1h', 'fundingRate', 'indexPrice']

/** The ticker of a linear or inverse contract: a snapshot, then deltas of what changed. */
export class ContractTicker implements TickerBoard {
  readonly #tape: TradeTape
  readonly #instrument: Instrument
  readonly #book: TopOfBook
  readonly #random: Random
  readonly #rules: ExchangeRules
  readonly #state: TickerState
  readonly #deltaKeys: readonly string[]
  readonly #day: DayFigures
  #openInterest: number
  #mark: number
  #indexOffset = 0
  #funding = 10_000
  #fundingTs = 0

  constructor(tape: TradeTape, book: TopOfBook, seed: string, nowMs: number, rules: ExchangeRules) {
    const { category, symbol, startPrice, tick } = tape.instrument
    this.#tape = tape
    this.#instrument = tape.instrument
    this.#book = book
    this.#random = new Random(`${seed}/ticker/${category}/${symbol}`)
    this.#rules = rules
    const keys = keysOf(tape.instrument, rules)
    this.#state = new TickerState(symbol, keys, nowMs, tape.seq)
    this.#deltaKeys = deltaOrder(keys)
    this.#day = new DayFigures(tape, this.#random)
    this.#openInterest = 1_000_000 + this.#random.below(90_000_000)
    this.#mark = startPrice
    this.#setPrice('prevPrice1h', startPrice - tick * this.#random.below(50))
    this.#drawTrades()
    this.#drawBook()
    this.#drawMark(1)
    this.#drawOpenInterest(1)
    this.#drawTerms(nowMs)
    this.#state.changed.clear()
  }

  get values(): Readonly<Record<string, string>> {
    return this.#state.values
  }

  /** The rate of the next funding, in units of the eighth decimal. */
  get fundingRate(): number {
    return this.#funding
  }

  /** The state as a snapshot: the time and sequence of its last change, and every key. */
  snapshot(): TickerMessage {
    return this.#state.message(true, this.#state.keys)
  }

  tick(nowMs: number): TickerMessage | null {
    // Mark and index price also move without a match; the cross sequence then repeats.
    if (!this.#random.chance(0.1)) {
      this.#drawTrades()
      this.#drawBook()
    }
    const moved = this.#state.changed.size > 0
    this.#drawMark(0.4)
    this.#drawOpenInterest(0.1)
    this.#drawFunding(nowMs)
    if (this.#random.chance(0.01)) this.#rollDay()
    if (this.#rules.emptyTickerValues) this.#drawEmpty()
    if (this.#state.changed.size === 0) return null
    if (moved) this.#state.seq = this.#tape.advance(this.#random)
    return this.#delta(nowMs)
  }

  place(changes: Readonly<Record<string, string>>, nowMs: number): TickerMessage {
    this.#state.place(changes)
    this.#state.seq = this.#tape.advance(this.#random)
    return this.#delta(nowMs)
  }

  /** Sets the keys of a pre-market contract; they are empty for all others. */
  showPreListing(preListing: PreListing | null): void {
    const isKnown = preListing !== null
    const price = this.#instrument.startPrice
    this.#state.set('preOpenPrice', isKnown ? priceText(this.#instrument, price) : '')
    this.#state.set('preQty', isKnown ? sizeText(this.#instrument, 0) : '')
    this.#state.set('curPreListingPhase', preListing?.phase ?? '')
  }

  #delta(nowMs: number): TickerMessage {
    const keys = this.#deltaKeys.filter((key) => this.#state.changed.has(key))
    this.#state.moveOn(nowMs)
    return this.#state.message(false, keys)
  }

  #drawTrades(): void {
    this.#day.update()
    this.#state.set('tickDirection', this.#tape.state.tickDirection)
    this.#setPrice('lastPrice', this.#tape.state.price)
    this.#setDay()
  }

  #setDay(): void {
    this.#state.set('price24hPcnt', this.#day.changeText(6))
    this.#setPrice('prevPrice24h', this.#day.prev)
    this.#setPrice('highPrice24h', this.#day.high)
    this.#setPrice('lowPrice24h', this.#day.low)
    this.#state.set('turnover24h', this.#day.contractTurnoverText)
    this.#state.set('volume24h', this.#day.contractVolumeText)
  }

  /** A delta carries price and size of a side together, as real ones do. */
  #drawBook(): void {
    const { bidPrice, bidSize, askPrice, askSize } = this.#book.state
    for (const [side, price, size] of [
      ['bid1', bidPrice, bidSize],
      ['ask1', askPrice, askSize],
    ] as const) {
      const moved = this.#state.set(`${side}Price`, price)
      if (!this.#state.set(`${side}Size`, size) && !moved) continue
      this.#state.changed.add(`${side}Price`).add(`${side}Size`)
    }
  }

  #drawMark(probability: number): void {
    const { tick } = this.#instrument
    if (this.#random.chance(probability)) {
      this.#mark = Math.max(tick, this.#tape.state.price + tick * (this.#random.below(7) - 3))
      this.#setPrice('markPrice', this.#mark)
      this.#setOpenInterestValue()
    }
    if (this.#random.chance(probability)) {
      this.#indexOffset = Math.round(this.#indexOffset * 0.9) + this.#random.below(21) - 10
      this.#setPrice('indexPrice', Math.max(1, this.#mark + this.#indexOffset))
      this.#drawBasis()
    }
  }

  #drawOpenInterest(probability: number): void {
    if (!this.#random.chance(probability)) return
    this.#openInterest += this.#random.below(201) - 100
    const single = Math.round(this.#openInterest / 2)
    this.#state.set('openInterest', sizeText(this.#instrument, this.#openInterest))
    this.#state.set('singleOpenInterest', sizeText(this.#instrument, single))
    this.#setOpenInterestValue()
  }

  #setOpenInterestValue(): void {
    const value = turnoverOf(this.#instrument, this.#mark, this.#openInterest)
    const cents = value / 10 ** (turnoverDecimals(this.#instrument) - 2)
    this.#state.set('openInterestValue', unitsText(Math.round(cents), 2))
    this.#state.set('singleOpenInterestValue', unitsText(Math.round(cents / 2), 2))
  }

  /** Sets what rarely changes: the funding of a perpetual, the delivery of a dated future. */
  #drawTerms(nowMs: number): void {
    const { deliveryTime } = this.#instrument
    this.#state.set('fundingIntervalHour', '8')
    this.#state.set('fundingCap', '0.005')
    this.#state.set('deliveryFeeRate', '0.0005')
    this.#setPrice('predictedDeliveryPrice', 0)
    if (deliveryTime !== null) {
      const text = new Date(deliveryTime).toISOString().replace('.000Z', 'Z')
      this.#state.set('deliveryTime', text)
      this.#drawBasis()
      return
    }
    this.#drawFunding(nowMs)
    this.#state.set('fundingRate', trimmedText(this.#funding, 8))
  }

  #drawFunding(nowMs: number): void {
    if (this.#instrument.deliveryTime !== null) return
    if (nowMs >= this.#fundingTs) {
      this.#fundingTs = (Math.floor(nowMs / FUNDING_INTERVAL_MS) + 1) * FUNDING_INTERVAL_MS
      this.#state.set('nextFundingTime', String(this.#fundingTs))
    }
    if (!this.#random.chance(0.01)) return
    this.#funding += this.#random.below(401) - 200
    this.#state.set('fundingRate', trimmedText(this.#funding, 8))
  }

  #drawBasis(): void {
    if (this.#instrument.deliveryTime === null) return
    const index = Math.max(1, this.#mark + this.#indexOffset)
    const ratio = (this.#mark - index) / index
    this.#setPrice('basis', this.#mark - index)
    this.#state.set('basisRate', unitsText(Math.round(ratio * 1e8), 8))
    this.#state.set('basisRateYear', unitsText(Math.round(ratio * 4e8), 8))
  }

  #rollDay(): void {
    const { tick } = this.#instrument
    this.#day.roll()
    this.#setPrice('prevPrice1h', this.#tape.state.price + tick * this.#random.below(50))
    this.#setDay()
  }

  #drawEmpty(): void {
    if (!this.#random.chance(0.005)) return
    const key = MAY_BE_EMPTY[this.#random.below(MAY_BE_EMPTY.length)]
    if (key !== undefined) this.#state.set(key, '')
  }

  #setPrice(key: string, units: number): void {
    this.#state.set(key, priceText(this.#instrument, units))
  }
}

function keysOf({ category, deliveryTime }: Instrument, rules: ExchangeRules): readonly string[] {
  const isWhole = category === 'linear' || rules.inversePreListingKeys
  const keys = deliveryTime !== null ? DATED_KEYS : isWhole ? TICKER_KEYS : INVERSE_KEYS
  return rules.singleSidedInterest ? keys : keys.filter((key) => !SINGLE_SIDED_KEYS.includes(key))
}
