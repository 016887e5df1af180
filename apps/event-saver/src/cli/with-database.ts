import {
  assertReadable,
  assertWritable,
  classifyDatabaseError,
  createDatabase,
  type GridDatabase,
} from '@grid/db'
import type { Kysely } from 'kysely'
import type { Config } from '../config/config.ts'
import { databaseFault, unreachable } from '../storage/database-fault.ts'

/** How a command uses the database. */
export interface DatabaseUse {
  /** The command's name, which the server shows for its connections. */
  readonly command: string
  readonly mode: 'read' | 'write'
}

/**
 * Opens the database for a command's work, after a check of its version and environment. Migrates
 * nothing, and sets no statement timeout.
 *
 * Throws a `CommandError` with exit code 75 when the database is away or in use, and with 78 when it
 * cannot be used.
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
