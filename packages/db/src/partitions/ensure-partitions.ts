import { type Clock, EARLIEST_EXCHANGE_TS, sleep, systemClock } from '@grid/core-events'
import { CompiledQuery, type Kysely, sql } from 'kysely'
import { sqlText } from '../columns/sql-text.ts'
import { inTransaction } from '../connection/transaction.ts'
import { DatabaseError } from '../errors.ts'
import type { GridDatabase } from '../schema/database.ts'
import type { PartitionedTable } from '../schema/market-schema.ts'
import { dailyTable, PARTITIONED_TABLES } from '../tables/daily-tables.ts'
import { dayOf, dayText, partitionName } from './partition-day.ts'

/** How the making of partitions waits. */
export interface PartitionOptions {
  readonly clock?: Clock
}

const LOCK_TIMEOUT = '1s'
const ATTEMPTS = 5
const RETRY_DELAY_MS = 500
const LOCK_NOT_AVAILABLE = '55P03'
const EARLIEST_DAY = dayOf(EARLIEST_EXCHANGE_TS)

/**
 * Makes sure that a table has a partition for the UTC day of each given time; gives the number of
 * partitions that it made.
 *
 * Readers and writers of the table are not held up, and any number of processes may do it at once.
 * Given a transaction it works inside, and a lock that cannot be had soon fails the transaction
 * (55P03, transient); else it tries again a few times.
 *
 * Throws `TIME_OUT_OF_RANGE` for a time before 2019 or after tomorrow by the database's clock, so
 * that one absurd time cannot make a partition in 2090, and `PARTITION_NAME_TAKEN` when a table of
 * the partition's name stands apart, e.g. because an operator detached it.
 *
 * @example
 * await ensurePartitions(db, 'public_trades', [Date.now(), Date.now() + 86_400_000])
 */
export async function ensurePartitions(
  db: Kysely<GridDatabase>,
  table: PartitionedTable,
  timesMs: Iterable<number>,
  { clock = systemClock }: PartitionOptions = {},
): Promise<number> {
  const timeOfDay = new Map<number, number>()
  for (const time of timesMs) {
    if (!(dayOf(time) >= EARLIEST_DAY)) throw timeOutOfRange(time, 'before 2019-01-01')
    timeOfDay.set(dayOf(time), time)
  }
  const { latest, names } = await partitionsOf(db, table)
  const missing = [...timeOfDay.keys()].filter((day) => !names.has(partitionName(table, day)))
  const absurd = missing.find((day) => day > latest)
  if (absurd !== undefined) throw timeOutOfRange(timeOfDay.get(absurd) ?? absurd, 'after tomorrow')
  return makePartitions(db, table, missing, clock)
}

/**
 * Makes sure that every table has its partitions of today and tomorrow by the database's clock;
 * gives the number of partitions that it made.
 *
 * For services to call at start and then at least once a day: no insert then waits for a partition
 * at midnight. With nothing to make it is one query of the catalog a table, so that every hour is
 * fine as well; many processes may do it at once. Errors as with {@link ensurePartitions}, except
 * that no time is out of range.
 *
 * @example
 * await ensureUpcomingPartitions(db)
 */
export async function ensureUpcomingPartitions(
  db: Kysely<GridDatabase>,
  { clock = systemClock }: PartitionOptions = {},
): Promise<number> {
  let made = 0
  for (const table of PARTITIONED_TABLES) {
    const { latest, names } = await partitionsOf(db, table)
    const missing = [latest - 1, latest].filter((day) => !names.has(partitionName(table, day)))
    made += await makePartitions(db, table, missing, clock)
  }
  return made
}

async function makePartitions(
  db: Kysely<GridDatabase>,
  table: PartitionedTable,
  days: readonly number[],
  clock: Clock,
): Promise<number> {
  if (days.length === 0) return 0
  for (let attempt = 1; ; attempt++) {
    try {
      return await inTransaction(db, (trx) => makeMissing(trx, table, days))
    } catch (error) {
      const isLocked = (error as { code?: unknown }).code === LOCK_NOT_AVAILABLE
      if (!isLocked || db.isTransaction || attempt === ATTEMPTS) throw error
      await sleep(clock, RETRY_DELAY_MS)
    }
  }
}

/** The names of a table's partitions, and the last day that may have one: tomorrow. */
async function partitionsOf(
  db: Kysely<GridDatabase>,
  table: PartitionedTable,
): Promise<{ latest: number; names: ReadonlySet<string> }> {
  const { rows } = await sql<{ latest: number; names: string[] }>`
    select (now() at time zone 'UTC')::date + 1 - date '1970-01-01' as latest,
      array(
        select child.relname::text
        from pg_inherits join pg_class child on child.oid = inhrelid
        where inhparent = to_regclass(${table}) and not inhdetachpending
          -- Without its key a day would take every trade twice.
          and exists (select from pg_index where indrelid = child.oid and indisunique and indisvalid)
      ) as names`.execute(db)
  const [row] = rows
  return { latest: row?.latest ?? 0, names: new Set(row?.names) }
}

async function makeMissing(
  trx: Kysely<GridDatabase>,
  table: PartitionedTable,
  days: readonly number[],
): Promise<number> {
  const { rows } = await sql<{ before: string }>`
    select current_setting('lock_timeout') as before`.execute(trx)
  await setLockTimeout(trx, LOCK_TIMEOUT)
  // One maker at a time; whoever comes second looks again at what is missing.
  await sql`select pg_advisory_xact_lock(hashtext(${`grid partitions of ${table}`}))`.execute(trx)
  const { names } = await partitionsOf(trx, table)
  const missing = days.filter((day) => !names.has(partitionName(table, day)))
  await assertFree(trx, table, missing)
  for (const day of missing) await makePartition(trx, table, day)
  await setLockTimeout(trx, rows[0]?.before ?? '0')
  return missing.length
}

/** Throws when a day's name is taken: by its old partition on its way out, or by a stranger. */
async function assertFree(
  trx: Kysely<GridDatabase>,
  table: PartitionedTable,
  days: readonly number[],
): Promise<void> {
  if (days.length === 0) return
  const names = days.map((day) => partitionName(table, day))
  const { rows } = await sql<{ name: string; is_leaving: boolean }>`
    select name, exists (
      select from pg_inherits where inhrelid = to_regclass(name) and inhdetachpending
    ) or exists (
      select from removed_days
      where table_name = ${table} and removed_at is null
        and day = to_date(right(name, 11), '"y"YYYY"m"MM"d"DD')
    ) as is_leaving
    from unnest(${names}::text[]) as name
    where to_regclass(name) is not null`.execute(trx)
  const [taken] = rows
  if (taken === undefined) return
  const context = { table, partition: taken.name }
  throw taken.is_leaving
    ? new DatabaseError(
        'PARTITION_LEAVING',
        `partition ${taken.name} is being removed: its day can be stored again once it is gone`,
        { context },
      )
    : new DatabaseError(
        'PARTITION_NAME_TAKEN',
        `table ${taken.name} exists but is not a partition of ${table} with a unique key: attach it, ` +
          'or rename it',
        { context },
      )
}

/**
 * Makes a table apart and attaches it, which waits for no reader; `partition of` waits behind
 * every open one. It is empty and nobody sees it yet, so the attachment has nothing to scan.
 */
async function makePartition(
  trx: Kysely<GridDatabase>,
  table: PartitionedTable,
  day: number,
): Promise<void> {
  const name = partitionName(table, day)
  await trx.executeQuery(CompiledQuery.raw(`create table ${name} (like ${table} including all)`))
  const key = dailyTable(table).lookup.partitionKey
  if (key !== null) {
    // Its pages are full from the start, because PostgreSQL fills those of so narrow an index again.
    const index = sqlText`
      create unique index ${name}_key
      on ${name} (${key})
      with (fillfactor = 100)`
    await trx.executeQuery(CompiledQuery.raw(index))
  }
  const bounds = [day, day + 1].map((bound) => `('${dayText(bound)} 00:00:00+00')`)
  await trx.executeQuery(
    CompiledQuery.raw(sqlText`
      alter table ${table}
      attach partition ${name} for values from ${bounds.join(' to ')}`),
  )
}

async function setLockTimeout(trx: Kysely<GridDatabase>, timeout: string): Promise<void> {
  await sql`select set_config('lock_timeout', ${timeout}, true)`.execute(trx)
}

function timeOutOfRange(timeMs: number, why: string): DatabaseError {
  const date = new Date(timeMs)
  const shown = Number.isNaN(date.getTime()) ? timeMs : `${timeMs} (${date.toISOString()})`
  return new DatabaseError('TIME_OUT_OF_RANGE', `exchange time ${shown} is ${why}`, {
    context: { exchangeTs: timeMs },
  })
}
