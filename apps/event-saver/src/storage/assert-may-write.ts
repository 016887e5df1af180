import { type GridDatabase, MARKET_TABLES } from '@grid/db'
import { type Kysely, sql } from 'kysely'
import type { Config } from '../config/config.ts'
import { CommandError, EXIT } from '../exit-code.ts'

/**
 * Refuses a login that the server lets read only, and one that may not insert into the tables of the
 * channels. Throws a `CommandError` with exit code 78. A standby is not meant, because it may be promoted;
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
  const { rows } = await sql<{ me: string; reads_only: boolean; denied: string[] }>`
    select current_user::text as me,
      not pg_is_in_recovery() and current_setting('transaction_read_only') = 'on' as reads_only,
      array(
        select relname::text from pg_class
        where relnamespace = current_schema()::regnamespace
          and relname in (${sql.join(tables.map((table) => sql.lit(table)))})
          and not has_table_privilege(oid, 'insert')
        order by relname
      ) as denied`.execute(db)
  const [row] = rows
  if (row === undefined) return
  if (row.reads_only) {
    throw refused(`the server lets ${row.me} only read; unset default_transaction_read_only for it`)
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
