import { hashText, Random } from '../base/random.ts'
import type { TickDirection, TradeColumns } from '../truth/trade-truth.ts'
import { type Instrument, priceText, sizeText, turnoverOf } from './instrument.ts'
import { tradeIds } from './trade-id.ts'

/** The most trades of one match that the market makes by itself; larger ones are placed by hand. */
const MAX_MATCH = 8

/** Values of trades placed by hand, shared by all trades of a call; the others are generated. */
export type TradeOverrides = Partial<Omit<TradeColumns, 'category' | 'symbol' | 'matchIndex'>>

/** The state after the last trade, from which book and ticker follow. */
export interface TapeState {
  /** Price of the last trade, in units of the instrument's last price decimal. */
  readonly price: number
  readonly tickDirection: TickDirection
  /** Traded since the start, in lots. */
  readonly volume: number
  /** Traded since the start, in the units of `turnoverOf`. */
  readonly turnover: number
}

/**
 * The trades of one symbol: a random walk on the price grid.
 *
 * Which trades follow each other depends only on the seed and the calls; the clock gives the times.
 */
export class TradeTape {
  readonly instrument: Instrument
  readonly #random: Random
  readonly #nextId: () => string
  readonly #hasTickDirection: boolean
  #seq: number
  #matchSize = 0
  #lastTs = 0
  #price: number
  #tickDirection: TickDirection = 'PlusTick'
  #volume = 0
  #turnover = 0

  constructor(instrument: Instrument, seed: string) {
    const { category, symbol } = instrument
    const name = `${category}/${symbol}`
    this.instrument = instrument
    this.#random = new Random(`${seed}/trades/${name}`)
    this.#nextId = tradeIds(category, symbol, this.#random)
    this.#hasTickDirection = category === 'linear' || category === 'inverse'
    this.#seq = 190_000_000_000 + (hashText(name) % 1_000_000_000)
    this.#price = instrument.startPrice
  }

  get state(): TapeState {
    return {
      price: this.#price,
      tickDirection: this.#tickDirection,
      volume: this.#volume,
      turnover: this.#turnover,
    }
  }

  /** The cross sequence of the newest match or book change. */
  get seq(): number {
    return this.#seq
  }

  /** Raises the cross sequence: by 1 to 40, now and then by up to 5000. */
  advance(random: Random): number {
    this.#seq += 1 + random.below(random.chance(0.05) ? 5000 : 40)
    this.#matchSize = 0
    return this.#seq
  }

  /** Moves the price to the nearest tick, after the tick size was changed. */
  keepToGrid(): void {
    const { tick } = this.instrument
    this.#price = Math.max(tick, Math.round(this.#price / tick) * tick)
  }

  /** The next `count` trades of the market, in small matches. */
  trades(count: number, nowMs: number): TradeColumns[] {
    const trades: TradeColumns[] = []
    while (trades.length < count) {
      const size = 1 + this.#random.below(Math.min(MAX_MATCH, count - trades.length))
      this.advance(this.#random)
      this.#match(trades, size, this.#matchTs(nowMs))
    }
    return trades
  }

  /** One match of `count` trades, which share seq, time and taker side. */
  match(count: number, nowMs: number, overrides: TradeOverrides = {}): TradeColumns[] {
    const trades: TradeColumns[] = []
    if (overrides.seq === undefined) this.advance(this.#random)
    else if (overrides.seq !== this.#seq) {
      this.#seq = overrides.seq
      this.#matchSize = 0
    }
    this.#match(trades, count, overrides.exchangeTs ?? this.#matchTs(nowMs), overrides)
    return trades
  }

  /** A match is reported up to 2 ms after it happened; times never run backwards. */
  #matchTs(nowMs: number): number {
    this.#lastTs = Math.max(this.#lastTs, nowMs - this.#random.below(3))
    return this.#lastTs
  }

  #match(into: TradeColumns[], count: number, ts: number, overrides?: TradeOverrides): void {
    const { category, symbol } = this.instrument
    const isBuy = (overrides?.side ?? this.#takerSide()) === 'Buy'
    const isBlockTrade = this.#random.chance(0.002)
    for (let index = 0; index < count; index++) {
      const size = this.#random.chance(0.6) ? 1 : 1 + this.#random.below(500)
      const trade: TradeColumns = {
        category,
        symbol,
        exchangeTs: ts,
        tradeId: this.#nextId(),
        side: isBuy ? 'Buy' : 'Sell',
        price: priceText(this.instrument, this.#move(isBuy, index === 0)),
        size: sizeText(this.instrument, size),
        tickDirection: this.#hasTickDirection ? this.#tickDirection : null,
        isBlockTrade,
        isRpiTrade: category === 'option' ? null : this.#random.chance(0.05),
        seq: this.#seq,
        matchIndex: this.#matchSize++,
      }
      into.push(overrides === undefined ? trade : { ...trade, ...overrides })
      this.#volume += size
      this.#turnover += turnoverOf(this.instrument, this.#price, size)
    }
  }

  /** A price 50 % away from its start is pulled back. */
  #takerSide(): 'Buy' | 'Sell' {
    const isBuy = this.#random.chance(0.5)
    if (this.#price > this.instrument.startPrice * 1.5) return 'Sell'
    return isBuy || this.#price < this.instrument.startPrice * 0.5 ? 'Buy' : 'Sell'
  }

  /** Within a match the price moves only in the taker's direction, or stays. */
  #move(isBuy: boolean, isFirst: boolean): number {
    const { tick, startPrice } = this.instrument
    const hasRoom = isBuy || this.#price - tick >= Math.max(tick, startPrice / 4)
    const moves = this.#random.chance(isFirst ? 0.5 : 0.25) && hasRoom
    const wasUp = this.#tickDirection === 'PlusTick' || this.#tickDirection === 'ZeroPlusTick'
    if (!moves) {
      this.#tickDirection = wasUp ? 'ZeroPlusTick' : 'ZeroMinusTick'
      return this.#price
    }
    this.#tickDirection = isBuy ? 'PlusTick' : 'MinusTick'
    this.#price += isBuy ? tick : -tick
    return this.#price
  }
}
