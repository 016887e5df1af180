import type { GridDatabase } from '@grid/db'
import { type Kysely, sql } from 'kysely'
import { type Finding, problem, well } from './finding.ts'

/** The pools for capture and for maintenance, the collector's name, and the hints about accounts. */
const NEEDED = 4 + 2 + 1 + 1

/**
 * Checks that the server has free connections for a saver. Those of savers that run on this database are
 * taken for its own.
 */
export async function examineConnections(db: Kysely<GridDatabase>): Promise<Finding[]> {
  const { rows } = await sql<{
    of_server: number
    of_database: number
    of_role: number
  }>`
    with used as (
      select usename = current_user as is_mine, datname = current_database() as is_here
      from pg_stat_activity
      where backend_type = 'client backend'
        and not (datname = current_database() and application_name like 'event-saver%')
    ), me as (select rolsuper, rolconnlimit from pg_roles where rolname = current_user)
    select
      (
        current_setting('max_connections')::integer
        -- Kept for superusers, and by newer servers for members of a role.
        - case when rolsuper then 0 else
            current_setting('superuser_reserved_connections')::integer
            + coalesce(current_setting('reserved_connections', true)::integer, 0)
          end
        - (select count(*) from used)
      )::integer as of_server,
      case when rolsuper or datconnlimit < 0 then null
        else datconnlimit - (select count(*) from used where is_here) end::integer as of_database,
      case when rolsuper or rolconnlimit < 0 then null
        else rolconnlimit - (select count(*) from used where is_mine) end::integer as of_role
    from me, pg_database where datname = current_database()`.execute(db)
  const [free] = rows
  if (free === undefined) return []
  const limits = [
    { of: 'the server', count: free.of_server, setting: 'max_connections' },
    { of: 'this database', count: free.of_database, setting: 'its connection limit' },
    { of: 'this role', count: free.of_role, setting: 'its connection limit' },
  ].filter(({ count }) => count !== null)
  const short = limits.filter(({ count }) => count < NEEDED)
  if (short.length === 0) {
    const least = Math.min(...limits.map(({ count }) => count))
    return [well('CONNECTIONS', `${least} connections are free, a saver uses up to ${NEEDED}`)]
  }
  return short.map(({ of, count, setting }) =>
    problem(
      'CONNECTIONS',
      `${Math.max(count, 0)} connections of ${of} are free, a saver uses up to ${NEEDED}`,
      `raise ${setting}, or close connections of others`,
    ),
  )
}
