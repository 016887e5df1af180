import type { Category, OpenEnum } from '@grid/core-events'

/** What to ask `executions` for; times in epoch milliseconds, inclusive. */
export interface ExecutionsQuery {
  readonly category: Category
  readonly symbol?: string | undefined
  /** Options need it, or `symbol`, `orderId` or `orderLinkId`: else the exchange gives only BTC. */
  readonly baseCoin?: string | undefined
  readonly settleCoin?: string | undefined
  /** With an id, the exchange ignores the other filters. */
  readonly orderId?: string | undefined
  readonly orderLinkId?: string | undefined
  readonly execType?: string | undefined
  /** At most two years back. Default: the last 7 days, or everything about an id. */
  readonly from?: number | undefined
  /** Only with `from`. Default now; better at least 10 s ago, because rows appear with a delay. */
  readonly to?: number | undefined
  /** Rows a page, 1 to 100; default 100. */
  readonly limit?: number | undefined
}

/** What to ask `openOrders` for; linear needs a symbol, a base coin or a settlement coin. */
export interface OpenOrdersQuery {
  readonly category: Category
  readonly symbol?: string | undefined
  readonly baseCoin?: string | undefined
  readonly settleCoin?: string | undefined
  readonly orderId?: string | undefined
  readonly orderLinkId?: string | undefined
  /** 1 gives the last 500 closed orders of the category instead; default 0. */
  readonly openOnly?: 0 | 1 | undefined
  readonly orderFilter?:
    | OpenEnum<'Order' | 'StopOrder' | 'tpslOrder' | 'OcoOrder' | 'BidirectionalTpslOrder'>
    | undefined
  /** Rows a page, 1 to 50; default 50. */
  readonly limit?: number | undefined
}

/** What to ask `orderHistory` for; times in epoch milliseconds, inclusive. */
export interface OrderHistoryQuery extends Omit<OpenOrdersQuery, 'openOnly'> {
  readonly orderStatus?: string | undefined
  /** At most two years back; unfilled orders are kept for 24 hours. Default: the last 7 days. */
  readonly from?: number | undefined
  /** Only with `from`. Default now. */
  readonly to?: number | undefined
}

/** What to ask `positions` for; linear needs a symbol or a settlement coin. */
export interface PositionsQuery {
  readonly category: 'linear' | 'inverse' | 'option'
  /** With a symbol, flat legs are given as well; without one, only open ones. */
  readonly symbol?: string | undefined
  readonly baseCoin?: string | undefined
  readonly settleCoin?: string | undefined
  /** Rows a page, 1 to 200; default 200. */
  readonly limit?: number | undefined
}

/** What to ask `walletBalance` for. */
export interface WalletBalanceQuery {
  /** Default `UNIFIED`. */
  readonly accountType?: string | undefined
  /** One or several, separated by commas; default all coins with a balance. */
  readonly coin?: string | undefined
}

/** What to ask `transactionLog` for; times in epoch milliseconds, inclusive. */
export interface TransactionLogQuery {
  /** Default `UNIFIED`. */
  readonly accountType?: string | undefined
  readonly category?: Category | undefined
  readonly currency?: string | undefined
  readonly baseCoin?: string | undefined
  readonly type?: string | undefined
  readonly transSubType?: string | undefined
  /** At most two years back. */
  readonly from: number
  /** Default now. */
  readonly to?: number | undefined
  /** Rows a page, 1 to 50; default 50. */
  readonly limit?: number | undefined
}

/** What to ask `closedPnl` for; times in epoch milliseconds, inclusive. */
export interface ClosedPnlQuery {
  readonly category: 'linear' | 'inverse'
  readonly symbol?: string | undefined
  /** At most two years back. */
  readonly from: number
  /** Default now. */
  readonly to?: number | undefined
  /** Rows a page, 1 to 100; default 100. */
  readonly limit?: number | undefined
}
