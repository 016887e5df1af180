import type { Credentials } from '../auth/credentials.ts'
import { RestAuth } from '../auth/rest-auth.ts'
import type { ServerClock } from '../auth/server-clock.ts'
import { sharedServerClock } from '../auth/shared-server-clock.ts'
import { createSigner } from '../auth/signer.ts'
import type { RequestPriority } from '../rate-limit/request-window.ts'
import { type AccountInfo, readAccountInfo } from './account-info.ts'
import { type ApiKeyInfo, readApiKeyInfo } from './api-key-info.ts'
import { newRequester, positiveInteger } from './new-requester.ts'
import { privateRestUrl } from './private-hosts.ts'
import type { Reply } from './reply.ts'
import type { Requester, RestCallOptions } from './requester.ts'
import type { RestClientOptions } from './rest-client.ts'

/** Options of a {@link BybitPrivateRestClient}. */
export interface PrivateRestClientOptions extends RestClientOptions {
  readonly credentials: Credentials
  /** Our id of the account: its events carry it, and its limits are counted under it. */
  readonly accountId: string
  /** How late a request may reach the exchange; default 5000 ms. */
  readonly recvWindowMs?: number | undefined
  /** Default: one a host, shared by all clients and streams of the process. */
  readonly serverClock?: ServerClock | undefined
}

/** Before market data, whose default is 5. */
const DEFAULT_PRIORITY: RequestPriority = 3

/**
 * Reads an account's own data over REST, inside the exchange's limits of the address and the account.
 *
 * Each attempt is signed anew, by the exchange's clock, over the bytes that are sent. Times, decimals
 * and lists are as those of `BybitRestClient`. Errors never show more of the credentials than where
 * they are wrong: `API_KEY_INVALID`, `API_KEY_EXPIRED`, `SIGNATURE_INVALID`, `PERMISSION_DENIED`,
 * `IP_NOT_ALLOWED`. A refused time (`CLOCK_SKEW`) makes the clock be measured before the next attempt.
 *
 * @example
 * const client = new BybitPrivateRestClient({ accountId, credentials: { apiKey, secret } })
 * const { isReadOnly, permissions } = await client.apiKeyInfo()
 */
export class BybitPrivateRestClient {
  readonly #requester: Requester

  constructor(options: PrivateRestClientOptions) {
    const { accountId, credentials, environment = 'mainnet', recvWindowMs = 5000 } = options
    const base = privateRestUrl(environment, options.restUrl)
    const auth = new RestAuth({
      account: accountId,
      signer: createSigner(credentials),
      serverClock: options.serverClock ?? sharedServerClock(base, options),
      recvWindowMs: positiveInteger('recvWindowMs', recvWindowMs),
    })
    this.#requester = newRequester(base, options, auth)
  }

  /** Reads what the API key may do (`/v5/user/query-api`); any key may ask that. */
  async apiKeyInfo(options?: RestCallOptions): Promise<ApiKeyInfo> {
    return readApiKeyInfo(await this.#get('/v5/user/query-api', '', options))
  }

  /** Reads how the account trades (`/v5/account/info`). */
  async accountInfo(options?: RestCallOptions): Promise<AccountInfo> {
    return readAccountInfo(await this.#get('/v5/account/info', '', options))
  }

  #get(endpoint: string, query: string, options: RestCallOptions = {}): Promise<Reply> {
    const { signal, priority = DEFAULT_PRIORITY } = options
    return this.#requester.get(endpoint, query, { signal, priority })
  }
}
