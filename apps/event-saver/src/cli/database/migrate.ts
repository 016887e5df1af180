import { systemClock } from '@grid/core-events'
import { createDatabase, inspectDatabase } from '@grid/db'
import type { Config } from '../../config/config.ts'
import type { Logger } from '../../log/log.ts'
import { prepareDatabase } from '../../storage/prepare-database.ts'

/** The database after a migration. */
export interface MigrationResult {
  readonly environment: string | null
  readonly schemaVersion: number
  readonly pending: readonly string[]
}

/** Brings the database to this version's schema. Throws at once when the database is away. */
export async function migrateDatabase(config: Config, log: Logger): Promise<MigrationResult> {
  const db = createDatabase({ url: config.databaseUrl, applicationName: 'event-saver migrate' })
  try {
    await prepareDatabase({
      db,
      config: { ...config, migrate: 'auto' },
      clock: systemClock,
      log,
      signal: new AbortController().signal,
      exitOnDbError: true,
    })
    const { environment, schemaVersion, pending } = await inspectDatabase(db)
    return { environment, schemaVersion, pending }
  } finally {
    await db.destroy()
  }
}
