import type { ChannelComparison } from './channel-comparison.ts'
import { SPOT_BOOKS } from './spot-books.ts'
import { TICKERS } from './tickers.ts'
import { TRADES } from './trades.ts'

/**
 * The comparisons behind each figure of a proof. A new channel adds its file and its line here; a
 * channel whose rows come from several topics has several comparisons.
 */
export const COMPARISONS = {
  trades: [TRADES],
  tickers: [TICKERS, SPOT_BOOKS],
} as const satisfies Readonly<Record<string, readonly ChannelComparison[]>>

/** The name of a figure. */
export type ComparedName = keyof typeof COMPARISONS

/** The names of all figures. */
export const COMPARED: readonly ComparedName[] = Object.keys(COMPARISONS) as ComparedName[]
