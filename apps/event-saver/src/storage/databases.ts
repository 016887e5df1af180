import { untilAborted } from '@grid/core-events'
import { createDatabase, type GridDatabase } from '@grid/db'
import type { Kysely } from 'kysely'
import type { Config } from '../config/config.ts'

/** How long a close waits for the connections of maintenance. */
const MAINTENANCE_PATIENCE_MS = 2000

/**
 * The saver's connections: a pool for capture, and another for maintenance, whose statements may
 * take long. An embedded database can be opened only once, so there both are the same.
 */
export class Databases {
  readonly capture: Kysely<GridDatabase>
  /** Without a statement timeout; its second connection watches what the first one runs. */
  readonly maintenance: Kysely<GridDatabase>

  constructor({ databaseUrl: url }: Pick<Config, 'databaseUrl'>) {
    this.capture = createDatabase({ url, applicationName: 'event-saver' })
    this.maintenance = url.startsWith('pglite:')
      ? this.capture
      : createDatabase({
          url,
          applicationName: 'event-saver maintenance',
          poolSize: 2,
          statementTimeoutMs: 0,
        })
  }

  /** Whether maintenance has connections of its own. */
  get areSeparate(): boolean {
    return this.maintenance !== this.capture
  }

  /** Closes all connections; the signal ends the wait for them. */
  async close(signal: AbortSignal): Promise<void> {
    await untilAborted(this.capture.destroy(), signal).catch(() => {})
    if (!this.areSeparate) return
    const patience = AbortSignal.any([signal, AbortSignal.timeout(MAINTENANCE_PATIENCE_MS)])
    await untilAborted(this.maintenance.destroy(), patience).catch(() => {})
  }
}
