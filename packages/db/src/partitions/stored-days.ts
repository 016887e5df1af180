import { type Kysely, sql } from 'kysely'
import type { GridDatabase } from '../schema/database.ts'
import type { PartitionedTable } from '../schema/market-schema.ts'
import type { Lookup } from '../tables/shape/lookup.ts'
import { CLOSED_AFTER } from './partition-catalog.ts'
import { DAY_MS, dayOf } from './partition-day.ts'

/** An interval of exchange times in epoch milliseconds: `from` inclusive, `to` exclusive. */
export interface Interval {
  readonly from: number
  readonly to: number
}

const FIRST_DAYS = 2
/** Most days of a query, because it locks all their partitions. */
const MOST_DAYS = 128

/** A table that has a partition a UTC day, and how its rows are found. */
export interface TableOfDays {
  readonly table: PartitionedTable
  readonly lookup: Lookup
  readonly formerLookup?: Lookup
}

/** A day that has a partition. */
export interface StoredDay {
  /** Number of days since 1970. */
  readonly day: number
  /** How rows of the day are found fast; with another lookup they are found all the same. */
  readonly lookup: Lookup
  /** Whether it ended at least an hour ago. */
  readonly isOver: boolean
}

/** Rows of some days in a row that are found in one way. */
export interface DaySpan extends Interval {
  readonly lookup: Lookup
}

/** Gives the days in an interval that have a partition of a table, in order. */
export async function storedDays(
  db: Kysely<GridDatabase>,
  { table, lookup, formerLookup }: TableOfDays,
  { from, to }: Interval,
): Promise<readonly StoredDay[]> {
  const { rows } = await sql<{ day: number; has_primary_key: boolean; is_over: boolean }>`
    select to_date(right(child.relname, 11), '"y"YYYY"m"MM"d"DD') - date '1970-01-01' as day,
      exists (
        select from pg_index where indrelid = child.oid and indisprimary
      ) as has_primary_key,
      to_date(right(child.relname, 11), '"y"YYYY"m"MM"d"DD') + 1 + interval ${sql.lit(CLOSED_AFTER)}
        <= now() at time zone 'UTC' as is_over
    from pg_inherits join pg_class child on child.oid = inhrelid
    where inhparent = to_regclass(${table}) and not inhdetachpending
      and child.relname ~ '_y[0-9]{4}m[0-9]{2}d[0-9]{2}$'
    order by day`.execute(db)
  return rows
    .map(({ day, has_primary_key, is_over }) => ({
      day: Number(day),
      isOver: is_over,
      lookup: has_primary_key ? (formerLookup ?? lookup) : lookup,
    }))
    .filter(({ day }) => day >= dayOf(from) && day * DAY_MS < to)
}

/**
 * Calls `search` with spans of an interval's stored days, from its end or from its start on, until one
 * call gives true. Spans grow, so that a search that ends soon touches few partitions, and hold days whose rows
 * are found in one way.
 */
export async function searchDays(
  db: Kysely<GridDatabase>,
  table: TableOfDays,
  interval: Interval,
  from: 'end' | 'start',
  search: (span: DaySpan) => Promise<boolean>,
): Promise<void> {
  const stored = [...(await storedDays(db, table, interval))]
  if (from === 'end') stored.reverse()
  for (let size = FIRST_DAYS; stored.length > 0; size = Math.min(size * 2, MOST_DAYS)) {
    const lookup = stored[0]?.lookup ?? table.lookup
    const other = stored.findIndex((day) => day.lookup !== lookup)
    const days = stored.splice(0, other < 0 ? size : Math.min(size, other)).map(({ day }) => day)
    const isFound = await search({
      from: Math.max(interval.from, Math.min(...days) * DAY_MS),
      to: Math.min(interval.to, (Math.max(...days) + 1) * DAY_MS),
      lookup,
    })
    if (isFound) return
  }
}

/** An interval's bounds as parameters for `timestamptz`. */
export function timeTexts({ from, to }: Interval): readonly [string, string] {
  return [new Date(from).toISOString(), new Date(to).toISOString()]
}
