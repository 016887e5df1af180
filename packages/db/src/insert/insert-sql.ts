import { insertSql, type WrittenColumn } from '../columns/column.ts'
import { sqlText } from '../columns/sql-text.ts'
import { columnOf, type EventTable, type StoredRow } from '../tables/shape/event-table.ts'
import { fillOf } from './fill-sql.ts'
import { differsSql } from './row-differences.ts'

/** The statement that inserts a batch. */
interface InsertStatement {
  /** One array parameter a column, in the order of the columns. */
  readonly sql: string
  /**
   * Whether the answer is a row of `inserted` and `merged`. Otherwise the number of affected rows is
   * the number of inserted ones, and no stored row is locked.
   */
  readonly answersCounts: boolean
}

/**
 * Gives the statement that inserts rows of a table. A row whose key is stored already is passed over,
 * or fills what is null in the stored row where the table `fills`.
 */
export function eventInsertSql<Row extends StoredRow>(
  target: EventTable<Row>,
  columns: readonly WrittenColumn<Row>[],
  alike: ReadonlySet<WrittenColumn<Row>>,
): InsertStatement {
  const { table, derives } = target
  if (derives !== undefined) {
    const sql = sqlText`
      with written as (
        ${insertSql(table, columns, { alike })}
        returning stored.*
      ),
      derived as (
        ${derives.sql}
      )
      select count(*)::integer as inserted, 0 as merged
      from written`
    return { sql, answersCounts: true }
  }
  const offered = new Set(columns.map((column) => ('field' in column ? column.field : null)))
  const fills = (target.fills ?? []).filter((field) => offered.has(field))
  if (fills.length === 0) {
    return { sql: insertSql(table, columns, { alike }), answersCounts: false }
  }
  // Inserted and updated rows both count as affected. xmax tells them apart: it is 0 in a new row, and
  // in an updated one it holds the lock that its conflict took.
  const sql = sqlText`
    with written as (
      ${insertSql(table, columns, { alike, onConflict: fillSql(target, columns, fills) })}
      returning xmax = 0 as is_new
    )
    select count(*) filter (where is_new)::integer as inserted,
      count(*) filter (where not is_new)::integer as merged
    from written`
  return { sql, answersCounts: true }
}

/** SQL, after `on conflict`, that fills the columns of a stored row that are null or say nothing. */
function fillSql<Row extends StoredRow>(
  target: EventTable<Row>,
  columns: readonly WrittenColumn<Row>[],
  fills: readonly (keyof Row & string)[],
): string {
  const columnFills = fills.map((field) => fillOf(target, field, 'excluded'))
  const valueIn = (row: string) => (field: string) => {
    const column = columns.find((candidate) => 'field' in candidate && candidate.field === field)
    // A column that the batch leaves out is null in all its rows, and null differs from nothing.
    return column === undefined ? 'null' : `${row}.${column.name}`
  }
  const differs = target.immutable.map((field) =>
    differsSql(field, valueIn('stored'), valueIn('excluded'), 'excluded'),
  )
  const key = target.key.map((field) => columnOf(target, field).name)
  return sqlText`
    (${key.join(', ')}) do update set
      ${columnFills.map(({ set }) => set).join(',\n')}
    where (
      ${columnFills.map(({ isFilled }) => isFilled).join('\nor ')}
    ) and (
      ${['false', ...differs].join('\nor ')}
    ) is not true`
}
