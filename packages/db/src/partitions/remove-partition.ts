import { CompiledQuery, type Kysely, sql } from 'kysely'
import { executeWithin } from '../connection/execute-within.ts'
import { NO_STATEMENT_TIMEOUT } from '../connection/limit-silence.ts'
import type { GridDatabase } from '../schema/database.ts'
import type { PartitionedTable } from '../schema/market-schema.ts'
import { bytesOf, countRows, listPartitions, type PartitionState } from './partition-catalog.ts'
import { dayOf, partitionName } from './partition-day.ts'
import { qualifiedName } from './qualified-name.ts'
import type { RemovedDay } from './removed-days.ts'

/** A removal that was requested. */
export type Removal = Omit<RemovedDay, 'removedAt' | 'rows' | 'bytes'>

/**
 * Longest time that a removal waits for others. While it waits, no partition can be made, and a reader
 * that names the partition itself waits too. Readers and writers of the table do not.
 */
const PATIENCE_MS = 1000

/**
 * Removes a day's partition, starting where an earlier attempt stopped; null when another process
 * removed it meanwhile. Fails with 55P03 or 57014 when a transaction is in the way that may still see
 * the partition: the next attempt goes on from there.
 */
export async function removePartition(
  db: Kysely<GridDatabase>,
  removal: Removal,
): Promise<RemovedDay | null> {
  const { table, day } = removal
  const name = partitionName(table, dayOf(Date.parse(day)))
  const state = await stateOf(db, table, name)
  if (state === 'attached') await detach(db, removal, name)
  if (state === 'leaving') await finalizeDetach(db, table, name)
  return dropDetached(db, removal, name)
}

/** Completes an interrupted detachment, which blocks every other one of the table. */
export async function finalizeDetach(
  db: Kysely<GridDatabase>,
  table: PartitionedTable,
  name: string,
): Promise<void> {
  await db.transaction().execute(async (trx) => {
    await limitWaits(trx)
    const finalize = `alter table ${table} detach partition ${name} finalize`
    await trx.executeQuery(CompiledQuery.raw(finalize))
  })
}

/** Records the removal, then detaches the partition; if that changed nothing, deletes the record. */
async function detach(db: Kysely<GridDatabase>, removal: Removal, name: string): Promise<void> {
  const { table, day } = removal
  await record(db, removal)
  try {
    const parent = await qualifiedName(db, table)
    const partition = await qualifiedName(db, name)
    const statement = `alter table ${parent} detach partition ${partition} concurrently`
    await executeWithin(db, statement, { limitMs: PATIENCE_MS })
  } catch (error) {
    // If the record stayed, a later attempt would drop a partition that an operator detached to keep.
    if ((await stateOf(db, table, name)) === 'attached') {
      await sql`delete from removed_days
        where table_name = ${table} and day = ${day}::date and removed_at is null`.execute(db)
    }
    throw error
  }
}

/** Drops the table and records its rows and bytes, both or neither. */
function dropDetached(
  db: Kysely<GridDatabase>,
  removal: Removal,
  name: string,
): Promise<RemovedDay | null> {
  const { table, day } = removal
  return db.transaction().execute(async (trx) => {
    await limitWaits(trx)
    const { rows: asked } = await sql<{ exists: boolean }>`
      select to_regclass(${name}) is not null as exists from removed_days
      where table_name = ${table} and day = ${day}::date and removed_at is null
      for update`.execute(trx)
    const exists = asked[0]?.exists ?? (await stateOf(trx, table, name)) !== null
    // Another process dropped it and recorded that.
    if (asked.length === 0 && !exists) return null
    // Counted before the lock is taken: a reader of the partition would have to wait that long.
    await trx.executeQuery(CompiledQuery.raw(NO_STATEMENT_TIMEOUT))
    const rows = exists ? await countRows(trx, name) : null
    const bytes = exists ? await bytesOf(trx, name) : null
    await limitWaits(trx)
    if (exists) await trx.executeQuery(CompiledQuery.raw(`drop table ${name}`))
    await record(trx, removal)
    const { rows: done } = await sql<{ removed_at: string }>`
      update removed_days set removed_at = now(), row_count = ${rows}, bytes = ${bytes},
        repair_overdue = ${removal.repairOverdue}
      where table_name = ${table} and day = ${day}::date and removed_at is null
      returning (extract(epoch from removed_at) * 1000)::bigint::text as removed_at`.execute(trx)
    return { ...removal, removedAt: Number(done[0]?.removed_at), rows, bytes }
  })
}

async function record(db: Kysely<GridDatabase>, removal: Removal): Promise<void> {
  const { table, day, requestedBy, repairOverdue } = removal
  await sql`insert into removed_days (table_name, day, requested_by, repair_overdue)
    values (${table}, ${day}, ${requestedBy}, ${repairOverdue})
    on conflict (table_name, day) where removed_at is null do nothing`.execute(db)
}

async function stateOf(
  db: Kysely<GridDatabase>,
  table: PartitionedTable,
  name: string,
): Promise<PartitionState | null> {
  const partitions = await listPartitions(db, { table })
  return partitions.find((partition) => partition.name === name)?.state ?? null
}

/** Limits each wait for a lock, and a whole statement too: it may have to wait many times. */
async function limitWaits(trx: Kysely<GridDatabase>): Promise<void> {
  await sql`select set_config('lock_timeout', ${`${PATIENCE_MS}ms`}, true),
    set_config('statement_timeout', ${`${PATIENCE_MS}ms`}, true)`.execute(trx)
}
