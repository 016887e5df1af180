import { hashText, Random } from '../base/random.ts'
import type { TickDirection, TradeColumns } from '../truth/trade-truth.ts'
import { type Instrument, priceText, sizeText, turnoverOf } from './instrument.ts'
import { tradeIds } from './trade-id.ts'

/** The largest match of the ordinary market; larger ones are placed by hand. */
const MAX_MATCH = 8

/** Values of trades placed by hand; what is left out is made up. All trades of a call share them. */
export type TradeOverrides = Partial<Omit<TradeColumns, 'category' | 'symbol' | 'matchIndex'>>

/** What the tape knows after its last trade; the ticker is drawn from it. */
export interface TapeState {
  /** Price of the last trade, in units of the instrument's last price decimal. */
  readonly price: number
  readonly tickDirection: TickDirection
  /** Traded since the start, in lots. */
  readonly volume: number
  /** Traded since the start, as `turnoverOf` counts. */
  readonly turnover: number
}

/**
 * The trades of one symbol: a random walk on the price grid, drawn from the seed alone.
 *
 * Only times come from outside; which trades follow each other depends on the seed and the calls.
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

  /** Moves the cross sequence on by 1 or more, at times far. */
  advance(random: Random): number {
    this.#seq += 1 + random.below(random.chance(0.05) ? 5000 : 40)
    this.#matchSize = 0
    return this.#seq
  }

  /** The next `count` trades of the ordinary market, in small matches. */
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

  /** A match is reported a little after it happened; its time never runs backwards. */
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

  /** Far from where it began, the price is drawn back. */
  #takerSide(): 'Buy' | 'Sell' {
    const isBuy = this.#random.chance(0.5)
    if (this.#price > this.instrument.startPrice * 1.5) return 'Sell'
    return isBuy || this.#price < this.instrument.startPrice * 0.5 ? 'Buy' : 'Sell'
  }

  /** A taker eats into the book: within a match the price moves one way or stays. */
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
