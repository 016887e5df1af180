import { CompiledQuery, type Kysely, sql } from 'kysely'
import type { AccountSchema } from '../schema/account-schema.ts'
import type { GridDatabase } from '../schema/database.ts'
import type { MarketSchema } from '../schema/market-schema.ts'
import { ACCOUNT_TABLES } from '../tables/account-tables.ts'
import { DAILY_TABLES } from '../tables/daily-tables.ts'
import type { EventTable, TableGrants } from '../tables/shape/event-table.ts'
import { lockSchema } from './lock-schema.ts'

/** The roles that operators give to login roles. They belong to the server. */
const ROLES = ['grid_owner', 'grid_writer', 'grid_reader'] as const

/** The tables that have no descriptor. The compiler finds a new one that is not listed below. */
type OtherTable = Exclude<keyof GridDatabase, keyof MarketSchema | keyof AccountSchema>

const OTHER_GRANTS: Readonly<Record<OtherTable, TableGrants>> = {
  grid_meta: { writer: 'select', reader: 'select' },
  dead_letters: { writer: 'select, insert, update', reader: 'select' },
  capture_gaps: { writer: 'select, insert, update', reader: 'select' },
  removed_days: { writer: 'select', reader: 'select' },
  journal_positions: { writer: 'select, insert, update', reader: 'select' },
  streams: { writer: 'select, insert', reader: 'select' },
  collectors: { writer: 'select, insert, update', reader: 'select' },
  wanted_spans: { writer: 'select, insert, update', reader: 'select' },
  coverage_lines: { writer: 'select, insert, update', reader: 'select' },
  collector_beats: { writer: 'select, insert, update', reader: 'select' },
  coverage_spans: { writer: 'select, insert, update', reader: 'select' },
  coverage_losses: { writer: 'select, insert, update', reader: 'select' },
  left_positions: { writer: 'select, insert, update', reader: 'select' },
  // What can be computed again.
  coverage_days: { writer: 'select, insert, update, delete', reader: 'select' },
  coverage_dirty: { writer: 'select, insert, update, delete', reader: 'select' },
  coverage_midnights: { writer: 'select, insert, delete', reader: 'select' },
  instruments: { writer: 'select, insert, update', reader: 'select' },
  instrument_lists: { writer: 'select, insert, update', reader: 'select' },
  users: { writer: 'select', reader: 'select' },
  bybit_accounts: { writer: 'select', reader: 'select' },
  api_credentials: { writer: 'select', reader: null },
  strategies: { writer: 'select', reader: 'select' },
  runs: { writer: 'select, insert, update', reader: 'select' },
}

/** What a role may do with each table, view and sequence. No role may delete what was captured. */
const GRANTS: ReadonlyMap<string, TableGrants> = new Map([
  ...Object.entries(OTHER_GRANTS),
  // It lets take the next number.
  ['coverage_ids', { writer: 'update', reader: null }],
  ...[...DAILY_TABLES, ...Object.values(ACCOUNT_TABLES)].flatMap(eventTableGrants),
])

function eventTableGrants({
  table,
  view,
  derives,
  grants,
}: Pick<EventTable<never>, 'table' | 'view' | 'derives' | 'grants'>): [string, TableGrants][] {
  const of = (name: string | undefined, may: TableGrants): [string, TableGrants][] =>
    name === undefined ? [] : [[name, may]]
  return [
    ...of(table, grants),
    ...of(view, { writer: 'select', reader: 'select' }),
    ...of(derives?.table, grants),
  ]
}

/**
 * Makes the roles where the user may, grants their privileges where they exist, and lets row security
 * bind the tables' owner where that is a member of `grid_owner`. Gives warnings about what it could not
 * do.
 *
 * It changes only what is missing, and nothing when somebody else owns the tables. Another database of
 * the server may have made the roles before, or may do so at the same time.
 */
export async function grantRoles(
  trx: Kysely<GridDatabase>,
  onWait?: (pids: readonly number[]) => void,
): Promise<readonly string[]> {
  const { rows } = await sql<{ owns: boolean; me: string; schema: string }>`
    select pg_has_role(current_user, relowner, 'usage') as owns, current_user::text as me,
      nspname::text as schema
    from pg_class join pg_namespace on pg_namespace.oid = relnamespace
    where pg_class.oid = to_regclass('users')`.execute(trx)
  const [owner] = rows
  if (!owner?.owns) return []
  for (const role of ROLES) await makeRole(trx, role)
  const present = await presentRoles(trx)
  const absent = ROLES.filter((role) => !present.has(role))
  const isBound = present.get('grid_owner') === true && absent.length === 0
  const statements = [
    ...(present.has('grid_writer') ? await grants(trx, 'grid_writer', 'writer', owner.schema) : []),
    ...(present.has('grid_reader') ? await grants(trx, 'grid_reader', 'reader', owner.schema) : []),
    ...(isBound ? await forcedRowSecurity(trx) : []),
  ]
  // Two that change the same rows of the catalog at once would fail.
  if (statements.length > 0) await lockSchema(trx, onWait)
  for (const statement of statements) await trx.executeQuery(CompiledQuery.raw(statement))
  if (absent.length > 0) {
    return [
      `${owner.me} may not create the roles ${absent.join(', ')}: have them created and migrate ` +
        'again. Until then row security does not bind the owner of the tables',
    ]
  }
  if (isBound) return []
  return [
    `row security does not bind ${owner.me}, which owns the tables: to have it do so, grant it ` +
      'grid_owner, and grid_writer if it captures, and migrate again',
  ]
}

async function makeRole(trx: Kysely<GridDatabase>, role: string): Promise<void> {
  // Only a superuser may give bypassrls. Without it the policies let members of grid_writer through.
  const bypass = role === 'grid_writer' ? 'bypassrls' : ''
  const statement = `do $$
    begin
      if exists (select from pg_roles where rolname = '${role}') then return; end if;
      begin
        create role ${role} nologin ${bypass};
      exception when insufficient_privilege then
        create role ${role} nologin;
      end;
    exception
      when insufficient_privilege then null;
      -- The migration of another database of this server was faster.
      when duplicate_object or unique_violation then null;
    end $$`
  await trx.executeQuery(CompiledQuery.raw(statement))
}

/** The roles that exist, and whether the current user is a member of each. */
async function presentRoles(trx: Kysely<GridDatabase>): Promise<ReadonlyMap<string, boolean>> {
  const { rows } = await sql<{ name: string; is_member: boolean }>`
    select rolname::text as name, pg_has_role(current_user, oid, 'usage') as is_member
    from pg_roles where rolname in (${sql.join([...ROLES])})`.execute(trx)
  return new Map(rows.map(({ name, is_member }) => [name, is_member]))
}

/** The statements that give a role what it lacks. */
async function grants(
  trx: Kysely<GridDatabase>,
  role: string,
  kind: 'writer' | 'reader',
  schema: string,
): Promise<readonly string[]> {
  const wanted = [...GRANTS].flatMap(([table, { [kind]: privileges }]) =>
    privileges === null ? [] : privileges.split(', ').map((privilege) => ({ table, privilege })),
  )
  const { rows } = await sql<{ statement: string }>`
    select format('grant %s on %I to %I', privilege, "table", ${role}::text) as statement
    from jsonb_to_recordset(${JSON.stringify(wanted)}::jsonb)
      as wanted ("table" text, privilege text)
    where not has_table_privilege(${role}, "table", privilege)
    union all
    select format('grant usage on schema %I to %I', ${schema}::text, ${role}::text)
    where not has_schema_privilege(${role}, ${schema}, 'usage')`.execute(trx)
  return rows.map(({ statement }) => statement)
}

/** The statements that let row security bind the owner of every table that has it. */
async function forcedRowSecurity(trx: Kysely<GridDatabase>): Promise<readonly string[]> {
  const { rows } = await sql<{ statement: string }>`
    select format('alter table %I force row level security', relname) as statement from pg_class
    where relnamespace = (select relnamespace from pg_class where oid = to_regclass('users'))
      and relname in (${sql.join([...GRANTS.keys()])})
      and relrowsecurity and not relforcerowsecurity`.execute(trx)
  return rows.map(({ statement }) => statement)
}
