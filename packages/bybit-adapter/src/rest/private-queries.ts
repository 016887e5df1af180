import type { Category, OpenEnum } from '@grid/core-events'

/** What `executions` may be asked; times in epoch milliseconds, inclusive. */
export interface ExecutionsQuery {
  readonly category: Category
  readonly symbol?: string | undefined
  /** Options need it, or one of `symbol`, `orderId` and `orderLinkId`: the exchange would take BTC. */
  readonly baseCoin?: string | undefined
  readonly settleCoin?: string | undefined
  /** With an id, the exchange looks at no other filter. */
  readonly orderId?: string | undefined
  readonly orderLinkId?: string | undefined
  readonly execType?: string | undefined
  /** At most two years back. Without it: the last 7 days, or what an id names. */
  readonly from?: number | undefined
  /** Only with `from`. Default now; better at least 10 s ago, for rows appear with a delay. */
  readonly to?: number | undefined
  /** Rows a page, 1 to 100; default 100. */
  readonly limit?: number | undefined
}

/** What `openOrders` may be asked; linear needs a symbol, a base or a settlement coin. */
export interface OpenOrdersQuery {
  readonly category: Category
  readonly symbol?: string | undefined
  readonly baseCoin?: string | undefined
  readonly settleCoin?: string | undefined
  readonly orderId?: string | undefined
  readonly orderLinkId?: string | undefined
  /** 1 for the last 500 closed ones of the category instead; default 0. */
  readonly openOnly?: 0 | 1 | undefined
  readonly orderFilter?:
    | OpenEnum<'Order' | 'StopOrder' | 'tpslOrder' | 'OcoOrder' | 'BidirectionalTpslOrder'>
    | undefined
  /** Rows a page, 1 to 50; default 50. */
  readonly limit?: number | undefined
}

/** What `orderHistory` may be asked; times in epoch milliseconds, inclusive. */
export interface OrderHistoryQuery extends Omit<OpenOrdersQuery, 'openOnly'> {
  readonly orderStatus?: string | undefined
  /** At most two years back; unfilled orders are kept for 24 hours. Without it: the last 7 days. */
  readonly from?: number | undefined
  /** Only with `from`. Default now. */
  readonly to?: number | undefined
}

/** What `positions` may be asked; linear needs a symbol or a settlement coin. */
export interface PositionsQuery {
  readonly category: 'linear' | 'inverse' | 'option'
  /** Gives its legs also when they are flat; all else gives open ones only. */
  readonly symbol?: string | undefined
  readonly baseCoin?: string | undefined
  readonly settleCoin?: string | undefined
  /** Rows a page, 1 to 200; default 200. */
  readonly limit?: number | undefined
}

/** What `walletBalance` may be asked. */
export interface WalletBalanceQuery {
  /** Default `UNIFIED`. */
  readonly accountType?: string | undefined
  /** One or several, by comma; without it, all that are not zero. */
  readonly coin?: string | undefined
}

/** What `transactionLog` may be asked; times in epoch milliseconds, inclusive. */
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

/** What `closedPnl` may be asked; times in epoch milliseconds, inclusive. */
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
