import type { Category } from '@grid/core-events'
import { TradeDigest } from './trade-digest.ts'
import type {
  BookTruth,
  RawTruth,
  SymbolTotals,
  TickerTruth,
  TradeTruth,
  Truth,
  TruthMode,
} from './truth.ts'

interface Totals {
  readonly category: Category
  readonly symbol: string
  trades: number
  readonly sentTrades: TradeDigest
  tickers: number
  sentTickers: number
  books: number
  sentBooks: number
}

/** Keeps the truth: all items, or in digest mode their sums alone. */
export class TruthLedger {
  readonly mode: TruthMode
  readonly #trades: TradeTruth[] = []
  readonly #tickers: TickerTruth[] = []
  readonly #books: BookTruth[] = []
  readonly #raws: RawTruth[] = []
  readonly #totals = new Map<string, Totals>()

  constructor(mode: TruthMode) {
    this.mode = mode
  }

  /** Every trade so far in the order of production; empty in digest mode. */
  get trades(): readonly TradeTruth[] {
    return this.#trades
  }

  /** Records trades after their frame was written; they all share its `sentTo`. */
  addTrades(
    category: Category,
    symbol: string,
    trades: readonly TradeTruth[],
    sent: boolean,
  ): void {
    const totals = this.totalsOf(category, symbol)
    totals.trades += trades.length
    for (const trade of trades) {
      if (sent) totals.sentTrades.add(trade)
      if (this.mode === 'full') this.#trades.push(trade)
    }
  }

  /** Records a ticker message after it was written. */
  addTicker(ticker: TickerTruth): void {
    const totals = this.totalsOf(ticker.category, ticker.symbol)
    totals.tickers++
    if (ticker.sentTo.length > 0) totals.sentTickers++
    if (this.mode === 'full') this.#tickers.push(ticker)
  }

  /** Records a state of the book. */
  addBook(book: BookTruth): void {
    this.totalsOf(book.category, book.symbol).books++
    if (this.mode === 'full') this.#books.push(book)
  }

  /** Records that a state of the book, which may stand for long, was written for the first time. */
  noteBookSent(book: BookTruth): void {
    this.totalsOf(book.category, book.symbol).sentBooks++
  }

  /** Records a frame whose text a caller gave. */
  addRaw(raw: RawTruth): void {
    if (this.mode === 'full') this.#raws.push(raw)
  }

  /** The sums of a symbol, which begin with its first mention. */
  totalsOf(category: Category, symbol: string): Totals {
    const key = `${category} ${symbol}`
    let totals = this.#totals.get(key)
    if (totals === undefined) {
      const none = { trades: 0, tickers: 0, sentTickers: 0, books: 0, sentBooks: 0 }
      totals = { category, symbol, sentTrades: new TradeDigest(), ...none }
      this.#totals.set(key, totals)
    }
    return totals
  }

  /** The sums of each symbol; cheap. */
  totals(): SymbolTotals[] {
    return [...this.#totals.values()].map((t) => ({
      kind: 'symbol',
      category: t.category,
      symbol: t.symbol,
      trades: { produced: t.trades, sent: t.sentTrades.count, digest: t.sentTrades.value },
      tickers: { produced: t.tickers, sent: t.sentTickers },
      books: { produced: t.books, sent: t.sentBooks },
    }))
  }

  /** The truth so far; the lists do not grow later. */
  truth(): Truth {
    return {
      mode: this.mode,
      trades: this.#trades.slice(),
      tickers: this.#tickers.slice(),
      books: this.#books.slice(),
      raws: this.#raws.slice(),
      symbols: this.totals(),
    }
  }
}
