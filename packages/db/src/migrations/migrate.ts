import { CompiledQuery, type Kysely } from 'kysely'
import { inTransaction } from '../connection/transaction.ts'
import { DatabaseError } from '../errors.ts'
import type { GridDatabase } from '../schema/database.ts'
import { MIGRATIONS, SCHEMA_VERSION } from './all.ts'
import { assertEncoding, assertEnvironment, assertNotTooNew } from './assert-usable.ts'
import { type DatabaseInspection, inspectDatabase } from './inspect-database.ts'
import { lockSchema } from './lock-schema.ts'
import { grantRoles } from './roles.ts'

/** How to migrate. */
export interface MigrateOptions {
  /** The exchange's environment: `mainnet`, `testnet`, `demo`, `custom:<host>` or `simulated`. */
  readonly environment?: string
  /** Told the server's processes that are waited for, as they change the schema too. */
  readonly onWait?: (pids: readonly number[]) => void
}

/** What `migrate` did. */
export interface MigrationReport {
  /** Names of the migrations that were applied; empty when there was nothing to do. */
  readonly applied: readonly string[]
  readonly schemaVersion: number
  /** The stamp; null when the database has none. */
  readonly environment: string | null
  readonly serverVersion: string
  /** What an operator has to do about roles, as sentences; empty when nothing is left to do. */
  readonly warnings: readonly string[]
}

const OLDEST_SERVER = 150_000

/**
 * Brings a database to this package's schema, in one transaction: all or nothing. When two processes
 * call it at once, one waits and then finds nothing to do.
 *
 * The first call that names an environment stamps the database with it. Throws `SERVER_TOO_OLD`,
 * `ENCODING_UNSUPPORTED`, `SCHEMA_TOO_NEW` or `ENVIRONMENT_MISMATCH` before it changes anything. A database that a newer package
 * migrated is left unchanged as long as this one may still write to it.
 *
 * It makes the roles `grid_owner`, `grid_writer` and `grid_reader` where the user may, and grants their
 * privileges where they exist; `warnings` says what is left to do.
 *
 * @example
 * await migrate(db, { environment: 'mainnet' })
 */
export function migrate(
  db: Kysely<GridDatabase>,
  { environment, onWait }: MigrateOptions = {},
): Promise<MigrationReport> {
  return inTransaction(db, async (trx) => {
    let before = await examine(trx, environment)
    const isNew = before.environment === null && environment !== undefined
    // Where nothing is to be done it neither waits nor needs a privilege, so that a member of grid_writer
    // may call it.
    if (before.pending.length > 0 || isNew) {
      await lockSchema(trx, onWait)
      before = await examine(trx, environment)
    }
    const pending = MIGRATIONS.slice(before.schemaVersion)
    for (const { statements } of pending) {
      for (const statement of statements) await trx.executeQuery(CompiledQuery.raw(statement))
    }
    const stamp = before.environment ?? environment ?? null
    const readers = pending.map(({ minReader }) => minReader)
    const writers = pending.map(({ minWriter }) => minWriter)
    const schemaVersion = Math.max(before.schemaVersion, SCHEMA_VERSION)
    if (pending.length > 0 || stamp !== before.environment) {
      await trx
        .updateTable('grid_meta')
        .set({
          environment: stamp,
          schema_version: schemaVersion,
          min_reader: Math.max(before.minReader, ...readers),
          min_writer: Math.max(before.minWriter, ...writers),
        })
        .execute()
    }
    // This package does not know the tables of a newer schema.
    const warnings = schemaVersion === SCHEMA_VERSION ? await grantRoles(trx, onWait) : []
    return {
      applied: pending.map((migration) => migration.name),
      schemaVersion,
      environment: stamp,
      serverVersion: before.serverVersion,
      warnings,
    }
  })
}

/** What a database is; throws when it must not be migrated. */
async function examine(
  trx: Kysely<GridDatabase>,
  environment: string | undefined,
): Promise<DatabaseInspection> {
  const found = await inspectDatabase(trx)
  if (found.serverVersionNumber < OLDEST_SERVER) {
    throw new DatabaseError(
      'SERVER_TOO_OLD',
      `PostgreSQL ${found.serverVersion} is too old: 15 or newer is needed`,
      { context: { serverVersion: found.serverVersion } },
    )
  }
  assertEncoding(found)
  assertNotTooNew('write', found)
  if (found.environment !== null) assertEnvironment(found.environment, environment)
  return found
}
