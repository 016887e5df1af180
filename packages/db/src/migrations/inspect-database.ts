import { type Kysely, sql } from 'kysely'
import type { GridDatabase } from '../schema/database.ts'
import { MIGRATIONS } from './all.ts'

/** What a database is, by table `grid_meta`. */
export interface DatabaseInspection {
  /** The environment that it is stamped with; null when it has none yet. */
  readonly environment: string | null
  /** 0 when it was never migrated. */
  readonly schemaVersion: number
  /** Oldest schema version whose package may read it. */
  readonly minReader: number
  /** Oldest schema version whose package may write to it. */
  readonly minWriter: number
  /** Names of the migrations that this package knows and the database lacks. */
  readonly pending: readonly string[]
  /** PostgreSQL's version, e.g. `18.4`. */
  readonly serverVersion: string
  /** PostgreSQL's version as a number, e.g. 180004. */
  readonly serverVersionNumber: number
  /** The name of the database. */
  readonly databaseName: string
  /** The encoding in which it holds texts, e.g. `UTF8`. */
  readonly encoding: string
}

interface Server {
  readonly version: string
  readonly number: string
  readonly database: string
  readonly encoding: string
  readonly migrated: boolean
}

/**
 * Reads from table `grid_meta` what a database is and which migrations it lacks. Changes nothing, and
 * works on an empty database too.
 *
 * @example
 * const { pending, environment } = await inspectDatabase(db)
 */
export async function inspectDatabase(db: Kysely<GridDatabase>): Promise<DatabaseInspection> {
  const { rows } = await sql<Server>`
    select current_setting('server_version') as version,
      current_setting('server_version_num') as number,
      current_database()::text as database,
      current_setting('server_encoding') as encoding,
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
    databaseName: server?.database ?? '',
    encoding: server?.encoding ?? '',
  }
}
