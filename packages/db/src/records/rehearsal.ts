import { randomUUID } from 'node:crypto'
import { EARLIEST_EXCHANGE_TS, type PublicChannel } from '@grid/core-events'
import { CompiledQuery, type Kysely, sql } from 'kysely'
import { sqlText } from '../columns/sql-text.ts'
import { inTransaction } from '../connection/transaction.ts'
import { inspectDatabase } from '../migrations/inspect-database.ts'
import { migrate } from '../migrations/migrate.ts'
import { ensurePartitions } from '../partitions/ensure-partitions.ts'
import { DAY_MS } from '../partitions/partition-day.ts'
import type { GridDatabase } from '../schema/database.ts'
import { ACCOUNT_TABLES } from '../tables/account-tables.ts'
import { MARKET_TABLES } from '../tables/market-tables.ts'
import { CaptureGapRepository } from './capture-gaps.ts'
import { DeadLetterRepository } from './dead-letters.ts'
import { JournalPositionRepository } from './journal-positions.ts'

/** What a capture would write. */
export interface RehearsalOptions {
  readonly channels: readonly PublicChannel[]
  /** Whether accounts are captured. */
  readonly accounts: boolean
  /** The environment that the first migration would stamp an empty database with. */
  readonly environment: string
}

/** A part of a rehearsal. */
export type RehearsalStep = 'migrate' | 'partition' | 'insert' | 'disk' | 'commit'

/** A part that the database refused. */
export interface RehearsalFault {
  readonly step: RehearsalStep
  /** The table, where one is refused. */
  readonly table: string | null
  readonly error: unknown
}

/** Bytes that a new table must find room for: enough that no space left over in a file serves. */
const TRIAL_BYTES = 262_144
/** Days that no capture of today makes: the partitions of running savers are left alone. */
const TRIAL_DAYS = [0, 1, 2].map((day) => EARLIEST_EXCHANGE_TS + day * DAY_MS)

/**
 * Does what a capture would do in a database, and takes it back: migrates an empty one, makes partitions,
 * writes to every table, and needs new space on the server's disk. Then it commits a message that changes
 * nothing, because a commit waits for the disk of the write-ahead log.
 *
 * Gives the first part that the database refuses, or null. It waits for no lock longer than the making of
 * partitions does, and does not migrate a database that holds tables.
 *
 * @example
 * const fault = await rehearseCapture(db, { channels, accounts: false, environment: 'mainnet' })
 */
export async function rehearseCapture(
  db: Kysely<GridDatabase>,
  options: RehearsalOptions,
): Promise<RehearsalFault | null> {
  const at: { step: RehearsalStep; table: string | null } = { step: 'migrate', table: null }
  const takenBack = new Error('the rehearsal is taken back')
  try {
    await inTransaction(db, async (trx) => {
      for await (const { step, table, work } of stepsOf(trx, options)) {
        Object.assign(at, { step, table })
        await work()
      }
      throw takenBack
    })
  } catch (error) {
    if (error !== takenBack) return { ...at, error }
  }
  try {
    await sql`select pg_logical_emit_message(true, 'grid', 'rehearsal')`.execute(db)
    return null
  } catch (error) {
    return isWithheld(error) ? null : { step: 'commit', table: null, error }
  }
}

interface Step {
  readonly step: RehearsalStep
  readonly table: string | null
  readonly work: () => Promise<unknown>
}

async function* stepsOf(
  trx: Kysely<GridDatabase>,
  { channels, accounts, environment }: RehearsalOptions,
): AsyncGenerator<Step> {
  const { schemaVersion } = await inspectDatabase(trx)
  if (schemaVersion === 0) {
    yield { step: 'migrate', table: null, work: () => migrate(trx, { environment }) }
  }
  const daily = channels.map((channel) => MARKET_TABLES[channel])
  for (const { table } of daily) {
    yield { step: 'partition', table, work: () => ensurePartitions(trx, table, TRIAL_DAYS) }
  }
  for (const target of [...daily, ...(accounts ? Object.values(ACCOUNT_TABLES) : [])]) {
    const { table, columns } = target
    const names = (target.written ?? columns).map(({ name }) => name)
    yield { step: 'insert', table, work: () => insertNothing(trx, table, names) }
  }
  yield { step: 'insert', table: 'dead_letters', work: () => insertDeadLetter(trx) }
  for (const channel of channels.slice(0, 1)) {
    yield { step: 'insert', table: 'capture_gaps', work: () => insertGap(trx, channel) }
  }
  yield { step: 'insert', table: 'journal_positions', work: () => movePosition(trx) }
  yield { step: 'disk', table: null, work: () => fillTable(trx) }
}

/** An insert of no rows needs the same rights as any. */
async function insertNothing(
  trx: Kysely<GridDatabase>,
  table: string,
  columns: readonly string[],
): Promise<void> {
  const statement = sqlText`
    insert into ${table} (${columns.join(', ')})
    select ${columns.map(() => 'null').join(', ')} where false`
  await trx.executeQuery(CompiledQuery.raw(statement))
}

async function insertDeadLetter(trx: Kysely<GridDatabase>): Promise<void> {
  const letter = {
    code: 'ITEM_MALFORMED',
    reason: 'a rehearsal, taken back',
    field: null,
    category: null,
    channel: null,
    topic: null,
    symbol: null,
    source: 'ws',
    localTsUs: EARLIEST_EXCHANGE_TS * 1000,
    raw: new Uint8Array(),
  } as const
  await new DeadLetterRepository(trx).bulkInsert([letter])
}

async function insertGap(trx: Kysely<GridDatabase>, channel: PublicChannel): Promise<void> {
  const gap = {
    category: 'linear',
    symbol: 'REHEARSAL',
    channel,
    startTs: EARLIEST_EXCHANGE_TS,
    endTs: EARLIEST_EXCHANGE_TS,
    reason: 'start',
  } as const
  await new CaptureGapRepository(trx).insert([gap], { collector: 'rehearsal' })
}

async function movePosition(trx: Kysely<GridDatabase>): Promise<void> {
  const owner = { collector: 'rehearsal', journalId: randomUUID() }
  const positions = new JournalPositionRepository(trx)
  await positions.move(trx, { ...owner, channel: 'rehearsal', from: null, to: 0 })
  await positions.move(trx, { ...owner, channel: 'rehearsal', from: 0, to: 1 })
}

/** Makes a table and fills it with bytes that cannot be compressed. */
async function fillTable(trx: Kysely<GridDatabase>): Promise<void> {
  await sql`create table grid_rehearsal (text text)`.execute(trx)
  // A digest is 32 characters.
  await sql`insert into grid_rehearsal
    select string_agg(md5(place::text), '')
    from generate_series(1, ${sql.lit(TRIAL_BYTES / 32)}) as place
    group by place % 64`.execute(trx)
}

/** Whether the server keeps the function from this role, or has none of its name. */
function isWithheld(error: unknown): boolean {
  const { code } = error as { code?: unknown }
  return code === '42501' || code === '42883'
}
