import type { Category, Instrument } from '@grid/core-events'
import type { KlineInterval } from './endpoints/kline.ts'
import type { OpenInterestInterval } from './endpoints/open-interest.ts'

/** What to ask `tickers` for; options need `baseCoin` or `symbol`. */
export interface TickersQuery {
  readonly category: Category
  readonly symbol?: string | undefined
  readonly baseCoin?: string | undefined
  /** Options: an expiry such as `25DEC26`. */
  readonly expDate?: string | undefined
}

/** What to ask `recentTrade` for; `symbol` is required, except for options, which also take `baseCoin`. */
export interface RecentTradeQuery {
  readonly category: Category
  readonly symbol?: string | undefined
  readonly baseCoin?: string | undefined
  readonly optionType?: 'Call' | 'Put' | undefined
  /** 1 to 1000, default 500; spot 1 to 60, default 60. */
  readonly limit?: number | undefined
}

/** What to ask `instrumentsInfo` for. */
export interface InstrumentsQuery {
  readonly category: Category
  readonly symbol?: string | undefined
  /**
   * With a base coin the exchange mixes linear and inverse contracts. Of options it gives only BTC's
   * without one, and all with `All`.
   */
  readonly baseCoin?: string | undefined
  /**
   * Without it the exchange gives those that trade or are about to open (`PendingOpen`), of options
   * those before, in and after trading. Hosts that do not know a status refuse it.
   */
  readonly status?: Instrument['status'] | undefined
  readonly symbolType?: string | undefined
  /** Rows a page, 1 to 1000; default 1000. */
  readonly limit?: number | undefined
}

/** What to ask `kline` for; times in epoch milliseconds. */
export interface KlineQuery {
  readonly category: 'linear' | 'inverse' | 'spot'
  readonly symbol: string
  readonly interval: KlineInterval
  readonly from?: number | undefined
  readonly to?: number | undefined
  /** 1 to 1000; default 200. */
  readonly limit?: number | undefined
}

/** What to ask `fundingHistory` for; times in epoch milliseconds, inclusive. */
export interface FundingHistoryQuery {
  readonly category: 'linear' | 'inverse'
  readonly symbol: string
  /** Without it there is one page: the newest funding rates up to `to`. */
  readonly from?: number | undefined
  readonly to?: number | undefined
  /** Rows a page, 1 to 200; default 200. */
  readonly limit?: number | undefined
}

/** What to ask `openInterest` for; times in epoch milliseconds, inclusive. */
export interface OpenInterestQuery {
  readonly category: 'linear' | 'inverse'
  readonly symbol: string
  readonly interval: OpenInterestInterval
  readonly from?: number | undefined
  readonly to?: number | undefined
  /** Rows a page, 1 to 200; default 200. */
  readonly limit?: number | undefined
}
