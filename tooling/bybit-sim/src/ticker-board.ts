import { trimmedText, unitsText } from './decimal-text.ts'
import { Random } from './random.ts'
import { DELTA_KEYS, TICKER_KEYS, type TickerKey } from './ticker-keys.ts'
import type { TradeTape } from './trade-tape.ts'

const FUNDING_INTERVAL_MS = 8 * 3_600_000

/** Keys that at times become `''` for a while, where that is switched on. */
const MAY_BE_EMPTY: readonly TickerKey[] = ['prevPrice1h', 'fundingRate', 'indexPrice']

/** The ticker of one symbol after a message, and what that message carried. */
export interface TickerMessage {
  readonly symbol: string
  readonly exchangeTs: number
  readonly seq: number
  readonly isSnapshot: boolean
  readonly values: Readonly<Record<TickerKey, string>>
  readonly sentKeys: readonly TickerKey[]
}

/** The ticker of one symbol, drawn from its trades and from the seed. */
export class TickerBoard {
  readonly #tape: TradeTape
  readonly #random: Random
  readonly #emptyValues: boolean
  readonly #values: Record<TickerKey, string>
  readonly #changed = new Set<TickerKey>()
  #ts: number
  #seq: number
  #seenVolume = 0
  #seenTurnover = 0
  #volume: number
  #turnover: number
  #openInterest: number
  #mark: number
  #indexOffset = 0
  #prev24h: number
  #high: number
  #low: number
  #funding = 10_000
  #fundingTs = 0

  constructor(tape: TradeTape, seed: string, nowMs: number, emptyValues: boolean) {
    const { symbol, startPrice, tick } = tape.instrument
    this.#tape = tape
    this.#random = new Random(`${seed}/ticker/${symbol}`)
    this.#emptyValues = emptyValues
    this.#ts = nowMs
    this.#seq = tape.seq
    this.#volume = 1_000_000 + this.#random.below(100_000_000)
    this.#turnover = this.#volume * startPrice
    this.#openInterest = 1_000_000 + this.#random.below(90_000_000)
    this.#mark = startPrice
    this.#prev24h = startPrice - tick * this.#random.below(200)
    this.#high = startPrice + tick * 300
    this.#low = startPrice - tick * 300
    this.#values = Object.fromEntries(TICKER_KEYS.map((key) => [key, ''])) as Record<
      TickerKey,
      string
    >
    this.#set('prevPrice1h', this.#priceText(startPrice - tick * this.#random.below(50)))
    this.#set('fundingIntervalHour', '8')
    this.#set('fundingCap', '0.005')
    this.#drawTrades()
    this.#drawBook(1)
    this.#drawMark(1)
    this.#drawOpenInterest(1)
    this.#drawFunding(nowMs, 1)
    this.#changed.clear()
  }

  /** The state as a snapshot: the time and sequence of its last change, and every key. */
  snapshot(): TickerMessage {
    return this.#message(true, TICKER_KEYS)
  }

  /** Lets a tick of time pass; null when nothing changed, as then nothing is pushed. */
  tick(nowMs: number): TickerMessage | null {
    // Mark and index move without a match as well, and then the cross sequence repeats.
    if (!this.#random.chance(0.1)) {
      this.#drawTrades()
      this.#drawBook(0.6)
    }
    const moved = this.#changed.size > 0
    this.#drawMark(0.4)
    this.#drawOpenInterest(0.1)
    this.#drawFunding(nowMs, 0.01)
    if (this.#random.chance(0.01)) this.#rollDay()
    if (this.#emptyValues) this.#drawEmpty()
    if (this.#changed.size === 0) return null
    if (moved) this.#seq = this.#tape.advance(this.#random)
    return this.#delta(nowMs)
  }

  /** Sends exactly these keys, changed or not, as a delta. */
  place(changes: Partial<Record<TickerKey, string>>, nowMs: number): TickerMessage {
    for (const key of TICKER_KEYS) {
      const text = changes[key]
      if (text === undefined) continue
      this.#values[key] = text
      this.#changed.add(key)
    }
    this.#seq = this.#tape.advance(this.#random)
    return this.#delta(nowMs)
  }

  /** A time of its own for every delta: one (time, sequence, kind) never has two contents. */
  #delta(nowMs: number): TickerMessage {
    this.#ts = Math.max(this.#ts + 1, nowMs)
    const keys = DELTA_KEYS.filter((key) => this.#changed.has(key))
    this.#changed.clear()
    return this.#message(false, keys)
  }

  #message(isSnapshot: boolean, sentKeys: readonly TickerKey[]): TickerMessage {
    return {
      symbol: this.#tape.instrument.symbol,
      exchangeTs: this.#ts,
      seq: this.#seq,
      isSnapshot,
      values: { ...this.#values },
      sentKeys,
    }
  }

  #set(key: TickerKey, text: string): boolean {
    if (this.#values[key] === text) return false
    this.#values[key] = text
    this.#changed.add(key)
    return true
  }

  #drawTrades(): void {
    const { price, tickDirection, volume, turnover } = this.#tape.state
    this.#volume += volume - this.#seenVolume
    this.#turnover += turnover - this.#seenTurnover
    this.#seenVolume = volume
    this.#seenTurnover = turnover
    this.#high = Math.max(this.#high, price)
    this.#low = Math.min(this.#low, price)
    this.#set('tickDirection', tickDirection)
    this.#set('lastPrice', this.#priceText(price))
    this.#setDay()
  }

  #setDay(): void {
    const { priceDecimals, sizeDecimals } = this.#tape.instrument
    const change = Math.round(((this.#tape.state.price - this.#prev24h) * 1e6) / this.#prev24h)
    this.#set('price24hPcnt', trimmedText(change, 6))
    this.#set('prevPrice24h', this.#priceText(this.#prev24h))
    this.#set('highPrice24h', this.#priceText(this.#high))
    this.#set('lowPrice24h', this.#priceText(this.#low))
    const turnover = Math.round(this.#turnover / 10 ** (priceDecimals + sizeDecimals - 4))
    this.#set('turnover24h', unitsText(turnover, 4))
    this.#set('volume24h', unitsText(this.#volume * 10 ** (4 - sizeDecimals), 4))
  }

  /** Price and size of a side travel together, as on the wire. */
  #drawBook(probability: number): void {
    const { tick, sizeDecimals } = this.#tape.instrument
    const { price, tickDirection } = this.#tape.state
    const isAsk = tickDirection === 'PlusTick' || tickDirection === 'ZeroPlusTick'
    const bid = isAsk ? price - tick : price
    for (const [side, at] of [['bid1', bid] as const, ['ask1', bid + tick] as const]) {
      const moved = this.#set(`${side}Price`, this.#priceText(at))
      if (!moved && !this.#random.chance(probability)) continue
      const size = unitsText(1 + this.#random.below(9000), sizeDecimals)
      if (!this.#set(`${side}Size`, size) && !moved) continue
      this.#changed.add(`${side}Price`).add(`${side}Size`)
    }
  }

  #drawMark(probability: number): void {
    if (this.#random.chance(probability)) {
      this.#mark = this.#tape.state.price + this.#tape.instrument.tick * (this.#random.below(7) - 3)
      this.#set('markPrice', this.#priceText(this.#mark))
      this.#setOpenInterestValue()
    }
    if (this.#random.chance(probability)) {
      this.#indexOffset = Math.round(this.#indexOffset * 0.9) + this.#random.below(21) - 10
      this.#set('indexPrice', this.#priceText(this.#mark + this.#indexOffset))
    }
  }

  #drawOpenInterest(probability: number): void {
    if (!this.#random.chance(probability)) return
    const { sizeDecimals } = this.#tape.instrument
    this.#openInterest += this.#random.below(201) - 100
    this.#set('openInterest', unitsText(this.#openInterest, sizeDecimals))
    this.#set('singleOpenInterest', unitsText(Math.round(this.#openInterest / 2), sizeDecimals))
    this.#setOpenInterestValue()
  }

  #setOpenInterestValue(): void {
    const { priceDecimals, sizeDecimals } = this.#tape.instrument
    const cents = (this.#openInterest * this.#mark) / 10 ** (priceDecimals + sizeDecimals - 2)
    this.#set('openInterestValue', unitsText(Math.round(cents), 2))
    this.#set('singleOpenInterestValue', unitsText(Math.round(cents / 2), 2))
  }

  #drawFunding(nowMs: number, probability: number): void {
    if (nowMs >= this.#fundingTs) {
      this.#fundingTs = (Math.floor(nowMs / FUNDING_INTERVAL_MS) + 1) * FUNDING_INTERVAL_MS
      this.#set('nextFundingTime', String(this.#fundingTs))
    }
    if (!this.#random.chance(probability)) return
    this.#funding += this.#random.below(401) - 200
    this.#set('fundingRate', trimmedText(this.#funding, 8))
  }

  /** The oldest minute of the day falls out of the 24-hour figures. */
  #rollDay(): void {
    const { tick } = this.#tape.instrument
    this.#prev24h = this.#tape.state.price + tick * (this.#random.below(401) - 200)
    const dropped = this.#random.below(Math.floor(this.#volume / 100))
    this.#turnover -= Math.round((this.#turnover * dropped) / this.#volume)
    this.#volume -= dropped
    this.#set(
      'prevPrice1h',
      this.#priceText(this.#tape.state.price + tick * this.#random.below(50)),
    )
    this.#setDay()
  }

  #drawEmpty(): void {
    if (!this.#random.chance(0.005)) return
    const key = MAY_BE_EMPTY[this.#random.below(MAY_BE_EMPTY.length)]
    if (key !== undefined) this.#set(key, '')
  }

  #priceText(units: number): string {
    return unitsText(units, this.#tape.instrument.priceDecimals)
  }
}
