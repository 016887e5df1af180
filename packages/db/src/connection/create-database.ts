import { Kysely } from 'kysely'
import type { GridDatabase } from '../schema/database.ts'
import { createPGliteDialect } from './pglite-dialect.ts'
import { createPostgresDialect } from './postgres-dialect.ts'
import { parseDatabaseUrl } from './url/database-url.ts'

/** How to reach a database. */
export interface DatabaseOptions {
  /** `postgres://…`, `postgresql://…`, `pglite:<directory>` or `pglite::memory:`. */
  readonly url: string
  /** The connections' name in the server's lists; an `application_name` in the URL wins. Default `grid`. */
  readonly applicationName?: string
  /** Most connections held at once. Default 4; PGlite always has one. */
  readonly poolSize?: number
  /** How long to wait for a connection, in milliseconds. Default 10,000. */
  readonly connectionTimeoutMs?: number
  /** How long a statement may take, in milliseconds; 0 is no limit. Default 60,000; not for PGlite. */
  readonly statementTimeoutMs?: number
  /**
   * How long the server may leave a statement unanswered, in milliseconds, before the connection is
   * closed and the statement fails with `SERVER_SILENT`; 0 is no limit. It must be more than the
   * statement timeout, also than one in the URL. Default `statementTimeoutMs` + 5,000, or no limit where
   * that has none; not for PGlite.
   */
  readonly silenceTimeoutMs?: number
  /** How long an unused connection is kept, in milliseconds. Default 30,000; not for PGlite. */
  readonly idleTimeoutMs?: number
  /**
   * How long a transaction may wait for its next statement, in milliseconds, before the server ends
   * it and its connection; 0 is no limit. Default 60,000; not for PGlite.
   */
  readonly idleInTransactionTimeoutMs?: number
  /**
   * Makes the server refuse every write (25006), unless a transaction asks for `read write` itself. A
   * PGlite directory must exist then; it is locked as well. Default false.
   */
  readonly readOnly?: boolean
}

const SILENCE_MARGIN_MS = 5_000

/**
 * Makes a Kysely for a database. It neither connects nor migrates: the first query connects, or opens
 * and locks the PGlite directory. `destroy()` closes all connections and releases the lock; it waits
 * for running statements, at most `silenceTimeoutMs`.
 *
 * Throws `DATABASE_URL_INVALID`. The first query may throw `DRIVER_MISSING` or `DATABASE_LOCKED`.
 * Errors of idle connections are ignored: the next query fails, or gets another connection.
 *
 * No session holds any state, so that a transaction pooler may stand in between. Where a pooler refuses
 * or ignores the timeouts and `readOnly` at a connection's start, they are set in each transaction, and
 * a statement outside of a transaction gets one of its own.
 *
 * @example
 * const db = createDatabase({ url: 'postgres://grid@localhost/grid' })
 * await migrate(db, { environment: 'mainnet' })
 * await db.destroy()
 */
export function createDatabase(options: DatabaseOptions): Kysely<GridDatabase> {
  const location = parseDatabaseUrl(options.url)
  if (location.kind !== 'postgres') {
    return new Kysely({
      dialect: createPGliteDialect({
        directory: location.kind === 'pglite' ? location.directory : null,
        readOnly: options.readOnly ?? false,
      }),
    })
  }
  const { statementTimeoutMs = 60_000 } = options
  const silenceTimeoutMs = statementTimeoutMs > 0 ? statementTimeoutMs + SILENCE_MARGIN_MS : 0
  return new Kysely({
    dialect: createPostgresDialect({
      url: location.url,
      applicationName: options.applicationName ?? 'grid',
      poolSize: options.poolSize ?? 4,
      connectionTimeoutMs: options.connectionTimeoutMs ?? 10_000,
      statementTimeoutMs,
      silenceTimeoutMs: options.silenceTimeoutMs ?? silenceTimeoutMs,
      idleTimeoutMs: options.idleTimeoutMs ?? 30_000,
      idleInTransactionTimeoutMs: options.idleInTransactionTimeoutMs ?? 60_000,
      readOnly: options.readOnly ?? false,
    }),
  })
}
