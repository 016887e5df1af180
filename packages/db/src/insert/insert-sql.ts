import { insertSql, type WrittenColumn } from '../columns/column.ts'
import { columnOf, type EventTable, type StoredRow } from '../tables/shape/event-table.ts'
import { differsSql } from './row-differences.ts'

/**
 * SQL that inserts rows and passes over those whose key is there, or fills what is null in them.
 *
 * Where rows may be filled, or others are derived from them, it answers with their numbers, `inserted`
 * and `merged`: an update counts as affected like an insert. Else it answers with none, and no row
 * waits for a lock.
 */
export function eventInsertSql<Row extends StoredRow>(
  target: EventTable<Row>,
  columns: readonly WrittenColumn<Row>[],
  alike: ReadonlySet<WrittenColumn<Row>>,
): { readonly sql: string; readonly answersCounts: boolean } {
  if (target.derives !== undefined) {
    const sql =
      `with written as (${insertSql(target.table, columns, { alike })} returning stored.*), ` +
      `derived as (${target.derives.sql}) ` +
      'select count(*)::integer as inserted, 0 as merged from written'
    return { sql, answersCounts: true }
  }
  const offered = new Set(columns.map((column) => ('field' in column ? column.field : null)))
  const fills = (target.fills ?? [])
    .filter((field) => offered.has(field))
    .map((field) => columnOf(target, field).name)
  if (fills.length === 0) {
    return { sql: insertSql(target.table, columns, { alike }), answersCounts: false }
  }
  const value = (row: string) => (field: string) => {
    const column = columns.find((candidate) => 'field' in candidate && candidate.field === field)
    // What no row of the batch knows differs from nothing.
    return column === undefined ? 'null' : `${row}.${column.name}`
  }
  const differs = target.immutable.map((field) =>
    differsSql(field, value('stored'), value('excluded'), 'excluded'),
  )
  const isFilled = fills.map((name) => `stored.${name} is null and excluded.${name} is not null`)
  const merge =
    `(${target.key.map((field) => columnOf(target, field).name).join(', ')}) do update set ` +
    `${fills.map((name) => `${name} = coalesce(stored.${name}, excluded.${name})`).join(', ')} ` +
    `where (${isFilled.join(' or ')}) and (${['false', ...differs].join(' or ')}) is not true`
  // A row version that an update made carries the lock that its conflict took; a new one carries none.
  const sql =
    `with written as (${insertSql(target.table, columns, { alike, onConflict: merge })} returning xmax = 0 as is_new) ` +
    'select count(*) filter (where is_new)::integer as inserted, ' +
    'count(*) filter (where not is_new)::integer as merged from written'
  return { sql, answersCounts: true }
}
