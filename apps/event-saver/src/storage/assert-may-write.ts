import { type GridDatabase, MARKET_TABLES } from '@grid/db'
import { type Kysely, sql } from 'kysely'
import type { Config } from '../config/config.ts'
import { CommandError, EXIT } from '../exit-code.ts'

/** One each for the pool of capture, that of maintenance, the collector's name and hints about accounts. */
const LEAST_CONNECTIONS = 4

type Right = 'select' | 'insert' | 'update'

const MARKET_RIGHTS: readonly Right[] = ['select', 'insert']

/** The rights without which market data is not stored, gaps are not noticed, or accounts cannot be known. */
const RIGHTS: Readonly<Partial<Record<keyof GridDatabase, readonly Right[]>>> = {
  api_credentials: ['select'],
  bybit_accounts: ['select'],
  capture_gaps: ['select', 'insert', 'update'],
  dead_letters: ['select', 'insert'],
  instrument_lists: ['select', 'insert', 'update'],
  instruments: ['select', 'insert', 'update'],
  journal_positions: ['select', 'insert', 'update'],
  removed_days: ['select'],
  runs: ['select', 'update'],
  strategies: ['select'],
  users: ['select'],
}

/** The tables of what accounts send, with rights that are needed once there is one. */
const ACCOUNT_RIGHTS: readonly Right[] = ['select', 'insert', 'update']
const ACCOUNT_TABLES: readonly (keyof GridDatabase)[] = [
  'account_transactions',
  'order_states',
  'orders',
  'position_snapshots',
  'private_executions',
  'wallet_snapshots',
]

type Needed = readonly (readonly [table: string, rights: readonly Right[]])[]

/** The rights that a capture needs and this login lacks on the tables that there are, such as `update on runs`; null for none. */
export async function lackingRights(
  db: Kysely<GridDatabase>,
  { channels }: Pick<Config, 'channels'>,
): Promise<string | null> {
  const market = channels.map((channel) => [MARKET_TABLES[channel].table, MARKET_RIGHTS] as const)
  const lacking = await lackingOf(db, [...market, ...Object.entries(RIGHTS)])
  if (lacking !== null || !(await hasAccounts(db))) return lacking
  return lackingOf(
    db,
    ACCOUNT_TABLES.map((table) => [table, ACCOUNT_RIGHTS]),
  )
}

async function lackingOf(db: Kysely<GridDatabase>, needed: Needed): Promise<string | null> {
  const rights = needed.flatMap(([table, all]) => all.map((right) => ({ table, right })))
  const { rows } = await sql<{ right: Right; tables: string }>`
    select "right", string_agg(relname, ', ' order by relname) as tables
    from jsonb_to_recordset(${JSON.stringify(rights)}::jsonb) as needed ("table" text, "right" text)
    join pg_class on relname = "table" and relnamespace = current_schema()::regnamespace
    where not has_table_privilege(oid, "right")
    group by "right" order by "right"`.execute(db)
  return rows.length === 0
    ? null
    : rows.map(({ right, tables }) => `${right} on ${tables}`).join('; ')
}

/** Whether accounts are captured, as far as this login sees them. */
async function hasAccounts(db: Kysely<GridDatabase>): Promise<boolean> {
  const made = await sql<{ is_made: boolean }>`
    select to_regclass('bybit_accounts') is not null as is_made`.execute(db)
  if (made.rows[0]?.is_made !== true) return false
  const { rows } = await sql<{ any: boolean }>`
    select exists (select from bybit_accounts where status = 'enabled') as any`.execute(db)
  return rows[0]?.any === true
}

/**
 * Refuses a login that the server lets read only, one that lacks rights on the tables, and one that may not have
 * enough connections. Throws a `CommandError` with exit code 78. A standby is not meant, because it may be promoted, nor a server that
 * lets nobody write, as hosts do while its disk is full; neither is a login that may not make partitions, because another saver may make them.
 */
export async function assertMayWrite(
  db: Kysely<GridDatabase>,
  config: Pick<Config, 'channels'>,
): Promise<void> {
  const { rows } = await sql<{
    me: string
    reads_only: boolean
    limited: string | null
  }>`
    select current_user::text as me,
      not pg_is_in_recovery() and current_setting('transaction_read_only') = 'on' and exists (
        select from pg_settings
        where name = 'default_transaction_read_only' and source <> 'configuration file'
      ) as reads_only,
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
  const lacking = await lackingRights(db, config)
  if (lacking !== null) {
    throw refused(`${row.me} lacks ${lacking}; grant it, or capture as a member of grid_writer`)
  }
}

function refused(problem: string): CommandError {
  const message = `EVENTSAVER_DATABASE_URL: ${problem}`
  return new CommandError(EXIT.configuration, 'WRITING_REFUSED', message)
}
