import type { Stream } from '@grid/core-events'
import { CompiledQuery, type Kysely } from 'kysely'
import { sqlText } from '../columns/sql-text.ts'
import { assertSeesAll } from '../migrations/assert-sees-all.ts'
import type { GridDatabase } from '../schema/database.ts'
import { type Viewer, visibleSql } from '../schema/tenant-scope.ts'
import { STREAM_COLUMNS, type StreamRow, streamOfRow } from './streams.ts'

/** Which UTC days to sum up. */
export interface PercentQuery {
  /** The first day, as `2026-11-22`. */
  readonly day: string
  /** The last day; default the same. */
  readonly lastDay?: string
  /** Also this user's (or everyone's) accounts; by default market data only. */
  readonly of?: Viewer
}

/** How much of the time in which a stream was wanted is covered. */
export interface StreamPercent {
  readonly stream: Stream
  /** Time in milliseconds in which it was wanted, up to the database's present. */
  readonly wantedMs: number
  /** What of it is covered; what is pending is not. */
  readonly coveredMs: number
  /** `coveredMs` of `wantedMs`: 100 only if all of it is covered. */
  readonly percent: number
  /** Uncovered spans; one that lasts beyond midnight counts once a day. */
  readonly gaps: number
  /** The longest of them within one day, in milliseconds. */
  readonly largestGapMs: number
}

const DAY = /^\d{4}-\d{2}-\d{2}$/

/** `isVisible` is an SQL condition that may have a parameter `$3`. */
function sumSql(isVisible: string): string {
  return sqlText`
    select ${STREAM_COLUMNS}, wanted, covered, gaps, largest
    from (
      select stream_id, sum(wanted_ms)::text as wanted, sum(covered_ms)::text as covered,
        sum(gaps)::text as gaps, max(largest_gap_ms) as largest
      from coverage_quality($1::date, $2::date)
      group by stream_id
    ) summed
    join streams stream on stream.id = stream_id
    where ${isVisible}
    order by channel, category, symbol, variant, account_id`
}

/**
 * Sums up how much is covered of each stream that was wanted on a day, or on the days from one to another. Days
 * that `keepCoverageDays` has kept are read, the others are computed. Throws a `RangeError` for days that are none,
 * and `TENANTS_HIDDEN` where row security would hide some of `everyone`.
 *
 * @example
 * const incomplete = (await percent(db, { day: '2026-11-22' })).filter(({ percent }) => percent < 100)
 */
export async function percent(
  db: Kysely<GridDatabase>,
  { day, lastDay = day, of }: PercentQuery,
): Promise<StreamPercent[]> {
  assertDay('day', day)
  assertDay('lastDay', lastDay)
  if (of === 'everyone') await assertSeesAll(db)
  const visible = visibleSql('stream', of, 3)
  const { rows } = await db.executeQuery<
    StreamRow & { wanted: string; covered: string; gaps: string; largest: number }
  >(CompiledQuery.raw(sumSql(visible.sql), [day, lastDay, ...visible.parameters]))
  return rows.map(({ wanted, covered, gaps, largest, ...row }) => ({
    stream: streamOfRow(row),
    wantedMs: Number(wanted),
    coveredMs: Number(covered),
    percent: (Number(covered) / Number(wanted)) * 100,
    gaps: Number(gaps),
    largestGapMs: largest,
  }))
}

function assertDay(field: string, day: string): void {
  const isDay = DAY.test(day) && new Date(`${day}T00:00:00Z`).toJSON()?.startsWith(day)
  if (!isDay) throw new RangeError(`${field} is ${day}: a day is written as 2026-11-22`)
}
