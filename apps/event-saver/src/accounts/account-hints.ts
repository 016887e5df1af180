import { type Clock, sleep } from '@grid/core-events'
import { Client } from 'pg'

/** What the listener needs, and whom it tells. */
export interface AccountHintsOptions {
  readonly databaseUrl: string
  readonly clock: Clock
  /** Told that accounts may have changed. */
  readonly onHint: () => void
}

const RETRY_MS = 60_000
const CONNECT_TIMEOUT_MS = 10_000

/**
 * Listens for changes of accounts on a connection of its own.
 *
 * It only makes things faster: the accounts are read regularly anyway, so that it may fail, and that
 * a pooler which passes on no notifications does no harm.
 */
export class AccountHints {
  readonly #options: AccountHintsOptions

  constructor(options: AccountHintsOptions) {
    this.#options = options
  }

  /** Listens until the signal aborts, connecting anew after a while when that fails. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#listen(signal).catch(() => {})
      await sleep(this.#options.clock, RETRY_MS, signal)
    }
  }

  async #listen(signal: AbortSignal): Promise<void> {
    const { databaseUrl, onHint } = this.#options
    const client = new Client({
      connectionString: databaseUrl,
      application_name: 'event-saver accounts',
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      keepAlive: true,
    })
    const ended = new Promise<void>((resolve) => {
      client.on('error', () => resolve())
      client.on('end', () => resolve())
      signal.addEventListener('abort', () => resolve(), { once: true })
    })
    client.on('notification', onHint)
    try {
      await client.connect()
      await client.query('listen grid_accounts')
      // What changed while nobody listened.
      onHint()
      if (!signal.aborted) await ended
    } finally {
      await client.end().catch(() => {})
    }
  }
}
