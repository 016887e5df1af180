import { type Kysely, sql } from 'kysely'
import type { GridDatabase } from '../schema/database.ts'
import { MIGRATIONS } from './all.ts'

/** What a database says of itself. */
export interface DatabaseInspection {
  /** The environment it is stamped with; null when it has none yet. */
  readonly environment: string | null
  /** 0 when it was never migrated. */
  readonly schemaVersion: number
  /** Oldest schema version whose readers understand it. */
  readonly minReader: number
  /** Oldest schema version whose writers may write to it. */
  readonly minWriter: number
  /** Names of the migrations that this package knows and the database lacks. */
  readonly pending: readonly string[]
  /** PostgreSQL's version, e.g. `18.4`. */
  readonly serverVersion: string
  /** PostgreSQL's version as a number, e.g. 180004. */
  readonly serverVersionNumber: number
}

/**
 * Reads what a database is and which migrations it lacks, from table `grid_meta`; works on an empty
 * database as well, and changes nothing.
 *
 * @example
 * const { pending, environment } = await inspectDatabase(db)
 */
export async function inspectDatabase(db: Kysely<GridDatabase>): Promise<DatabaseInspection> {
  const { rows } = await sql<{ version: string; number: string; migrated: boolean }>`
    select current_setting('server_version') as version,
      current_setting('server_version_num') as number,
      to_regclass('grid_meta') is not null as migrated`.execute(db)
  const [server] = rows
  const meta = server?.migrated
    ? await db.selectFrom('grid_meta').selectAll().executeTakeFirst()
    : undefined
  const schemaVersion = meta?.schema_version ?? 0
  return {
    environment: meta?.environment ?? null,
    schemaVersion,
    minReader: meta?.min_reader ?? 0,
    minWriter: meta?.min_writer ?? 0,
    pending: MIGRATIONS.slice(schemaVersion).map((migration) => migration.name),
    serverVersion: server?.version ?? '',
    serverVersionNumber: Number(server?.number),
  }
}
