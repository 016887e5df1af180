import { neededRowsSql } from '../carried/needed-rows.ts'
import type { Column } from '../columns/column.ts'
import { listText, sqlText } from '../columns/sql-text.ts'
import { type DailyTable, type StoredRow, sourceSql } from '../tables/shape/event-table.ts'
import type { Lookup } from '../tables/shape/lookup.ts'
import { type CarriedValues, FORM_COLUMN } from '../tables/shape/row-form.ts'

/** Which columns of which rows a window's statement reads, and how it finds them. */
export interface WindowStatement<Row extends StoredRow> {
  readonly target: DailyTable<Row>
  readonly columns: readonly Column<Row>[]
  readonly lookup: Lookup
  /** Whether `$2` is one symbol, or an array of symbols. */
  readonly isOfOne: boolean
}

/**
 * SQL of the rows of a window: of category `$1` and symbol, or array of symbols, `$2`, from `$3` to
 * before `$4`, at most `$5` (null: all). The times are parameters of every statement, so that the planner
 * touches the partition of their day only. With forms it also reads how each row is stored.
 */
export function windowSql<Row extends StoredRow>(
  { target, columns, lookup, isOfOne }: WindowStatement<Row>,
  withForms = false,
): string {
  const wanted = isOfOne ? lookup.ofSymbol('$2') : lookup.ofSymbols()
  // Rows of one symbol come from the index in order; those of several must be sorted.
  const first = isOfOne ? lookup.timeOrder : ['exchange_ts', 'symbol']
  const names = [...columns.map(({ name }) => name), ...(withForms ? [FORM_COLUMN.name] : [])]
  return sqlText`
    select
      ${listText(names)}
    from ${sourceSql(target)}
    where ${wanted}
    order by ${[...first, ...target.order].join(', ')}
    limit $5::bigint`
}

/**
 * SQL of the rows of a window, after those that make them whole, which are looked for from the start of
 * their day `$6` on. One statement, so that no row comes in between.
 */
export function wholeWindowSql<Row extends StoredRow>(
  statement: WindowStatement<Row>,
  carried: CarriedValues<Row>,
): string {
  const { isOfOne } = statement
  const symbol = isOfOne ? '$2' : 'wanted.symbol'
  const interval = { starts: '$6::timestamptz', ends: '$3::timestamptz' }
  const needed = neededRowsSql({ ...statement, carried, symbol, interval })
  const ofEach = sqlText`
    select needed.*
    from unnest($2::text[]) as wanted (symbol)
    cross join lateral (
      ${needed}
    ) as needed`
  return sqlText`
    (
      ${isOfOne ? needed : ofEach}
    )
    union all
    (
      ${windowSql(statement, true)}
    )`
}
