import type { Instrument, MarketStream, PublicTradeEvent, TickerEvent } from '@grid/core-events'
import type { ServerTime } from '../auth/server-clock.ts'
import { restUrl } from '../endpoints.ts'
import type { RestCallOptions } from '../rate-limit/call-options.ts'
import { FUNDING_HISTORY, type FundingRate } from './endpoints/funding-rate.ts'
import { INSTRUMENTS_INFO } from './endpoints/instrument.ts'
import { KLINE, type Kline } from './endpoints/kline.ts'
import { OPEN_INTEREST, type OpenInterest } from './endpoints/open-interest.ts'
import { compareTrades, RECENT_TRADE } from './endpoints/recent-trade.ts'
import { readServerTime } from './endpoints/server-time.ts'
import { TICKERS } from './endpoints/ticker.ts'
import { newRequester, type RestClientOptions } from './http/new-requester.ts'
import { queryOf } from './http/query.ts'
import type { Requester } from './http/requester.ts'
import { byCursor, byEndTime } from './lists/paging.ts'
import {
  type ListEndpoint,
  type ListQuery,
  type RestList,
  type RestPage,
  readRestList,
} from './lists/rest-list.ts'
import { RestPages } from './lists/rest-pages.ts'
import { RECENT_SOURCES, type RecentEvents } from './recent-events.ts'
import type {
  FundingHistoryQuery,
  InstrumentsQuery,
  KlineQuery,
  OpenInterestQuery,
  RecentTradeQuery,
  TickersQuery,
} from './rest-queries.ts'

const TIME = '/v5/market/time'

/**
 * Reads the exchange's market data over REST, within its limits.
 *
 * Each call waits for the rate limiter and is tried again, after a delay with jitter, while its error
 * is retryable; then it throws a `BybitAdapterError`. Decimals keep the exchange's digits, times are
 * epoch milliseconds. A row that cannot be read becomes a dead letter and costs no other row.
 *
 * @example
 * const client = new BybitRestClient({ environment: 'testnet' })
 * const { items, deadLetters } = await client.recentTrade({ category: 'linear', symbol: 'BTCUSDT', limit: 1000 })
 */
export class BybitRestClient {
  readonly #requester: Requester

  constructor(options: RestClientOptions = {}) {
    const base = restUrl(options.environment ?? 'mainnet', options.restUrl)
    this.#requester = newRequester(base, options)
  }

  /** Reads the exchange's clock (`/v5/market/time`); ask for it rarely. */
  async time(options: RestCallOptions = {}): Promise<ServerTime> {
    return readServerTime(await this.#requester.get(TIME, '', options))
  }

  /**
   * Reads tickers (`/v5/market/tickers`) as whole snapshots, of all symbols unless one is named.
   *
   * Their `exchangeTs` is the reply's time and their `seq` is 0, because the rows have neither.
   */
  async tickers(query: TickersQuery, options?: RestCallOptions): Promise<RestList<TickerEvent>> {
    return await this.#list(TICKERS, query, options)
  }

  /**
   * Reads the newest trades (`/v5/market/recent-trade`), oldest first: at most 1000, spot 60.
   *
   * They equal the socket's events, except for `source`, `matchIndex` (−1) and `tickDirection` (null).
   * The endpoint takes no time and no cursor: a page proves nothing before its oldest trade.
   */
  async recentTrade(
    query: RecentTradeQuery,
    options?: RestCallOptions,
  ): Promise<RestList<PublicTradeEvent>> {
    const page = await this.#list(RECENT_TRADE, query, options)
    return { ...page, items: page.items.toSorted(compareTrades) }
  }

  /**
   * Reads the newest events of a stream, oldest first, in one page that is as long as the exchange
   * allows; null for a channel of which REST gives none.
   *
   * @example
   * const page = await client.recentEvents({ category: 'option', channel: 'publicTrade', symbol: 'BTC' })
   */
  async recentEvents(
    stream: MarketStream,
    options?: RestCallOptions,
  ): Promise<RecentEvents | null> {
    const source = RECENT_SOURCES[stream.channel]
    if (source === undefined) return null
    const query = source.query(stream)
    const page = await this.#list(source.endpoint, query, options)
    return {
      ...page,
      items: page.items.toSorted((a, b) => a.exchangeTs - b.exchangeTs),
      isFull: page.items.length + page.deadLetters.length >= query.limit,
      isMixed: query.symbol === undefined,
    }
  }

  /** Reads instruments (`/v5/market/instruments-info`) in pages; by default those that trade or are about to. */
  instrumentsInfo(query: InstrumentsQuery, options?: RestCallOptions): RestPages<Instrument> {
    // Spot gives everything at once and takes no limit.
    const params = query.category === 'spot' ? query : { limit: 1000, ...query }
    return new RestPages(
      byCursor((cursor) => this.#list(INSTRUMENTS_INFO, params, options, cursor)),
    )
  }

  /** Reads candles (`/v5/market/kline`), newest first: at most 1000 a call. */
  async kline(
    { from, to, ...query }: KlineQuery,
    options?: RestCallOptions,
  ): Promise<RestList<Kline>> {
    return await this.#list(KLINE, { ...query, start: from, end: to }, options)
  }

  /** Reads past funding rates (`/v5/market/funding/history`), newest first, in pages back to `from`. */
  fundingHistory(query: FundingHistoryQuery, options?: RestCallOptions): RestPages<FundingRate> {
    const { from, to, ...params } = query
    return new RestPages(
      byEndTime(
        { from, to },
        ({ fundingTs }) => fundingTs,
        // The exchange refuses a start without an end: paging stops where `from` is reached.
        (endTime) => this.#list(FUNDING_HISTORY, { ...params, endTime }, options),
      ),
    )
  }

  /** Reads open interest (`/v5/market/open-interest`), newest first, in pages. */
  openInterest(query: OpenInterestQuery, options?: RestCallOptions): RestPages<OpenInterest> {
    const { interval, from, to, ...rest } = query
    const times = { intervalTime: interval, startTime: from, endTime: to }
    const params = { limit: 200, ...rest, ...times }
    return new RestPages(byCursor((cursor) => this.#list(OPEN_INTEREST, params, options, cursor)))
  }

  async #list<Item, Query extends ListQuery>(
    endpoint: ListEndpoint<Item>,
    query: Query,
    options: RestCallOptions = {},
    cursor = '',
  ): Promise<RestPage<Item>> {
    const reply = await this.#requester.get(endpoint.path, queryOf(query, cursor), options)
    return readRestList(reply, query, endpoint)
  }
}
