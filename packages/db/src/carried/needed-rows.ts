import type { Column } from '../columns/column.ts'
import { listText, sqlText } from '../columns/sql-text.ts'
import { IS_BASE } from '../tables/shape/based-lookup.ts'
import {
  columnOf,
  type DailyTable,
  reversed,
  type StoredRow,
  sourceSql,
} from '../tables/shape/event-table.ts'
import type { Lookup, SqlInterval } from '../tables/shape/lookup.ts'
import { type CarriedValues, FORM_COLUMN, ROW_FORM } from '../tables/shape/row-form.ts'

/** Which rows are wanted. */
export interface NeededRows<Row extends StoredRow> {
  readonly target: DailyTable<Row>
  readonly carried: CarriedValues<Row>
  readonly lookup: Lookup
  readonly columns: readonly Column<Row>[]
  /** SQL of the instrument. */
  readonly symbol: string
  /** SQL of the start of a UTC day, and of the end. */
  readonly interval: SqlInterval
}

/**
 * SQL that gives the newest row of an instrument in an interval, and the rows before it that make it
 * whole: from the last base on those with a value that no later one has. Their order is not told.
 */
export function neededRowsSql<Row extends StoredRow>({
  target,
  carried,
  lookup,
  columns,
  symbol,
  interval: { starts, ends },
}: NeededRows<Row>): string {
  const names = listText([...columns.map(({ name }) => name), FORM_COLUMN.name])
  const { name: mask } = columnOf(target, carried.maskField)
  const order = ['exchange_ts desc', ...reversed(target.order)].join(', ')
  // The days are named as well as the instant of the base, which the planner does not know.
  return sqlText`
    select
      ${names}
    from (
      select exchange_ts
      from ${target.table}
      where category = $1::text and symbol = ${symbol}
        and ${IS_BASE}
        and exchange_ts >= ${starts} and exchange_ts < ${ends}
      order by exchange_ts desc
      limit 1
    ) as base (ts)
    cross join lateral (
      select *, row_number() over newer as place, bit_or(told) over newer as told_later
      from (
        select
          ${names},
          case ${FORM_COLUMN.name} when ${String(ROW_FORM.delta)} then ${mask} when ${String(ROW_FORM.apart)} then 0 else -1 end as told
        from ${sourceSql(target)}
        where ${lookup.ofSymbol(symbol, { starts: 'base.ts', ends })}
          and exchange_ts >= ${starts}
      ) as ${target.table}
      window newer as (order by ${order} rows between unbounded preceding and 1 preceding)
    ) as row
    where place = 1 or told & ~coalesce(told_later, 0) <> 0`
}
