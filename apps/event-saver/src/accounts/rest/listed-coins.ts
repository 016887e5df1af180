import type { Category } from '@grid/core-events'

/** What the exchange lists of a category, and what it listed before. */
export interface ListedCoins {
  /** Settlement coins, of options base coins: every one of which it is known that it was ever listed. */
  readonly coins: ReadonlySet<string>
  /** The instruments that are listed now. */
  readonly symbols: ReadonlySet<string>
  /** Since when it is known what is listed, in epoch milliseconds. */
  readonly knownSinceMs: number
  /** False when the exchange may list more than it told. */
  readonly isWhole: boolean
}

/** The time of which coins are wanted, in epoch milliseconds. */
export interface ListedTime {
  /** What was listed at this time or later is wanted as well, if it is known. Default: what is listed now. */
  readonly fromMs?: number
  /** The list is to be of this time or later; of a time less than a second ago, as of then. */
  readonly asOfMs: number
}

/** Knows what the exchange lists. */
export interface CoinSource {
  /** Gives what the exchange lists, and what it listed before. */
  listed(category: Category, time: ListedTime, signal: AbortSignal): Promise<ListedCoins>
}
