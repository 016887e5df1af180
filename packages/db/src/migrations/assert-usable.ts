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
 * Throws `ENCODING_UNSUPPORTED`, `NOT_MIGRATED`, `SCHEMA_TOO_NEW` or `ENVIRONMENT_MISMATCH`.
 *
 * @example
 * await assertWritable(db, { environment: 'mainnet' })
 */
export async function assertWritable(
  db: Kysely<GridDatabase>,
  expected: ExpectedDatabase = {},
): Promise<DatabaseInspection> {
  const inspection = await inspectDatabase(db)
  assertEncoding(inspection)
  assertUnderstood(inspection, expected)
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
  assertUnderstood(inspection, expected)
  return inspection
}

function assertUnderstood(inspection: DatabaseInspection, expected: ExpectedDatabase): void {
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

/**
 * Throws `ENCODING_UNSUPPORTED` for a database that cannot hold every text: it would refuse an event for
 * its symbol, and then the dead letter that says so.
 */
export function assertEncoding({ databaseName, encoding }: DatabaseInspection): void {
  if (encoding === 'UTF8') return
  throw new DatabaseError(
    'ENCODING_UNSUPPORTED',
    `database ${JSON.stringify(databaseName)} has the encoding ${encoding}, which cannot hold every text: make one by ` +
      "create database … encoding 'UTF8' template template0",
    { context: { databaseName, encoding } },
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
