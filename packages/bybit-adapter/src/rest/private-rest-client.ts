import {
  type Category,
  type ExecutionEvent,
  isAccountId,
  type OrderEvent,
  type PositionEvent,
  type PrivateChannel,
  type PrivateChannelEvents,
  type WalletEvent,
} from '@grid/core-events'
import type { Credentials } from '../auth/credentials.ts'
import { RestAuth } from '../auth/rest-auth.ts'
import type { ServerClock } from '../auth/server-clock.ts'
import { createSigner } from '../auth/signer.ts'
import { privateRestUrl } from '../endpoints.ts'
import { BybitAdapterError } from '../errors.ts'
import type { RestCallOptions } from '../rate-limit/call-options.ts'
import type { RequestPriority } from '../rate-limit/request-window.ts'
import { type AccountInfo, readAccountInfo } from './endpoints/account-info.ts'
import { type ApiKeyInfo, readApiKeyInfo } from './endpoints/api-key-info.ts'
import { type ClosedPnl, mapClosedPnl } from './endpoints/closed-pnl.ts'
import { type AccountTransaction, mapTransaction } from './endpoints/transaction.ts'
import { newRequester, positiveInteger, type RestClientOptions } from './http/new-requester.ts'
import { queryOf } from './http/query.ts'
import type { Reply } from './http/reply.ts'
import type { Requester } from './http/requester.ts'
import { byCursor } from './lists/paging.ts'
import { readPrivateRows, readRows } from './lists/private-rows.ts'
import type { RestList, RestPage } from './lists/rest-list.ts'
import { RestPages } from './lists/rest-pages.ts'
import { byWindow } from './lists/time-windows.ts'
import type {
  ClosedPnlQuery,
  ExecutionsQuery,
  OpenOrdersQuery,
  OrderHistoryQuery,
  PositionsQuery,
  TransactionLogQuery,
  WalletBalanceQuery,
} from './private-queries.ts'
import { sharedServerClock } from './shared-server-clock.ts'

/** Options of a {@link BybitPrivateRestClient}. */
export interface PrivateRestClientOptions extends RestClientOptions {
  readonly credentials: Credentials
  /** Our id of the account, a UUID in lower case: its events carry it, and its limits are counted by it. */
  readonly accountId: string
  /** How late a request may reach the exchange; default 5000 ms. */
  readonly recvWindowMs?: number | undefined
  /** Default: one a host, shared by all clients and streams of the process. */
  readonly serverClock?: ServerClock | undefined
}

interface TimedQuery {
  readonly from?: number | undefined
  readonly to?: number | undefined
}

/** Before market data, whose default is 5. */
const DEFAULT_PRIORITY: RequestPriority = 3

/**
 * Reads an account's own data over REST, within the exchange's limits for the address and the account.
 *
 * Each attempt is signed anew over the bytes that are sent, with the exchange's time. Times, decimals
 * and lists are those of `BybitRestClient`. Errors say what is wrong with the credentials
 * (`API_KEY_INVALID`, `API_KEY_EXPIRED`, `SIGNATURE_INVALID`, `PERMISSION_DENIED`, `IP_NOT_ALLOWED`)
 * and never show them. After a refused time (`CLOCK_SKEW`) the clock is measured before the next attempt.
 *
 * @example
 * const client = new BybitPrivateRestClient({ accountId, credentials: { apiKey, secret } })
 * const { isReadOnly, permissions } = await client.apiKeyInfo()
 */
export class BybitPrivateRestClient {
  readonly #accountId: string
  readonly #serverClock: ServerClock
  readonly #requester: Requester

  constructor(options: PrivateRestClientOptions) {
    const { accountId, credentials, environment = 'mainnet', recvWindowMs = 5000 } = options
    const base = privateRestUrl(environment, options.restUrl)
    if (!isAccountId(accountId)) {
      const message = `accountId must be a UUID in lower case, got ${JSON.stringify(accountId)}`
      throw new BybitAdapterError('INVALID_OPTION', message, { option: 'accountId' })
    }
    this.#accountId = accountId
    this.#serverClock = options.serverClock ?? sharedServerClock(base, options)
    const auth = new RestAuth({
      account: accountId,
      signer: createSigner(credentials),
      serverClock: this.#serverClock,
      recvWindowMs: positiveInteger('recvWindowMs', recvWindowMs),
    })
    this.#requester = newRequester(base, options, auth)
  }

  /** Reads what the API key may do (`/v5/user/query-api`); every key may ask this. */
  async apiKeyInfo(options?: RestCallOptions): Promise<ApiKeyInfo> {
    return readApiKeyInfo(await this.#get('/v5/user/query-api', '', options))
  }

  /** Reads how the account trades (`/v5/account/info`). */
  async accountInfo(options?: RestCallOptions): Promise<AccountInfo> {
    return readAccountInfo(await this.#get('/v5/account/info', '', options))
  }

  /**
   * Reads executions (`/v5/execution/list`), window by window from the oldest on, newest first in
   * each; some may come twice. They equal the socket's events, as far as REST has the values.
   *
   * Throws `INVALID_OPTION` for options without a base coin.
   */
  executions(query: ExecutionsQuery, options?: RestCallOptions): RestPages<ExecutionEvent> {
    const { baseCoin, category, orderId, orderLinkId, symbol } = query
    if (category === 'option' && !(baseCoin || symbol || orderId || orderLinkId)) {
      throw new BybitAdapterError(
        'INVALID_OPTION',
        'baseCoin must be given for options: without it the exchange gives only BTC',
        { option: 'baseCoin' },
      )
    }
    return this.#events('execution', '/v5/execution/list', { limit: 100, ...query }, options)
  }

  /** Reads open orders (`/v5/order/realtime`), newest first, as the socket's events. */
  openOrders(query: OpenOrdersQuery, options?: RestCallOptions): RestPages<OrderEvent> {
    return this.#events('order', '/v5/order/realtime', { limit: 50, ...query }, options)
  }

  /**
   * Reads closed orders (`/v5/order/history`) in their last state, window by window from the oldest on;
   * some may come twice. The exchange does not document whether a window goes by an order's creation or
   * by its last change: ask for a long-lived order by its id.
   */
  orderHistory(query: OrderHistoryQuery, options?: RestCallOptions): RestPages<OrderEvent> {
    return this.#events('order', '/v5/order/history', { limit: 50, ...query }, options)
  }

  /** Reads positions (`/v5/position/list`) as they are at the reply's time. */
  positions(query: PositionsQuery, options?: RestCallOptions): RestPages<PositionEvent> {
    return this.#events('position', '/v5/position/list', { limit: 200, ...query }, options)
  }

  /** Reads the wallet (`/v5/account/wallet-balance`) as it is at the reply's time: one event a coin. */
  async walletBalance(
    query: WalletBalanceQuery = {},
    options?: RestCallOptions,
  ): Promise<RestList<WalletEvent>> {
    const params = { accountType: 'UNIFIED', ...query }
    const reply = await this.#get('/v5/account/wallet-balance', queryOf(params), options)
    return readPrivateRows('wallet', reply, { accountId: this.#accountId, category: null })
  }

  /** Reads the ledger (`/v5/account/transaction-log`), window by window from the oldest on. */
  transactionLog(
    query: TransactionLogQuery,
    options?: RestCallOptions,
  ): RestPages<AccountTransaction> {
    const endpoint = '/v5/account/transaction-log'
    const origin = { accountId: this.#accountId, category: null }
    return this.#pages(
      { accountType: 'UNIFIED', limit: 50, ...query },
      options?.signal,
      async (params, cursor) =>
        readRows(
          mapTransaction,
          null,
          await this.#get(endpoint, queryOf(params, cursor), options),
          origin,
        ),
    )
  }

  /** Reads what each order closed (`/v5/position/closed-pnl`), window by window from the oldest on. */
  closedPnl(query: ClosedPnlQuery, options?: RestCallOptions): RestPages<ClosedPnl> {
    const endpoint = '/v5/position/closed-pnl'
    const origin = { accountId: this.#accountId, category: query.category }
    return this.#pages({ limit: 100, ...query }, options?.signal, async (params, cursor) =>
      readRows(
        mapClosedPnl,
        null,
        await this.#get(endpoint, queryOf(params, cursor), options),
        origin,
      ),
    )
  }

  #events<Name extends PrivateChannel>(
    channel: Name,
    endpoint: string,
    query: TimedQuery & { readonly category: Category },
    options: RestCallOptions | undefined,
  ): RestPages<PrivateChannelEvents[Name]> {
    const origin = { accountId: this.#accountId, category: query.category }
    return this.#pages(query, options?.signal, async (params, cursor) =>
      readPrivateRows(channel, await this.#get(endpoint, queryOf(params, cursor), options), origin),
    )
  }

  /** Pages by cursor; in windows of time if a time is asked for. */
  #pages<Item>(
    { from, to, ...params }: TimedQuery,
    signal: AbortSignal | undefined,
    fetchPage: (params: object, cursor: string) => Promise<RestPage<Item>>,
  ): RestPages<Item> {
    if (from === undefined) return new RestPages(byCursor((cursor) => fetchPage(params, cursor)))
    return new RestPages(
      byWindow(
        { from, to },
        async () => {
          await this.#serverClock.ready(signal)
          return this.#serverClock.nowMs()
        },
        (window, cursor) => fetchPage({ ...params, ...window }, cursor),
      ),
    )
  }

  #get(endpoint: string, query: string, options: RestCallOptions = {}): Promise<Reply> {
    const { signal, priority = DEFAULT_PRIORITY } = options
    return this.#requester.get(endpoint, query, { signal, priority })
  }
}
