import { type Clock, EARLIEST_EXCHANGE_TS, retry, systemClock } from '@grid/core-events'
import { CompiledQuery, type Kysely, sql } from 'kysely'
import { sqlText } from '../columns/sql-text.ts'
import { inTransaction } from '../connection/transaction.ts'
import { DatabaseError } from '../errors.ts'
import type { GridDatabase } from '../schema/database.ts'
import type { PartitionedTable } from '../schema/market-schema.ts'
import { dailyTable, PARTITIONED_TABLES } from '../tables/daily-tables.ts'
import { dayOf, dayText, partitionName } from './partition-day.ts'

/** How `ensurePartitions` waits. */
export interface PartitionOptions {
  /** Times the waits between attempts. Default the system's. */
  readonly clock?: Clock
}

const LOCK_TIMEOUT = '1s'
const ATTEMPTS = 5
/** Half a second each time. */
const RETRY = { backoff: { baseMs: 500, capMs: 500 }, random: () => 1 }
const LOCK_NOT_AVAILABLE = '55P03'
const EARLIEST_DAY = dayOf(EARLIEST_EXCHANGE_TS)

/**
 * Makes the partitions that a table lacks for the UTC days of the given times (epoch milliseconds);
 * gives how many it made.
 *
 * Readers and writers of the table need not wait, and many processes may call it at once. A lock that
 * cannot be had within a second is tried for up to 5 times; in a caller's transaction it fails the
 * transaction (55P03, transient).
 *
 * Throws `TIME_OUT_OF_RANGE` for a time before 2019 or after tomorrow by the database's clock, so
 * that one absurd time cannot make a partition in 2090; `PARTITION_LEAVING` while the day is being
 * removed; `PARTITION_NAME_TAKEN` when another table has the partition's name, e.g. a partition that
 * an operator detached.
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
 * Makes the partitions of today and tomorrow, by the database's clock, that any table lacks; gives how
 * many it made.
 *
 * A service calls it at start and at least once a day, so that no insert has to make a partition at
 * midnight. When nothing is missing it costs one query of the catalog a table. Many processes may call
 * it at once. Throws as {@link ensurePartitions} does, except `TIME_OUT_OF_RANGE`.
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
  return retry(() => inTransaction(db, (trx) => makeMissing(trx, table, days)), {
    clock,
    ...RETRY,
    isRetryable: (error, failures) =>
      (error as { code?: unknown }).code === LOCK_NOT_AVAILABLE &&
      !db.isTransaction &&
      failures < ATTEMPTS,
  })
}

/** The names of a table's usable partitions, and `latest`: tomorrow, the last day that may have one. */
async function partitionsOf(
  db: Kysely<GridDatabase>,
  table: PartitionedTable,
): Promise<{ latest: number; names: ReadonlySet<string> }> {
  const { rows } = await sql<{ latest: number; names: string[] }>`
    select (now() at time zone 'UTC')::date + 1 - date '1970-01-01' as latest,
      -- As JSON: how arrays are read a program may change for all of pg.
      array_to_json(array(
        select child.relname::text
        from pg_inherits join pg_class child on child.oid = inhrelid
        where inhparent = to_regclass(${table}) and not inhdetachpending
          -- Without a unique index a day would store duplicates.
          and exists (select from pg_index where indrelid = child.oid and indisunique and indisvalid)
      )) as names`.execute(db)
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
  // One process at a time: the next one then finds the partitions made. The table's own lock needs a right
  // that a stranger lacks, and keeps neither readers nor writers waiting; attaching takes the same.
  await sql`lock table ${sql.table(table)} in share update exclusive mode`.execute(trx)
  const { names } = await partitionsOf(trx, table)
  const missing = days.filter((day) => !names.has(partitionName(table, day)))
  await assertFree(trx, table, missing)
  for (const day of missing) await makePartition(trx, table, day)
  await setLockTimeout(trx, rows[0]?.before ?? '0')
  return missing.length
}

/** Throws when a table has a partition's name: the day's old one that is being removed, or another. */
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
 * Makes a partition as a table of its own and attaches it. `create table … partition of` would wait for
 * every open reader; this waits for none, and an empty table needs no scan to be attached.
 */
async function makePartition(
  trx: Kysely<GridDatabase>,
  table: PartitionedTable,
  day: number,
): Promise<void> {
  const name = partitionName(table, day)
  await trx.executeQuery(CompiledQuery.raw(`create table ${name} (like ${table} including all)`))
  await keyPartition(trx, table, name)
  const bounds = [day, day + 1].map((bound) => `('${dayText(bound)} 00:00:00+00')`)
  await trx.executeQuery(
    CompiledQuery.raw(sqlText`
      alter table ${table}
      attach partition ${name} for values from ${bounds.join(' to ')}`),
  )
}

/** Gives a partition, or a table that becomes one, the indexes that each partition of the table has. */
export async function keyPartition(
  trx: Kysely<GridDatabase>,
  table: PartitionedTable,
  name: string,
): Promise<void> {
  const { partitionKey: key, baseIndex } = dailyTable(table).lookup
  if (key !== null) {
    // Unlike those of a wider index, PostgreSQL fills this one's pages again after it split them.
    const index = sqlText`
      create unique index ${name}_key
      on ${name} (${key})
      with (fillfactor = 100)`
    await trx.executeQuery(CompiledQuery.raw(index))
  }
  if (baseIndex !== null) {
    await trx.executeQuery(CompiledQuery.raw(`create index ${name}_bases on ${name} ${baseIndex}`))
  }
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
