import type { ServerClock } from './server-clock.ts'
import { restPayload, type Signer } from './signer.ts'

/** Options of a {@link RestAuth}. */
export interface RestAuthOptions {
  readonly signer: Signer
  readonly serverClock: ServerClock
  /** How late a request may reach the exchange, in milliseconds. */
  readonly recvWindowMs: number
  /** The name under which the account's limits are counted. */
  readonly account: string
}

/** Signs the requests of one account. */
export class RestAuth {
  readonly account: string
  readonly #options: RestAuthOptions

  constructor(options: RestAuthOptions) {
    this.#options = options
    this.account = options.account
  }

  /** Resolves once the exchange's time is known; await it before taking a place in a queue. */
  async ready(signal: AbortSignal | undefined): Promise<void> {
    await this.#options.serverClock.ready(signal)
  }

  /** The headers that sign a query, which must be sent exactly as given, and now. */
  headers(query: string): Readonly<Record<string, string>> {
    const { signer, serverClock, recvWindowMs } = this.#options
    const timestampMs = serverClock.nowMs()
    return {
      'x-bapi-api-key': signer.apiKey,
      'x-bapi-timestamp': String(timestampMs),
      'x-bapi-recv-window': String(recvWindowMs),
      'x-bapi-sign': signer.sign(restPayload(timestampMs, signer.apiKey, recvWindowMs, query)),
    }
  }

  /** The exchange refused a request's time: the next request measures its clock anew. */
  doubtClock(): void {
    this.#options.serverClock.doubt()
  }

  /** A text of the exchange, without the key and the signature that it may repeat. */
  redact(text: string, headers: Readonly<Record<string, string>>): string {
    const { 'x-bapi-api-key': apiKey = '', 'x-bapi-sign': signature = '' } = headers
    return text.replaceAll(apiKey, '[api key]').replaceAll(signature, '[signature]')
  }
}
