import type { Category } from '@grid/core-events'

/** Whether the truth keeps every item, or only sums a symbol that take constant memory. */
export type TruthMode = 'full' | 'digest'

/** Direction of a trade's price against the trade before it. */
export type TickDirection = 'PlusTick' | 'ZeroPlusTick' | 'MinusTick' | 'ZeroMinusTick'

/** The columns of one public trade, as a complete capture must hold them. */
export interface TradeColumns {
  readonly category: Category
  readonly symbol: string
  /** Epoch milliseconds (`T`). */
  readonly exchangeTs: number
  readonly tradeId: string
  readonly side: 'Buy' | 'Sell'
  readonly price: string
  readonly size: string
  /** Null where the wire has none: spot and options. */
  readonly tickDirection: TickDirection | null
  readonly isBlockTrade: boolean
  /** Null where the wire has none: options. */
  readonly isRpiTrade: boolean | null
  readonly seq: number
  /** Position among the trades of one (symbol, seq), from 0, counted across frames. */
  readonly matchIndex: number
}

/** What an option's trade says besides. */
export interface OptionMarks {
  readonly markPrice: string
  readonly indexPrice: string
  readonly markIv: string
  readonly iv: string
}

/** What every item of the truth says of itself. */
interface Provenance {
  /** Epoch microseconds. */
  readonly producedAtUs: number
  /** The connection number of every write, in order; a frame sent twice names its connection twice. */
  readonly sentTo: readonly number[]
}

/** One trade that was produced. */
export interface TradeTruth extends TradeColumns, Provenance {
  readonly kind: 'trade'
  /** Options only. */
  readonly option: OptionMarks | null
}

/** One ticker message that was produced. */
export interface TickerTruth extends Provenance {
  readonly kind: 'ticker'
  readonly category: Category
  readonly symbol: string
  /** Epoch milliseconds (the frame's `ts`). */
  readonly exchangeTs: number
  /** Cross sequence (`cs`); of options the counter in the frame's `id`. */
  readonly seq: number
  readonly isSnapshot: boolean
  /** The complete state after this message, as texts of the wire; `''` is "not applicable". */
  readonly values: Readonly<Record<string, string>>
  /** The keys that this message carried, in their order, without `symbol`. */
  readonly sentKeys: readonly string[]
}

/** One state of the best bid and ask (`orderbook.1`); sent again unchanged after 3 s. */
export interface BookTruth extends Provenance {
  readonly kind: 'book'
  readonly category: Category
  readonly symbol: string
  /** Epoch milliseconds (the first frame's `ts`). */
  readonly exchangeTs: number
  /** Matching engine's time (`cts`), epoch milliseconds. */
  readonly cts: number
  readonly seq: number
  /** Update id: consecutive within a symbol. */
  readonly u: number
  readonly bidPrice: string
  readonly bidSize: string
  readonly askPrice: string
  readonly askSize: string
}

/** One frame whose text a caller gave: broadcast by hand, or replayed. */
export interface RawTruth extends Provenance {
  readonly kind: 'raw'
  readonly category: Category
  readonly topic: string
  readonly text: string
}

/** What was produced and sent of one symbol, in sums that take constant memory. */
export interface SymbolTotals {
  readonly kind: 'symbol'
  readonly category: Category
  readonly symbol: string
  /** `sent` and `digest` count each trade once that was written to at least one connection. */
  readonly trades: { readonly produced: number; readonly sent: number; readonly digest: string }
  /** Messages, snapshots among them. */
  readonly tickers: { readonly produced: number; readonly sent: number }
  /** States of the best bid and ask. */
  readonly books: { readonly produced: number; readonly sent: number }
}

/** One line of the truth. */
export type TruthItem = TradeTruth | TickerTruth | BookTruth | RawTruth | SymbolTotals

/** Everything that was produced, and to whom it was sent; in digest mode the lists are empty. */
export interface Truth {
  readonly mode: TruthMode
  readonly trades: readonly TradeTruth[]
  readonly tickers: readonly TickerTruth[]
  readonly books: readonly BookTruth[]
  readonly raws: readonly RawTruth[]
  readonly symbols: readonly SymbolTotals[]
}
