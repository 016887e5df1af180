import { TradeDigest } from './trade-digest.ts'
import type { RawTruth, SymbolTotals, TickerTruth, TradeTruth, Truth, TruthMode } from './truth.ts'

interface Totals {
  trades: number
  readonly sentTrades: TradeDigest
  tickers: number
  sentTickers: number
}

/** Keeps the truth: all items, or in digest mode their sums alone. */
export class TruthLedger {
  readonly #mode: TruthMode
  readonly #trades: TradeTruth[] = []
  readonly #tickers: TickerTruth[] = []
  readonly #raws: RawTruth[] = []
  readonly #totals = new Map<string, Totals>()

  constructor(mode: TruthMode, symbols: readonly string[]) {
    this.#mode = mode
    for (const symbol of symbols) {
      this.#totals.set(symbol, {
        trades: 0,
        sentTrades: new TradeDigest(),
        tickers: 0,
        sentTickers: 0,
      })
    }
  }

  /** Records trades after their frame was written; they all share its `sentTo`. */
  addTrades(symbol: string, trades: readonly TradeTruth[], sent: boolean): void {
    const totals = this.#totals.get(symbol)
    if (totals === undefined) return
    totals.trades += trades.length
    for (const trade of trades) {
      if (sent) totals.sentTrades.add(trade)
      if (this.#mode === 'full') this.#trades.push(trade)
    }
  }

  /** Records a ticker message after it was written. */
  addTicker(ticker: TickerTruth): void {
    const totals = this.#totals.get(ticker.symbol)
    if (totals === undefined) return
    totals.tickers++
    if (ticker.sentTo.length > 0) totals.sentTickers++
    if (this.#mode === 'full') this.#tickers.push(ticker)
  }

  /** Records a frame whose text a caller gave. */
  addRaw(raw: RawTruth): void {
    if (this.#mode === 'full') this.#raws.push(raw)
  }

  /** The sums of each symbol; cheap. */
  totals(): SymbolTotals[] {
    return [...this.#totals].map(([symbol, t]) => ({
      kind: 'symbol',
      symbol,
      trades: { produced: t.trades, sent: t.sentTrades.count, digest: t.sentTrades.value },
      tickers: { produced: t.tickers, sent: t.sentTickers },
    }))
  }

  /** The truth so far; the lists do not grow later. */
  truth(): Truth {
    return {
      mode: this.#mode,
      trades: this.#trades.slice(),
      tickers: this.#tickers.slice(),
      raws: this.#raws.slice(),
      symbols: this.totals(),
    }
  }
}
