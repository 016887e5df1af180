import { CompiledQuery, type Kysely } from 'kysely'
import { type Column, decodeRow, selectListSql, type TextRow } from '../columns/column.ts'
import { sqlText } from '../columns/sql-text.ts'
import type { GridDatabase } from '../schema/database.ts'
import type { TenantScope } from '../schema/tenant-scope.ts'
import type { EventTable, StoredRow } from '../tables/shape/event-table.ts'

/** A stored event of an account, with the run that was going on at its time; null when none is known. */
export type Attributed<Event> = Event & { readonly runId: string | null }

/** A comparison of a column with a value. Without a value it is no condition. */
export interface Condition {
  readonly column: string
  readonly type: 'text' | 'uuid' | 'integer' | 'timestamptz'
  /** Default `=`. */
  readonly operator?: '=' | '<=' | '<' | '>='
  readonly value: string | number | undefined
}

/** Which rows of a tenant to read. */
export interface AccountRowsQuery {
  readonly conditions: readonly Condition[]
  /** SQL terms, with the table's name before each column. */
  readonly orderBy: readonly string[]
  /** SQL of one more condition. */
  readonly where?: string
  /** SQL terms: only the first row of each value of these is read. `orderBy` begins with them. */
  readonly distinctOn?: readonly string[]
  /** Reads another table that has the same columns. */
  readonly table?: keyof GridDatabase
  readonly limit?: number
}

/** An instant as a parameter. */
export function instant(epochMs: number): string {
  return new Date(epochMs).toISOString()
}

/** Reads rows of the user's accounts that meet the conditions; never rows of another user. */
export async function readAccountRows<Event extends StoredRow>(
  db: Kysely<GridDatabase>,
  target: EventTable<Event>,
  scope: TenantScope,
  query: AccountRowsQuery,
): Promise<Attributed<Event>[]> {
  const { sql, parameters } = accountRowsSql(target, scope, query)
  const { rows } = await db.executeQuery<TextRow>(CompiledQuery.raw(sql, [...parameters]))
  return rows.map((row) => attributedOf(target, row))
}

function accountRowsSql<Event extends StoredRow>(
  target: EventTable<Event>,
  scope: TenantScope,
  query: AccountRowsQuery,
): OwnRowsSql {
  const { table = target.table, distinctOn, orderBy, limit } = query
  const { sql: where, parameters } = ownRowsSql(table, scope, query)
  const sql = sqlText`
    select ${distinctOn === undefined ? '' : `distinct on (${distinctOn.join(', ')})`}
      ${selectListSql(attributedColumns(target))}
    from ${table}
    where ${where}
    order by ${orderBy.join(', ')}
    ${limit === undefined ? '' : `limit ${limit}`}`
  return { sql, parameters }
}

/** SQL with its parameters. */
interface OwnRowsSql {
  readonly sql: string
  readonly parameters: readonly (string | number)[]
}

/** SQL condition of the rows of the user's accounts that meet the conditions, with its parameters. */
export function ownRowsSql(
  table: string,
  { userId }: TenantScope,
  { conditions, where }: Pick<AccountRowsQuery, 'conditions' | 'where'>,
): OwnRowsSql {
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
  return { sql: terms.join('\n  and '), parameters }
}

/** The columns of an event's row, its run included. */
export function attributedColumns<Event extends StoredRow>({
  columns,
}: EventTable<Event>): readonly Column<Attributed<Event>>[] {
  return [...columns, { name: 'run_id', field: 'runId', kind: 'text' }]
}

/** Makes the event of a row that was read as text. */
export function attributedOf<Event extends StoredRow>(
  target: EventTable<Event>,
  row: TextRow,
): Attributed<Event> {
  // Sound: the table holds events of this channel only.
  const event: unknown = { channel: target.channel, ...decodeRow(attributedColumns(target), row) }
  return event as Attributed<Event>
}
