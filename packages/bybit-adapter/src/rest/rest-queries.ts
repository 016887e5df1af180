import type { Category } from '@grid/core-events'
import type { KlineInterval } from './endpoints/kline.ts'
import type { OpenInterestInterval } from './endpoints/open-interest.ts'

/** What `tickers` may be asked; options need `baseCoin` or `symbol`. */
export interface TickersQuery {
  readonly category: Category
  readonly symbol?: string | undefined
  readonly baseCoin?: string | undefined
  /** Options: an expiry such as `25DEC26`. */
  readonly expDate?: string | undefined
}

/** What `recentTrade` may be asked; only options go without `symbol`, by `baseCoin`. */
export interface RecentTradeQuery {
  readonly category: Category
  readonly symbol?: string | undefined
  readonly baseCoin?: string | undefined
  readonly optionType?: 'Call' | 'Put' | undefined
  /** 1 to 1000, default 500; spot 1 to 60, default 60. */
  readonly limit?: number | undefined
}

/** What `instrumentsInfo` may be asked. */
export interface InstrumentsQuery {
  readonly category: Category
  readonly symbol?: string | undefined
  /**
   * The exchange then gives linear and inverse contracts mixed. Of options it gives BTC's alone
   * without one, and all with `All`.
   */
  readonly baseCoin?: string | undefined
  readonly status?: 'PreLaunch' | 'Trading' | 'Delivering' | 'Closed' | undefined
  readonly symbolType?: string | undefined
  /** Rows a page, 1 to 1000; default 1000. */
  readonly limit?: number | undefined
}

/** What `kline` may be asked; times in epoch milliseconds. */
export interface KlineQuery {
  readonly category: 'linear' | 'inverse' | 'spot'
  readonly symbol: string
  readonly interval: KlineInterval
  readonly from?: number | undefined
  readonly to?: number | undefined
  /** 1 to 1000; default 200. */
  readonly limit?: number | undefined
}

/** What `fundingHistory` may be asked; times in epoch milliseconds, inclusive. */
export interface FundingHistoryQuery {
  readonly category: 'linear' | 'inverse'
  readonly symbol: string
  /** Without it there is one page: the newest fundings up to `to`. */
  readonly from?: number | undefined
  readonly to?: number | undefined
  /** Rows a page, 1 to 200; default 200. */
  readonly limit?: number | undefined
}

/** What `openInterest` may be asked; times in epoch milliseconds, inclusive. */
export interface OpenInterestQuery {
  readonly category: 'linear' | 'inverse'
  readonly symbol: string
  readonly interval: OpenInterestInterval
  readonly from?: number | undefined
  readonly to?: number | undefined
  /** Rows a page, 1 to 200; default 200. */
  readonly limit?: number | undefined
}
