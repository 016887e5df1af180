import { CompiledQuery, type Kysely, sql } from 'kysely'
import { NO_STATEMENT_TIMEOUT } from '../connection/limit-silence.ts'
import { inTransaction } from '../connection/transaction.ts'
import { DatabaseError } from '../errors.ts'
import type { GridDatabase } from '../schema/database.ts'
import { MIGRATIONS, SCHEMA_VERSION } from './all.ts'
import { assertEncoding, assertEnvironment, assertNotTooNew } from './assert-usable.ts'
import { inspectDatabase } from './inspect-database.ts'
import { grantRoles } from './roles.ts'

/** How to migrate. */
export interface MigrateOptions {
  /** The exchange's environment: `mainnet`, `testnet`, `demo`, `custom:<host>` or `simulated`. */
  readonly environment?: string
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
/** The lock that a migrating process holds. Any number would do, but it must never change. */
const MIGRATION_LOCK = 7_205_759_403_792_794n

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
  { environment }: MigrateOptions = {},
): Promise<MigrationReport> {
  return inTransaction(db, async (trx) => {
    // The wait for another process that migrates may be long. The lock belongs to the transaction, so
    // that it works through a transaction pooler.
    await trx.executeQuery(CompiledQuery.raw(NO_STATEMENT_TIMEOUT))
    await sql`select pg_advisory_xact_lock(${sql.lit(MIGRATION_LOCK)})`.execute(trx)
    const before = await inspectDatabase(trx)
    if (before.serverVersionNumber < OLDEST_SERVER) {
      throw new DatabaseError(
        'SERVER_TOO_OLD',
        `PostgreSQL ${before.serverVersion} is too old: 15 or newer is needed`,
        { context: { serverVersion: before.serverVersion } },
      )
    }
    assertEncoding(before)
    assertNotTooNew('write', before)
    if (before.environment !== null) assertEnvironment(before.environment, environment)
    if (before.schemaVersion === 0) await createMeta(trx)
    const pending = MIGRATIONS.slice(before.schemaVersion)
    for (const { statements } of pending) {
      for (const statement of statements) await trx.executeQuery(CompiledQuery.raw(statement))
    }
    const stamp = before.environment ?? environment ?? null
    const readers = pending.map(({ minReader }) => minReader)
    const writers = pending.map(({ minWriter }) => minWriter)
    const schemaVersion = Math.max(before.schemaVersion, SCHEMA_VERSION)
    // Without an update it needs no privilege, so that a member of grid_writer may call it.
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
    const warnings = schemaVersion === SCHEMA_VERSION ? await grantRoles(trx) : []
    return {
      applied: pending.map((migration) => migration.name),
      schemaVersion,
      environment: stamp,
      serverVersion: before.serverVersion,
      warnings,
    }
  })
}

async function createMeta(trx: Kysely<GridDatabase>): Promise<void> {
  await sql`create table grid_meta (
    only_row boolean primary key default true check (only_row),
    environment text,
    schema_version integer not null,
    min_reader integer not null,
    min_writer integer not null
  )`.execute(trx)
  await sql`insert into grid_meta (schema_version, min_reader, min_writer) values (0, 0, 0)`.execute(
    trx,
  )
}
