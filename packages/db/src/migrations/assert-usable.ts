import type { Kysely } from 'kysely'
import { DatabaseError } from '../errors.ts'
import type { GridDatabase } from '../schema/database.ts'
import { SCHEMA_VERSION } from './all.ts'
import { type DatabaseInspection, inspectDatabase } from './inspect-database.ts'

/** The expectations of a program that does not migrate. */
export interface ExpectedDatabase {
  /** The environment that the database must be stamped with. Default: any. */
  readonly environment?: string
}

/**
 * Checks that this package may write to a database, for programs that do not migrate.
 *
 * Throws `NOT_MIGRATED`, `SCHEMA_TOO_NEW` or `ENVIRONMENT_MISMATCH`.
 *
 * @example
 * await assertWritable(db, { environment: 'mainnet' })
 */
export async function assertWritable(
  db: Kysely<GridDatabase>,
  expected: ExpectedDatabase = {},
): Promise<DatabaseInspection> {
  const inspection = await assertReadable(db, expected)
  assertNotTooNew('write', inspection)
  return inspection
}

/**
 * Checks that this package understands a database's rows, for programs that do not migrate.
 *
 * Throws `NOT_MIGRATED`, `SCHEMA_TOO_NEW` or `ENVIRONMENT_MISMATCH`.
 *
 * @example
 * await assertReadable(db)
 */
export async function assertReadable(
  db: Kysely<GridDatabase>,
  expected: ExpectedDatabase = {},
): Promise<DatabaseInspection> {
  const inspection = await inspectDatabase(db)
  const { pending } = inspection
  if (pending.length > 0) {
    throw new DatabaseError(
      'NOT_MIGRATED',
      `the database lacks the migrations ${pending.join(', ')}`,
      { context: { pending, schemaVersion: inspection.schemaVersion } },
    )
  }
  assertNotTooNew('read', inspection)
  assertEnvironment(inspection.environment, expected.environment)
  return inspection
}

/** Throws `SCHEMA_TOO_NEW` when the database needs a newer package to read or write it. */
export function assertNotTooNew(use: 'read' | 'write', inspection: DatabaseInspection): void {
  const needed = use === 'read' ? inspection.minReader : inspection.minWriter
  if (needed <= SCHEMA_VERSION) return
  throw new DatabaseError(
    'SCHEMA_TOO_NEW',
    `the database has schema version ${inspection.schemaVersion}: to ${use} it, version ${needed} or ` +
      `newer is needed, and this @grid/db has version ${SCHEMA_VERSION}: upgrade it`,
    {
      context: { schemaVersion: inspection.schemaVersion, needed, packageVersion: SCHEMA_VERSION },
    },
  )
}

/** Throws `ENVIRONMENT_MISMATCH` when another environment than the stamped one is expected. */
export function assertEnvironment(stamped: string | null, expected: string | undefined): void {
  if (expected === undefined || stamped === expected) return
  throw new DatabaseError(
    'ENVIRONMENT_MISMATCH',
    stamped === null
      ? `the database is not stamped with an environment; expected is ${expected}`
      : `the database belongs to environment ${stamped}, not ${expected}`,
    { context: { environment: stamped, expected } },
  )
}
