import {
  assertReadable,
  assertWritable,
  classifyDatabaseError,
  createDatabase,
  type GridDatabase,
} from '@grid/db'
import type { Kysely } from 'kysely'
import type { Config } from '../config/config.ts'
import { databaseFault, unreachable } from '../storage/prepare-database.ts'

/** What a command does with the database. */
export interface DatabaseUse {
  /** The command's name, as the server lists its connections. */
  readonly command: string
  readonly mode: 'read' | 'write'
}

/**
 * Runs a command's work on a database that is of this version and environment. Nothing is migrated,
 * and statements may take any time. Throws a `CommandError` with exit code 75 while the database is
 * away or in use, and 78 for one that cannot be used.
 */
export async function withDatabase<Result>(
  config: Config,
  { command, mode }: DatabaseUse,
  work: (db: Kysely<GridDatabase>) => Promise<Result>,
): Promise<Result> {
  const db = createDatabase({
    url: config.databaseUrl,
    applicationName: `event-saver ${command}`,
    statementTimeoutMs: 0,
    readOnly: mode === 'read',
  })
  try {
    const assertUsable = mode === 'read' ? assertReadable : assertWritable
    await assertUsable(db, { environment: config.environmentStamp })
    return await work(db)
  } catch (error) {
    const fault = databaseFault(error, config)
    if (fault !== null) throw fault
    throw classifyDatabaseError(error) === 'transient' ? unreachable(error, config) : error
  } finally {
    await db.destroy()
  }
}
