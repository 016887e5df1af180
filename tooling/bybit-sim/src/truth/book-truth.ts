import type { Category } from '@grid/core-events'
import type { TruthItemBase } from './truth-item.ts'

/** A state of the best bid and ask. */
export interface BookState {
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

/** One state of the best bid and ask (`orderbook.1`); sent again unchanged after 3 s. */
export interface BookTruth extends BookState, TruthItemBase {
  readonly kind: 'book'
  readonly category: Category
  readonly symbol: string
}
