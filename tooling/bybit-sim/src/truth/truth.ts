import type { Category } from '@grid/core-events'
import type { BookTruth } from './book-truth.ts'
import type { TickerTruth } from './ticker-truth.ts'
import type { TradeTruth } from './trade-truth.ts'
import type { TruthItemBase } from './truth-item.ts'

/** An item that a channel produced. A new channel adds its type here, and its list below. */
export type ChannelTruth = TradeTruth | TickerTruth | BookTruth

/** The list of a {@link Truth} that holds the items of each kind. */
export const TRUTH_LISTS = {
  trade: 'trades',
  ticker: 'tickers',
  book: 'books',
} as const satisfies { readonly [Kind in ChannelTruth['kind']]: string }

/** The kinds of items that channels produce. */
export type TruthKind = keyof typeof TRUTH_LISTS

/** All kinds, in the order in which their lists are written. */
export const TRUTH_KINDS: readonly TruthKind[] = Object.keys(TRUTH_LISTS) as TruthKind[]

/** Maps the name of each list to what `Value` gives for its kind. */
type ByList<Values extends { readonly [Kind in TruthKind]: unknown }> = {
  readonly [Kind in TruthKind as (typeof TRUTH_LISTS)[Kind]]: Values[Kind]
}

/** The items of each kind, by the name of their list. */
export type TruthLists = ByList<{
  readonly [Kind in TruthKind]: readonly Extract<ChannelTruth, { kind: Kind }>[]
}>

/** Gives each list of the truth a value, by the kind of its items. */
export function byList<Value>(
  makeValue: (kind: TruthKind) => Value,
): Record<(typeof TRUTH_LISTS)[TruthKind], Value> {
  const entries = TRUTH_KINDS.map((kind) => [TRUTH_LISTS[kind], makeValue(kind)])
  // Sound: every kind has its list.
  return Object.fromEntries(entries) as Record<(typeof TRUTH_LISTS)[TruthKind], Value>
}

/** Whether the truth keeps every item, or only sums for each symbol, which take constant memory. */
export type TruthMode = 'full' | 'digest'

/** One frame whose text a caller gave: broadcast by hand, or replayed. */
export interface RawTruth extends TruthItemBase {
  readonly kind: 'raw'
  readonly category: Category
  readonly topic: string
  readonly text: string
}

/** How many items were produced, and how many of them were written to at least one connection. */
export interface Tally {
  readonly produced: number
  readonly sent: number
}

/**
 * What was produced and sent of one symbol, in sums that take constant memory.
 *
 * Tickers count messages, snapshots among them; books count states of the best bid and ask.
 */
export interface SymbolTotals extends ByList<{ readonly [Kind in TruthKind]: Tally }> {
  readonly kind: 'symbol'
  readonly category: Category
  readonly symbol: string
  /** `digest` covers the trades that were sent, each once: see `TradeDigest`. */
  readonly trades: Tally & { readonly digest: string }
}

/** One line of the truth. */
export type TruthItem = ChannelTruth | RawTruth | SymbolTotals

/** Everything that was produced, and to whom it was sent; in digest mode the lists are empty. */
export interface Truth extends TruthLists {
  readonly mode: TruthMode
  readonly raws: readonly RawTruth[]
  readonly symbols: readonly SymbolTotals[]
}
