import { type Kysely, sql } from 'kysely'
import type { GridDatabase } from '../schema/database.ts'
import type { PartitionedTable } from '../schema/market-schema.ts'
import { DAY_MS, dayOf } from './partition-day.ts'

/** An interval of exchange times in epoch milliseconds: `from` inclusive, `to` exclusive. */
export interface Interval {
  readonly from: number
  readonly to: number
}

const FIRST_DAYS = 2
/** Most days of a query, because it locks all their partitions. */
const MOST_DAYS = 128

/** Gives the days in an interval that have a partition of a table, as numbers of days since 1970, in order. */
export async function storedDays(
  db: Kysely<GridDatabase>,
  table: PartitionedTable,
  { from, to }: Interval,
): Promise<readonly number[]> {
  const { rows } = await sql<{ day: number }>`
    select to_date(right(child.relname, 11), '"y"YYYY"m"MM"d"DD') - date '1970-01-01' as day
    from pg_inherits join pg_class child on child.oid = inhrelid
    where inhparent = to_regclass(${table}) and not inhdetachpending
      and child.relname ~ '_y[0-9]{4}m[0-9]{2}d[0-9]{2}$'
    order by day`.execute(db)
  return rows.map(({ day }) => Number(day)).filter((day) => day >= dayOf(from) && day * DAY_MS < to)
}

/**
 * Calls `search` with spans of an interval's stored days, from its end or from its start on, until one
 * call gives true. Spans grow, so that a search that ends soon touches few partitions.
 */
export async function searchDays(
  db: Kysely<GridDatabase>,
  table: PartitionedTable,
  interval: Interval,
  from: 'end' | 'start',
  search: (span: Interval) => Promise<boolean>,
): Promise<void> {
  const days = [...(await storedDays(db, table, interval))]
  if (from === 'end') days.reverse()
  for (let size = FIRST_DAYS; days.length > 0; size = Math.min(size * 2, MOST_DAYS)) {
    const span = days.splice(0, size)
    const isFound = await search({
      from: Math.max(interval.from, Math.min(...span) * DAY_MS),
      to: Math.min(interval.to, (Math.max(...span) + 1) * DAY_MS),
    })
    if (isFound) return
  }
}

/** An interval's bounds as parameters for `timestamptz`. */
export function timeTexts({ from, to }: Interval): readonly [string, string] {
  return [new Date(from).toISOString(), new Date(to).toISOString()]
}
