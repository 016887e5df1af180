import { CompiledQuery, type Kysely, sql } from 'kysely'
import { NO_STATEMENT_TIMEOUT } from '../connection/limit-silence.ts'
import type { GridDatabase } from '../schema/database.ts'

/** Waits for another process that makes it, and then leaves it as that made it. */
const CREATE_META = `do $$
  begin
    create table grid_meta (
      only_row boolean primary key default true check (only_row),
      environment text,
      schema_version integer not null,
      min_reader integer not null,
      min_writer integer not null
    );
    insert into grid_meta (schema_version, min_reader, min_writer) values (0, 0, 0);
  exception when duplicate_table or unique_violation then null;
  end $$`

/**
 * Lets one process at a time change the schema, until the transaction ends, and makes `grid_meta` where it
 * is missing. `onWait` is told the server's processes that have to end first.
 *
 * The lock is that of a table, because it needs the right to change the table: an advisory lock may be held
 * by any login of the server, for ever.
 */
export async function lockSchema(
  trx: Kysely<GridDatabase>,
  onWait?: (pids: readonly number[]) => void,
): Promise<void> {
  // A migration may be long.
  await trx.executeQuery(CompiledQuery.raw(NO_STATEMENT_TIMEOUT))
  const pids = onWait === undefined ? [] : await holdersOf(trx)
  if (pids.length > 0) onWait?.(pids)
  const { rows } = await sql<{ missing: boolean }>`
    select to_regclass('grid_meta') is null as missing`.execute(trx)
  if (rows[0]?.missing) await trx.executeQuery(CompiledQuery.raw(CREATE_META))
  // It conflicts with itself, and neither with readers nor with writers.
  await sql`lock table grid_meta in share update exclusive mode`.execute(trx)
}

async function holdersOf(trx: Kysely<GridDatabase>): Promise<readonly number[]> {
  const { rows } = await sql<{ pid: number }>`
    select distinct pid from pg_locks
    where locktype = 'relation' and relation = to_regclass('grid_meta')
      and database = (select oid from pg_database where datname = current_database())
      and granted and pid <> pg_backend_pid()
      and mode not in ('AccessShareLock', 'RowShareLock', 'RowExclusiveLock')
    order by pid`.execute(trx)
  return rows.map(({ pid }) => pid)
}
