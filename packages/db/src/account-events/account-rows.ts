import { CompiledQuery, type Kysely } from 'kysely'
import { type Column, decodeRow, selectSql, type TextRow } from '../columns/column.ts'
import type { GridDatabase } from '../schema/database.ts'
import type { TenantScope } from '../schema/tenant-scope.ts'
import type { EventTable, StoredRow } from '../tables/shape/event-table.ts'

/** An account's event as stored: with the run that was going on at its time, null when none is known. */
export type Attributed<Event> = Event & { readonly runId: string | null }

/** A condition that a column equals a value; without one there is no condition. */
export interface Condition {
  readonly column: string
  readonly type: 'text' | 'uuid' | 'integer' | 'timestamptz'
  readonly operator?: '=' | '<=' | '<' | '>='
  readonly value: string | number | undefined
}

/** Which rows of a tenant to read. */
export interface AccountRowsQuery {
  readonly conditions: readonly Condition[]
  /** SQL, of columns under the table's name. */
  readonly orderBy: readonly string[]
  /** SQL of one more condition. */
  readonly where?: string
  /** SQL of columns of which only the first row of each value is wanted; they lead `orderBy`. */
  readonly distinctOn?: readonly string[]
  /** Another table with the same columns. */
  readonly table?: keyof GridDatabase
  readonly limit?: number
}

/** An instant as a parameter. */
export function instant(epochMs: number): string {
  return new Date(epochMs).toISOString()
}

/** Reads rows of the user's accounts, and of no other's, whatever the conditions say. */
export async function readAccountRows<Event extends StoredRow>(
  db: Kysely<GridDatabase>,
  target: EventTable<Event>,
  scope: TenantScope,
  query: AccountRowsQuery,
): Promise<Attributed<Event>[]> {
  const { table = target.table, distinctOn, orderBy, limit } = query
  const { sql: where, parameters } = ownRowsSql(table, scope, query)
  const columns = attributedColumns(target)
  const distinct = distinctOn ? `select distinct on (${distinctOn.join(', ')}) ` : 'select '
  const { rows } = await db.executeQuery<TextRow>(
    CompiledQuery.raw(
      `${selectSql(table, columns).replace(/^select /, distinct)} where ${where} ` +
        `order by ${orderBy.join(', ')}${limit === undefined ? '' : ` limit ${limit}`}`,
      [...parameters],
    ),
  )
  return rows.map((row) => attributedOf(target, row))
}

/** SQL that is true of rows of the user's accounts that meet the conditions, and its parameters. */
export function ownRowsSql(
  table: string,
  { userId }: TenantScope,
  { conditions, where }: Pick<AccountRowsQuery, 'conditions' | 'where'>,
): { readonly sql: string; readonly parameters: readonly (string | number)[] } {
  const parameters: (string | number)[] = [userId]
  const terms = [
    `${table}.account_id in (select account_id from bybit_accounts where user_id = $1::uuid)`,
  ]
  for (const { column, type, operator = '=', value } of conditions) {
    if (value === undefined) continue
    parameters.push(value)
    terms.push(`${table}.${column} ${operator} $${parameters.length}::${type}`)
  }
  if (where !== undefined) terms.push(`(${where})`)
  return { sql: terms.join(' and '), parameters }
}

/** The columns of an event's row, its run included. */
export function attributedColumns<Event extends StoredRow>({
  columns,
}: EventTable<Event>): readonly Column<Attributed<Event>>[] {
  return [...columns, { name: 'run_id', field: 'runId', kind: 'text' }]
}

/** A row that was read as text, as an event. */
export function attributedOf<Event extends StoredRow>(
  target: EventTable<Event>,
  row: TextRow,
): Attributed<Event> {
  // Sound: the table holds nothing but events of this channel.
  const event: unknown = { channel: target.channel, ...decodeRow(attributedColumns(target), row) }
  return event as Attributed<Event>
}
