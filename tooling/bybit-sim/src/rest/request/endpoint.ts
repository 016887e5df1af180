import type { ExchangeRules } from '../../base/rules.ts'
import type { RecentTradeLies } from '../../faults/recent-trade-lies.ts'
import type { Market } from '../../market/market.ts'
import type { Query } from './query.ts'

/** What endpoints answer from. */
export interface RestScene {
  readonly market: Market
  readonly rules: ExchangeRules
  readonly lies: RecentTradeLies
  /** Epoch milliseconds by the exchange's clock. */
  readonly now: number
}

/** Answers a request with its `result`, or throws a `RestRefusal`. */
export type Endpoint = (query: Query, scene: RestScene) => object
