import { type Clock, repeat, untilAborted } from '@grid/core-events'
import { postgresConnection } from '@grid/db'
import { postgresClient } from '../storage/postgres-client.ts'

/** What the listener needs, and whom it tells. */
export interface AccountHintsOptions {
  readonly databaseUrl: string
  readonly clock: Clock
  /** Told that accounts may have changed. */
  readonly onHint: () => void
}

const RETRY_MS = 60_000
const BACKOFF = { baseMs: RETRY_MS, capMs: RETRY_MS, jitter: false }
const CONNECT_TIMEOUT_MS = 10_000

/**
 * Listens for changes of accounts on a database connection of its own.
 *
 * This only makes things faster, as the accounts are read every 30 s anyway: the listener may fail,
 * and a pooler that passes on no notifications does no harm.
 */
export class AccountHints {
  readonly #options: AccountHintsOptions

  constructor(options: AccountHintsOptions) {
    this.#options = options
  }

  /** Listens until the signal aborts; connects again a minute after a connection failed or ended. */
  run(signal: AbortSignal): Promise<void> {
    const listen = async (): Promise<number> => {
      await this.#listen(signal)
      return RETRY_MS
    }
    return repeat(listen, { clock: this.#options.clock, backoff: BACKOFF, signal })
  }

  /** Listens until the connection ends; rejects when it fails or the signal aborts. */
  async #listen(signal: AbortSignal): Promise<void> {
    const { databaseUrl, onHint } = this.#options
    const client = await postgresClient({
      application_name: 'event-saver accounts',
      ...postgresConnection(databaseUrl),
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      keepAlive: true,
    })
    const ended = new Promise<void>((resolve) => {
      client.on('error', () => resolve())
      client.on('end', () => resolve())
    })
    client.on('notification', onHint)
    try {
      await client.connect()
      await client.query('listen grid_accounts')
      // Accounts may have changed while nobody listened.
      onHint()
      await untilAborted(ended, signal)
    } finally {
      await client.end().catch(() => {})
    }
  }
}
