import { type GridDatabase, MARKET_TABLES } from '@grid/db'
import { type Kysely, sql } from 'kysely'
import type { Config } from '../config/config.ts'
import { CommandError, EXIT } from '../exit-code.ts'

/** One each for the pool of capture, that of maintenance, the collector's name and hints about accounts. */
const LEAST_CONNECTIONS = 4

/**
 * Refuses a login that the server lets read only, one that may not insert into the tables of the
 * channels, and one that may not have enough connections. Throws a `CommandError` with exit code 78. A standby is not meant, because it may be promoted;
 * neither is a login that may not make partitions, because another saver may make them.
 */
export async function assertMayWrite(
  db: Kysely<GridDatabase>,
  { channels }: Pick<Config, 'channels'>,
): Promise<void> {
  const tables = [
    ...channels.map((channel) => MARKET_TABLES[channel].table),
    'dead_letters',
    'capture_gaps',
  ]
  const { rows } = await sql<{
    me: string
    reads_only: boolean
    denied: string[]
    limited: string | null
  }>`
    select current_user::text as me,
      not pg_is_in_recovery() and current_setting('transaction_read_only') = 'on' as reads_only,
      array(
        select relname::text from pg_class
        where relnamespace = current_schema()::regnamespace
          and relname in (${sql.join(tables.map((table) => sql.lit(table)))})
          and not has_table_privilege(oid, 'insert')
        order by relname
      ) as denied,
      (
        select case
          when rolconnlimit between 0 and ${LEAST_CONNECTIONS - 1} then
            format('role %s may have %s connections', rolname, rolconnlimit)
          when datconnlimit between 0 and ${LEAST_CONNECTIONS - 1} then
            format('database %s may have %s connections', datname, datconnlimit)
        end
        from pg_roles, pg_database
        where rolname = session_user and datname = current_database() and not rolsuper
      ) as limited`.execute(db)
  const [row] = rows
  if (row === undefined) return
  if (row.reads_only) {
    throw refused(`the server lets ${row.me} only read; unset default_transaction_read_only for it`)
  }
  if (row.limited !== null) {
    throw refused(
      `the ${row.limited}, and a saver needs at least ${LEAST_CONNECTIONS}, better 8: raise its connection limit`,
    )
  }
  if (row.denied.length > 0) {
    const list = row.denied.join(', ')
    throw refused(
      `${row.me} may not insert into ${list}; grant insert on them, or capture as a member of grid_writer`,
    )
  }
}

function refused(problem: string): CommandError {
  const message = `EVENTSAVER_DATABASE_URL: ${problem}`
  return new CommandError(EXIT.configuration, 'WRITING_REFUSED', message)
}
