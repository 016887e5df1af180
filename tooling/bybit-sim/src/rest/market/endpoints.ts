import type { Endpoint, RestScene } from '../request/endpoint.ts'
import type { Query } from '../request/query.ts'
import { fundingHistory } from './funding-history.ts'
import { instrumentsInfo } from './instruments-info.ts'
import { kline } from './kline.ts'
import { openInterest } from './open-interest.ts'
import { recentTrade } from './recent-trade.ts'
import { tickers } from './tickers.ts'

/** The market endpoints by path. A new endpoint adds its line here. */
export const ENDPOINTS: ReadonlyMap<string, Endpoint> = new Map<string, Endpoint>([
  ['/v5/market/time', time],
  ['/v5/market/instruments-info', instrumentsInfo],
  ['/v5/market/tickers', tickers],
  ['/v5/market/recent-trade', recentTrade],
  ['/v5/market/kline', kline],
  ['/v5/market/funding/history', fundingHistory],
  ['/v5/market/open-interest', openInterest],
])

function time(_: Query, { now }: RestScene): object {
  return { timeSecond: String(Math.floor(now / 1000)), timeNano: `${now}000000` }
}
