import type { Category } from '@grid/core-events'
import type { TruthItemBase } from './truth-item.ts'

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
  /** Null for spot and options, whose frames carry no tick direction. */
  readonly tickDirection: TickDirection | null
  readonly isBlockTrade: boolean
  /** Null for options, whose frames carry no such flag. */
  readonly isRpiTrade: boolean | null
  readonly seq: number
  /** Position among the trades of one (symbol, seq), from 0, counted across frames. */
  readonly matchIndex: number
}

/** The further values that only an option's trade carries. */
export interface OptionMarks {
  readonly markPrice: string
  readonly indexPrice: string
  readonly markIv: string
  readonly iv: string
}

/** One trade that was produced. */
export interface TradeTruth extends TradeColumns, TruthItemBase {
  readonly kind: 'trade'
  /** Null for all categories but options. */
  readonly option: OptionMarks | null
}
