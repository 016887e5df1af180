import {
  type Clock,
  EARLIEST_EXCHANGE_TS,
  LATEST_EXCHANGE_TS,
  retry,
  systemClock,
} from '@grid/core-events'
import { CompiledQuery, type Kysely, sql } from 'kysely'
import { sqlText } from '../columns/sql-text.ts'
import { DatabaseError } from '../errors.ts'
import { keyPartition } from '../partitions/ensure-partitions.ts'
import { bytesOf } from '../partitions/partition-catalog.ts'
import { dayText, partitionName } from '../partitions/partition-day.ts'
import { storedDays } from '../partitions/stored-days.ts'
import type { GridDatabase } from '../schema/database.ts'
import type { PartitionedTable } from '../schema/market-schema.ts'
import { DAILY_TABLES } from '../tables/daily-tables.ts'
import { narrowedRowsSql, wholeRowsSql } from './narrowed-rows.ts'

/** Which days to rewrite. */
export interface NarrowOptions {
  /** Only this day, as `2026-11-22`. Default: each that an earlier version stored and that is over. */
  readonly day?: string
  /** Most days to rewrite in this call, the oldest first. Default all. */
  readonly limit?: number
  /** Begins no further day. */
  readonly signal?: AbortSignal
  /** Times the waits between attempts. Default the system's. */
  readonly clock?: Clock
}

/** A day that was rewritten. */
export interface NarrowedDay {
  readonly table: PartitionedTable
  /** As `2026-11-22`. */
  readonly day: string
  readonly rows: number
  /** Size on disk, indexes included, before and after. */
  readonly bytesBefore: number
  readonly bytes: number
}

/** A day that was not rewritten, because somebody uses it: call again later. */
export interface PostponedDay {
  readonly table: PartitionedTable
  readonly day: string
  readonly error: unknown
}

/** What became of the days. */
export interface NarrowReport {
  readonly narrowed: readonly NarrowedDay[]
  readonly postponed: readonly PostponedDay[]
}

/** How the old partition and the new one are told apart while both exist. */
interface DayTables {
  readonly table: PartitionedTable
  readonly day: number
  /** The partition. */
  readonly old: string
  /** The table that takes its place. */
  readonly fresh: string
}

const ATTEMPTS = 5
const RETRY = { backoff: { baseMs: 500, capMs: 500 }, random: () => 1 }
const LOCK_NOT_AVAILABLE = '55P03'

/**
 * Rewrites days of tickers that an earlier version stored as whole rows, so that a row holds what its
 * message carried. Every read gives the same afterwards, which is checked before the day is exchanged.
 *
 * A day is copied and compared while others read and write it. For the exchange the table is locked, for
 * which it waits at most a second, up to 5 times; a day that somebody reads that long, or that has grown
 * meanwhile, is postponed and stays as it was. Needs space for a sorted copy. Cannot run in a
 * transaction. Afterwards freeze the day.
 *
 * @example
 * const { narrowed } = await narrowDays(db, { limit: 1 })
 */
export async function narrowDays(
  db: Kysely<GridDatabase>,
  { day: only, limit = Number.POSITIVE_INFINITY, signal, clock = systemClock }: NarrowOptions = {},
): Promise<NarrowReport> {
  const narrowed: NarrowedDay[] = []
  const postponed: PostponedDay[] = []
  for (const target of DAILY_TABLES) {
    if (target.carried === undefined || target.formerLookup === undefined) continue
    const { table, formerLookup } = target
    const interval = { from: EARLIEST_EXCHANGE_TS, to: LATEST_EXCHANGE_TS }
    const due = (await storedDays(db, target, interval)).filter(
      ({ day, isOver, lookup }) =>
        isOver && lookup === formerLookup && (only === undefined || dayText(day) === only),
    )
    for (const { day } of due.slice(0, limit)) {
      if (signal?.aborted) break
      const old = partitionName(table, day)
      const tables = { table, day, old, fresh: `${old}_narrow` }
      try {
        narrowed.push(await narrowDay(db, tables, clock))
      } catch (error) {
        if (!isInTheWay(error)) throw error
        postponed.push({ table, day: dayText(day), error })
      }
    }
  }
  return { narrowed, postponed }
}

async function narrowDay(
  db: Kysely<GridDatabase>,
  tables: DayTables,
  clock: Clock,
): Promise<NarrowedDay> {
  const { table, day, old, fresh } = tables
  const bytesBefore = await bytesOf(db, old)
  await run(db, `drop table if exists ${fresh}`)
  try {
    const rows = await db.transaction().execute((trx) => copyDay(trx, tables))
    await retry(() => db.transaction().execute((trx) => exchange(trx, tables, rows)), {
      clock,
      ...RETRY,
      isRetryable: (error, failures) =>
        (error as { code?: unknown }).code === LOCK_NOT_AVAILABLE && failures < ATTEMPTS,
    })
    const bytes = await bytesOf(db, old)
    return { table, day: dayText(day), rows, bytesBefore, bytes }
  } catch (error) {
    await run(db, `drop table if exists ${fresh}`)
    throw error
  }
}

/** Copies a day's rows into a table of its own, and checks that they read the same; gives their number. */
async function copyDay(trx: Kysely<GridDatabase>, tables: DayTables): Promise<number> {
  const { table, old, fresh } = tables
  const target = DAILY_TABLES.find((candidate) => candidate.table === table)
  if (target?.carried === undefined) throw new TypeError(`${table} carries no values`)
  await sql`set transaction isolation level repeatable read`.execute(trx)
  await run(trx, `create table ${fresh} (like ${table} including all)`)
  await run(trx, `insert into ${fresh} ${narrowedRowsSql(target, target.carried, old)}`)
  await keyPartition(trx, table, fresh)
  await run(trx, `alter table ${fresh} add constraint ${fresh}_day check (${boundsSql(tables)})`)
  await keepOwnerAndGrants(trx, tables)
  const asStored = { from: `${table} as day where ${boundsSql(tables)}`, row: 'day' }
  const asCopied = { from: `${fresh} as day`, row: `row(day.*)::${table}` }
  const [before, after] = [
    await digest(trx, wholeRowsSql(target, target.carried.inSql, asStored)),
    await digest(trx, wholeRowsSql(target, target.carried.inSql, asCopied)),
  ]
  if (before.rows !== after.rows || before.digest !== after.digest) {
    throw new DatabaseError(
      'DAY_READS_DIFFERENTLY',
      `the rewritten rows of ${old} do not read as before: the day was left as it was. This is a defect`,
      { context: { partition: old, before: JSON.stringify(before), after: JSON.stringify(after) } },
    )
  }
  return before.rows
}

/** Puts the copy in the place of the partition. */
async function exchange(trx: Kysely<GridDatabase>, tables: DayTables, rows: number): Promise<void> {
  const { table, old, fresh } = tables
  await sql`select set_config('lock_timeout', '1s', true)`.execute(trx)
  // From here on nobody stores rows of the day. Rows never change, so their number tells whether some came.
  await run(trx, `lock table ${old} in share row exclusive mode`)
  const { rows: counted } = await trx.executeQuery<{ count: string }>(
    CompiledQuery.raw(`select count(*) as count from ${old}`),
  )
  if (Number(counted[0]?.count) !== rows) {
    throw new DatabaseError('DAY_HAS_GROWN', `rows of ${old} came while it was rewritten`, {
      context: { partition: old },
    })
  }
  await run(trx, `alter table ${table} detach partition ${old}`)
  await run(trx, `drop table ${old}`)
  await run(trx, `alter table ${fresh} rename to ${old}`)
  for (const index of ['key', 'bases']) {
    await run(trx, `alter index ${fresh}_${index} rename to ${old}_${index}`)
  }
  // With the constraint the rows need not be read for it.
  await run(trx, `alter table ${table} attach partition ${old} ${valuesSql(tables)}`)
  await run(trx, `alter table ${old} drop constraint ${fresh}_day`)
}

/** What is granted on the partition itself, beside what its table's roles have. */
async function keepOwnerAndGrants(
  trx: Kysely<GridDatabase>,
  { old, fresh }: DayTables,
): Promise<void> {
  const { rows } = await sql<{ statement: string }>`
    select format('alter table %I owner to %s', ${fresh}::text, relowner::regrole) as statement
    from pg_class where oid = to_regclass(${old}) and relowner <> current_user::regrole
    union all
    select format('grant %s on %I to %s', privilege_type, ${fresh}::text,
      case when grantee = 0 then 'public' else grantee::regrole::text end)
    from pg_class, aclexplode(relacl)
    where pg_class.oid = to_regclass(${old}) and grantee <> relowner`.execute(trx)
  for (const { statement } of rows) await run(trx, statement)
}

async function digest(
  trx: Kysely<GridDatabase>,
  rowsSql: string,
): Promise<{ readonly rows: number; readonly digest: string | null }> {
  const { rows } = await trx.executeQuery<{ rows: string; digest: string | null }>(
    CompiledQuery.raw(sqlText`
      select count(*) as rows, sum(hashtextextended(whole::text, 0)::numeric)::text as digest
      from (
        ${rowsSql}
      ) as whole`),
  )
  return { rows: Number(rows[0]?.rows), digest: rows[0]?.digest ?? null }
}

/** Whether somebody else is in the way of a day: a lock cannot be had, or rows came. */
function isInTheWay(error: unknown): boolean {
  const { code } = error as { code?: unknown }
  return code === 'DAY_HAS_GROWN' || (typeof code === 'string' && /^(55|40|57014)/.test(code))
}

function boundsSql({ day }: DayTables): string {
  const [starts, ends] = [day, day + 1].map((each) => `'${dayText(each)} 00:00:00+00'`)
  return `exchange_ts >= ${starts} and exchange_ts < ${ends}`
}

function valuesSql({ day }: DayTables): string {
  const bounds = [day, day + 1].map((each) => `('${dayText(each)} 00:00:00+00')`)
  return `for values from ${bounds.join(' to ')}`
}

async function run(db: Kysely<GridDatabase>, statement: string): Promise<void> {
  await db.executeQuery(CompiledQuery.raw(statement))
}
