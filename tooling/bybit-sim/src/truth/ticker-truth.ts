import type { Category } from '@grid/core-events'
import type { TruthItemBase } from './truth-item.ts'

/** The state of one symbol's ticker after a message, and the keys that the message carried. */
export interface TickerMessage {
  readonly symbol: string
  /** Epoch milliseconds (the frame's `ts`). */
  readonly exchangeTs: number
  /** Cross sequence (`cs`); for options the counter in the frame's `id`. */
  readonly seq: number
  readonly isSnapshot: boolean
  /** The complete state after this message, as texts of the wire; `''` means "not applicable". */
  readonly values: Readonly<Record<string, string>>
  /** The keys that this message carried, in their order, without `symbol`. */
  readonly sentKeys: readonly string[]
}

/** One ticker message that was produced. */
export interface TickerTruth extends TickerMessage, TruthItemBase {
  readonly kind: 'ticker'
  readonly category: Category
}
