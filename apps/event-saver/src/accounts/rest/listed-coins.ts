import type { Category } from '@grid/core-events'

/** What the exchange lists of a category. */
export interface ListedCoins {
  /** Settlement coins, of options base coins. */
  readonly coins: ReadonlySet<string>
  readonly symbols: ReadonlySet<string>
  /** False when the exchange may list more than it told. */
  readonly isWhole: boolean
}

/** Knows what the exchange lists. */
export interface CoinSource {
  /**
   * Gives what the exchange lists, as of a time in epoch milliseconds or later; of a time that is less
   * than a second ago, as of then. What was traded before that time is in it, unless it was delisted.
   */
  listed(category: Category, asOfMs: number, signal: AbortSignal): Promise<ListedCoins>
}
