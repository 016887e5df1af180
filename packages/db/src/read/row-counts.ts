import type { Column } from '../columns/column.ts'
import { sqlText } from '../columns/sql-text.ts'
import { type DailyTable, type StoredRow, sourceSql } from '../tables/shape/event-table.ts'
import { BIN_SQL, type BinTarget } from './time-bins.ts'

/** How many rows lie in an interval. */
export interface RowCount {
  /** Start of the interval in epoch milliseconds. */
  readonly startTs: number
  readonly count: number
}

const COLUMNS: readonly Column<RowCount>[] = [
  { name: 'start_ts', field: 'startTs', kind: 'ms' },
  { name: 'count', field: 'count', kind: 'bigint' },
]

/** Counts the rows of a table in each bin. */
export function countTarget<Row extends StoredRow>(target: DailyTable<Row>): BinTarget<RowCount> {
  return {
    target,
    columns: COLUMNS,
    sql: (lookup) => sqlText`
      select ${BIN_SQL} as start_ts, count(*) as count
      from ${sourceSql(target)}
      where ${lookup.ofSymbol('$2')}
      group by start_ts
      order by start_ts`,
  }
}
