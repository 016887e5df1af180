import type { TradeTruth } from '../truth/trade-truth.ts'

/**
 * How `recent-trade` lies by leaving something out. "The missed ones" are the newest trades in a row that
 * were sent to nobody, as while a connection was down. A page is filled up with older trades, so that
 * its length does not give the lie away.
 *
 * | how | what the page lacks |
 * |---|---|
 * | `one` | the middle one of the missed trades |
 * | `run` | the middle third of them |
 * | `edges` | the first and the last of them |
 * | `neighbours` | the last trade that was sent before them, and the first one sent after them |
 * | `short` | its older half: it is not filled up |
 * | `stale` | everything after the middle one of the missed trades |
 * | `empty` | everything |
 */
export const RECENT_TRADE_LIES = [
  'one',
  'run',
  'edges',
  'neighbours',
  'short',
  'stale',
  'empty',
] as const

/** How `recent-trade` lies. */
export type RecentTradeLie = (typeof RECENT_TRADE_LIES)[number]

/** A lie for coming requests. */
export interface RecentTradeFault {
  readonly how: RecentTradeLie
  /** Only requests for this instrument or, of options, this base coin. */
  readonly symbol?: string
  /** How many requests are lied to; default 1. */
  readonly count?: number
}

/** The lies that wait for requests of `recent-trade`. */
export class RecentTradeLies {
  readonly #waiting: { readonly fault: RecentTradeFault; remaining: number }[] = []

  add(fault: RecentTradeFault): void {
    this.#waiting.push({ fault, remaining: fault.count ?? 1 })
  }

  /** The page of a request: the newest trades of `kept`, newest first, less what a lie leaves out. */
  page(symbol: string, kept: readonly TradeTruth[], limit: number): readonly TradeTruth[] {
    const found = this.#waiting.find(
      ({ fault, remaining }) =>
        remaining > 0 && (fault.symbol === undefined || fault.symbol === symbol),
    )
    if (found === undefined) return kept.slice(0, limit)
    found.remaining--
    if (found.fault.how === 'short') return kept.slice(0, Math.ceil(limit / 2))
    return without(found.fault.how, kept).slice(0, limit)
  }
}

function without(how: RecentTradeLie, kept: readonly TradeTruth[]): readonly TradeTruth[] {
  const newest = kept.findIndex(({ sentTo }) => sentTo.length === 0)
  const sent = kept.findIndex(({ sentTo }, place) => place > newest && sentTo.length > 0)
  if (how === 'empty') return []
  if (newest === -1) return kept
  // The places of the missed trades are from `newest` to before `end`: newest first.
  const end = sent === -1 ? kept.length : sent
  const length = end - newest
  const middle = newest + Math.floor(length / 2)
  switch (how) {
    case 'one':
      return kept.toSpliced(middle, 1)
    case 'run':
      return kept.toSpliced(newest + Math.floor(length / 3), Math.ceil(length / 3))
    case 'edges':
      return kept.filter((_, place) => place !== newest && place !== end - 1)
    case 'neighbours':
      return kept.filter((_, place) => place !== newest - 1 && place !== end)
    default:
      return kept.slice(middle)
  }
}
