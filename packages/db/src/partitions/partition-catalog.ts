import { CompiledQuery, type Kysely, sql } from 'kysely'
import type { GridDatabase } from '../schema/database.ts'
import type { PartitionedTable } from '../schema/market-schema.ts'
import { PARTITIONED_TABLES } from '../tables/daily-tables.ts'
import { DAY_MS, dayOf, dayText, partitionName } from './partition-day.ts'

/**
 * Whether a partition is a part of its table (`attached`), is no part of it (`detached`), or is being
 * detached and waits for the transactions that may still see it (`leaving`).
 */
export type PartitionState = 'attached' | 'leaving' | 'detached'

/** The partition of a UTC day. */
export interface Partition {
  readonly table: PartitionedTable
  /** As `2026-11-22`. */
  readonly day: string
  /** Name of its table. */
  readonly name: string
  readonly state: PartitionState
  /** The server's estimate, or a count when `exact`; null when it was never analyzed. */
  readonly rows: number | null
  /** Size on disk, indexes included. */
  readonly bytes: number
  /** Whether the day ended at least an hour ago. */
  readonly isClosed: boolean
  /** Whether it was frozen and has not grown since, so that VACUUM has nothing left to do. */
  readonly isFrozen: boolean
  /** Whether it was frozen once, or nearly: its index was packed by then. */
  readonly wasFrozen: boolean
}

/** Which partitions to list. */
export interface PartitionQuery {
  /** Of one table only. */
  readonly table?: PartitionedTable
  /** Of one day only, as `2026-11-22`. */
  readonly day?: string
  /** Counts the rows, which reads every partition, in place of the server's estimate. */
  readonly exact?: boolean
}

interface CatalogRow {
  readonly table: PartitionedTable
  readonly name: string
  readonly state: PartitionState
  readonly rows: string | null
  readonly bytes: string
  readonly is_closed: boolean
  readonly is_frozen: boolean
  readonly was_frozen: boolean
}

/** Late rows come within this time, unless something is wrong. */
export const CLOSED_AFTER = '1 hour'

/**
 * Lists the partitions of market data by table and day, also those that were detached and not dropped.
 *
 * @example
 * for (const { table, day, bytes } of await listPartitions(db)) console.log(table, day, bytes)
 */
export async function listPartitions(
  db: Kysely<GridDatabase>,
  { table, day, exact = false }: PartitionQuery = {},
): Promise<Partition[]> {
  const tables = table === undefined ? PARTITIONED_TABLES : [table]
  const listed: Partition[] = []
  for (const parent of tables) {
    const { rows } = await readCatalog(db, parent, day)
    for (const { is_closed, is_frozen, was_frozen, ...row } of rows) {
      listed.push({
        ...row,
        day: dayOfName(row.name),
        rows: exact ? await countRows(db, row.name) : row.rows === null ? null : Number(row.rows),
        bytes: Number(row.bytes),
        isClosed: is_closed,
        isFrozen: is_frozen,
        wasFrozen: was_frozen,
      })
    }
  }
  return listed
}

/**
 * Reads a table's partitions from PostgreSQL's catalog.
 *
 * Freezing a day first sets `autovacuum_freeze_min_age = 0` on it. Every vacuum then freezes the pages
 * that it visits, so from then on "all pages are visible" means "all pages are frozen". (The server's
 * count of rows since the last vacuum would be simpler, but comes seconds late.)
 */
function readCatalog(db: Kysely<GridDatabase>, table: PartitionedTable, day: string | undefined) {
  const name = day === undefined ? null : partitionName(table, dayOf(Date.parse(day)))
  return sql<CatalogRow>`
    select ${table} as table, child.relname as name,
      case when inhrelid is null then 'detached'
        when inhdetachpending then 'leaving' else 'attached' end as state,
      case when child.reltuples >= 0 then child.reltuples::bigint::text end as rows,
      coalesce(pg_total_relation_size(child.oid), 0)::text as bytes,
      to_date(right(child.relname, 11), '"y"YYYY"m"MM"d"DD') + 1 + interval ${sql.lit(CLOSED_AFTER)}
        <= now() at time zone 'UTC' as is_closed,
      was_frozen, was_frozen and child.reltuples >= 0 and child.relallvisible >= child.relpages
        and pg_relation_size(child.oid) <= child.relpages * current_setting('block_size')::bigint
        as is_frozen
    from pg_class parent
    join pg_class child on child.relnamespace = parent.relnamespace and child.relkind = 'r'
      and child.relname ~ ('^' || parent.relname || '_y[0-9]{4}m[0-9]{2}d[0-9]{2}$')
    cross join lateral (
      select coalesce('autovacuum_freeze_min_age=0' = any (child.reloptions), false)
    ) as mark (was_frozen)
    left join pg_inherits on inhrelid = child.oid and inhparent = parent.oid
    where parent.oid = to_regclass(${table}) and (${name}::text is null or child.relname = ${name})
    order by child.relname`.execute(db)
}

/** Size of a partition on disk, indexes included. */
export async function bytesOf(db: Kysely<GridDatabase>, name: string): Promise<number> {
  const { rows } = await sql<{ bytes: string }>`
    select pg_total_relation_size(to_regclass(${name})) as bytes`.execute(db)
  return Number(rows[0]?.bytes)
}

/** Counts the rows of a table. */
export async function countRows(db: Kysely<GridDatabase>, name: string): Promise<number> {
  const { rows } = await db.executeQuery<{ count: string }>(
    CompiledQuery.raw(`select count(*) as count from ${name}`),
  )
  return Number(rows[0]?.count)
}

/** `2026-11-22` of `public_trades_y2026m11d22`. */
function dayOfName(name: string): string {
  const [, year, month, day] = /_y(\d{4})m(\d{2})d(\d{2})$/.exec(name) ?? []
  return dayText(dayOf(Date.UTC(Number(year), Number(month) - 1, Number(day))))
}

/** The end of a day such as `2026-11-22`, in epoch milliseconds. */
export function endOfDay(day: string): number {
  return Date.parse(`${day}T00:00:00Z`) + DAY_MS
}
