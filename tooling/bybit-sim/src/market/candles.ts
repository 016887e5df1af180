import { unitsOf } from '../base/decimal-text.ts'
import type { TradeColumns } from '../truth/trade-truth.ts'
import { type Instrument, turnoverOf } from './instrument.ts'

const MINUTE_MS = 60_000

/** One candle in integers: prices and sizes in the instrument's units, turnover as `turnoverOf` gives it. */
export interface Candle {
  /** Epoch milliseconds. */
  readonly start: number
  open: number
  high: number
  low: number
  close: number
  volume: number
  turnover: number
}

/** The minute candles of one symbol, summed from its trades; a minute without trades repeats the close. */
export class Candles {
  readonly #instrument: Instrument
  readonly #minutes = new Map<number, Candle>()
  readonly #originMinute: number

  constructor(instrument: Instrument, nowMs: number) {
    this.#instrument = instrument
    this.#originMinute = minuteOf(nowMs)
  }

  /** Adds a trade; leaves out one placed by hand whose price or size is off the grid. */
  add(trade: TradeColumns): void {
    const price = unitsOf(trade.price, this.#instrument.priceDecimals)
    const size = unitsOf(trade.size, this.#instrument.sizeDecimals)
    if (price === null || price === 0 || size === null) return
    const start = minuteOf(trade.exchangeTs)
    let candle = this.#minutes.get(start)
    if (candle === undefined) {
      candle = { start, open: price, high: price, low: price, close: price, volume: 0, turnover: 0 }
      this.#minutes.set(start, candle)
    }
    candle.high = Math.max(candle.high, price)
    candle.low = Math.min(candle.low, price)
    candle.close = price
    candle.volume += size
    candle.turnover += turnoverOf(this.#instrument, price, size)
  }

  /** Candles of any length up to now, oldest first; `startOf` gives the start of the candle of a time. */
  merged(startOf: (ts: number) => number, nowMs: number): Candle[] {
    const merged: Candle[] = []
    let close = this.#instrument.startPrice
    for (const minute of this.#minutesUntil(nowMs)) {
      const start = startOf(minute)
      const next = this.#minutes.get(minute) ?? flat(minute, close)
      const last = merged.at(-1)
      if (last?.start === start) extend(last, next)
      else merged.push({ ...next, start })
      close = next.close
    }
    return merged
  }

  /** All minutes since the market opened, and the earlier ones for which trades were placed by hand. */
  #minutesUntil(nowMs: number): number[] {
    const minutes = [...this.#minutes.keys()].filter((at) => at < this.#originMinute)
    minutes.sort((a, b) => a - b)
    for (let at = this.#originMinute; at <= nowMs; at += MINUTE_MS) minutes.push(at)
    return minutes
  }
}

function minuteOf(ts: number): number {
  return ts - (ts % MINUTE_MS)
}

function flat(start: number, price: number): Candle {
  return { start, open: price, high: price, low: price, close: price, volume: 0, turnover: 0 }
}

function extend(candle: Candle, next: Candle): void {
  candle.high = Math.max(candle.high, next.high)
  candle.low = Math.min(candle.low, next.low)
  candle.close = next.close
  candle.volume += next.volume
  candle.turnover += next.turnover
}
