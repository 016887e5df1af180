import { CompiledQuery, type Kysely } from 'kysely'
import { sqlText } from '../columns/sql-text.ts'
import { inTransaction } from '../connection/transaction.ts'
import { assertSeesAll } from '../migrations/assert-sees-all.ts'
import type { GridDatabase } from '../schema/database.ts'

/** How many days to keep at once. */
export interface KeepOptions {
  /** At most so many days a call, the newest first. Default 31. */
  readonly limit?: number
}

const NOTE = sqlText`
  with past as (
    delete from coverage_midnights
    where day < (now() at time zone 'UTC')::date
  )
  insert into coverage_midnights (day)
  values ((now() at time zone 'UTC')::date)
  on conflict (day) do nothing`

/** Days up to yesterday, and without it while a transaction is open that may have begun yesterday. */
const DUE = sqlText`
  with past as (
    select today - case when exists (
        select from coverage_midnights
        where day = today and noted_in < pg_snapshot_xmin(pg_current_snapshot())
      ) then 1 else 2 end as last
    from (select (now() at time zone 'UTC')::date as today) clock
  )
  select to_char(day, 'YYYY-MM-DD') as day
  from (
    select day from coverage_dirty, past
    where day <= last
    union
    select wanted.day::date
    from past, generate_series(
      (select date_trunc('day', min(from_ts) at time zone 'UTC') from wanted_spans),
      last::timestamp, interval '1 day') as wanted (day)
    where not exists (select from coverage_days kept where kept.day = wanted.day::date)
      and exists (
        select from wanted_spans
        where from_ts < (wanted.day + interval '1 day') at time zone 'UTC'
          and coalesce(to_ts, 'infinity') > wanted.day at time zone 'UTC'
      )
  ) due
  order by day desc
  limit $1::integer`

/** One keeper at a time, so that two do not keep one day at once. Marks may be made meanwhile. */
const LOCK = 'lock table coverage_days in share row exclusive mode'
const UNMARK = 'delete from coverage_dirty where day = $1::date'
const CLEAR = 'delete from coverage_days where day = $1::date'
const KEEP = 'insert into coverage_days select * from compute_coverage_day($1::date)'

/**
 * Keeps whole days in table `coverage_days`, so that `percent` need not compute them: those up to yesterday that
 * are not kept, and those that changed since. Each day is a transaction of its own. Gives the days that it kept.
 * Throws `TENANTS_HIDDEN` where row security would hide some streams.
 *
 * @example
 * const days = await keepCoverageDays(db)
 */
export async function keepCoverageDays(
  db: Kysely<GridDatabase>,
  { limit = 31 }: KeepOptions = {},
): Promise<readonly string[]> {
  await assertSeesAll(db)
  await db.executeQuery(CompiledQuery.raw(NOTE))
  const { rows } = await db.executeQuery<{ day: string }>(CompiledQuery.raw(DUE, [limit]))
  for (const { day } of rows) await inTransaction(db, (trx) => keepDay(trx, day))
  return rows.map(({ day }) => day)
}

/** The marks first: a change that is committed later leaves one. */
async function keepDay(trx: Kysely<GridDatabase>, day: string): Promise<void> {
  await trx.executeQuery(CompiledQuery.raw(LOCK))
  for (const statement of [UNMARK, CLEAR, KEEP]) {
    await trx.executeQuery(CompiledQuery.raw(statement, [day]))
  }
}
