import { unitsOf } from '../base/decimal-text.ts'
import { SimError } from '../base/errors.ts'
import type { ExchangeRules } from '../base/rules.ts'
import type { WireRow } from '../base/wire-row.ts'
import type { OptionMarks, TradeTruth } from '../truth/trade-truth.ts'
import { Candles } from './candles.ts'
import { ContractTicker } from './contract-ticker.ts'
import type { Instrument } from './instrument.ts'
import { changedRow, Listing } from './listing.ts'
import { OptionTicker } from './option-ticker.ts'
import { SpotTicker } from './spot-ticker.ts'
import type { TickerBoard } from './ticker-state.ts'
import { TopOfBook } from './top-of-book.ts'
import { TradeTape } from './trade-tape.ts'

/** How many of the newest trades are kept for REST: more than a page, so that one can be filled up. */
const MAX_RECENT = 2000
const MINUTE_MS = 60_000

/** The state of one instrument: its trades, book, ticker, candles and funding. */
export class Desk {
  readonly instrument: Instrument
  readonly tape: TradeTape
  readonly book: TopOfBook
  readonly ticker: TickerBoard
  readonly candles: Candles
  /** Funding rates settled since the start, by time, in units of the eighth decimal. */
  readonly settledFunding: Map<number, number> = new Map()
  readonly listing: Listing = new Listing()
  /** Newest last; grows beyond the limit before it is cut. */
  #recent: TradeTruth[] = []

  constructor(instrument: Instrument, seed: string, nowMs: number, rules: ExchangeRules) {
    this.instrument = { ...instrument }
    this.tape = new TradeTape(this.instrument, seed)
    this.book = new TopOfBook(this.tape, seed, nowMs)
    this.candles = new Candles(instrument, nowMs)
    switch (instrument.category) {
      case 'spot':
        this.ticker = new SpotTicker(this.tape, seed, nowMs)
        break
      case 'option':
        this.ticker = new OptionTicker(this.tape, this.book, seed, nowMs)
        break
      default:
        this.ticker = new ContractTicker(this.tape, this.book, seed, nowMs, rules)
    }
  }

  /** The further values of an option's trade at this moment; null for other categories. */
  get optionMarks(): OptionMarks | null {
    return this.ticker instanceof OptionTicker ? this.ticker.marks : null
  }

  /** The rate of the next funding, in units of the eighth decimal; null for all but perpetuals. */
  get fundingRate(): number | null {
    if (!(this.ticker instanceof ContractTicker)) return null
    return this.instrument.deliveryTime === null ? this.ticker.fundingRate : null
  }

  /** Keeps the rate that held when a funding fell due, for its history in REST. */
  settleFunding(nowMs: number): void {
    const rate = this.fundingRate
    const next = Number(this.ticker.values['nextFundingTime'])
    if (rate === null || next === 0 || nowMs < next) return
    if (nowMs - next < MINUTE_MS) this.settledFunding.set(next, rate)
  }

  /**
   * Changes keys of the instrument's row by hand; a new tick size also changes the grid of its prices.
   *
   * Throws `SIM_BAD_INPUT` for a tick size with more decimals than its prices have.
   */
  change(changes: WireRow): void {
    const { tickSize } = (changes['priceFilter'] ?? {}) as { readonly tickSize?: unknown }
    if (tickSize !== undefined) {
      const { priceDecimals, symbol } = this.instrument
      const tick = unitsOf(String(tickSize), priceDecimals)
      if (tick === null || tick === 0) {
        const most = `${priceDecimals} decimals`
        throw new SimError('SIM_BAD_INPUT', `the tick size of ${symbol} must have at most ${most}`)
      }
      this.instrument.tick = tick
      this.tape.keepToGrid()
    }
    this.listing.changes = changedRow(this.listing.changes, changes)
  }

  /** Shows in the ticker whether this is a pre-market contract, and in which phase. */
  showPreListing(): void {
    if (this.ticker instanceof ContractTicker) this.ticker.showPreListing(this.listing.preListing)
  }

  /** Keeps trades for REST. */
  remember(trades: readonly TradeTruth[]): void {
    for (const trade of trades) {
      this.#recent.push(trade)
      this.candles.add(trade)
    }
    if (this.#recent.length >= MAX_RECENT * 1.25) this.#recent = this.#recent.slice(-MAX_RECENT)
  }

  /** The newest trades, newest first. */
  recent(): TradeTruth[] {
    return this.#recent.slice(-MAX_RECENT).reverse()
  }
}
