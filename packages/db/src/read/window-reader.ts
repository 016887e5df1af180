import type { Category } from '@grid/core-events'
import { CompiledQuery, type Kysely } from 'kysely'
import { encodeTexts } from '../columns/encoding/encode-varying.ts'
import { type Interval, timeTexts } from '../partitions/stored-days.ts'
import type { GridDatabase } from '../schema/database.ts'
import type { DailyTable } from '../tables/shape/event-table.ts'
import { CarriedWindows, type WindowPages } from './carried-windows.ts'
import { decodePage, type PageTexts, pageSql } from './column-page.ts'
import type { SymbolRow } from './symbol-query.ts'
import { windowSql } from './window-sql.ts'

/** Which rows of a table to read. */
export interface RowScope<Row extends SymbolRow> {
  readonly target: DailyTable<Row>
  readonly category: Category
  readonly symbols: readonly string[]
}

/** Reads the rows of a window of time within a UTC day, in total order; at most `limit`, null for all. */
export type ReadWindow<Row> = (window: Interval, limit: number | null) => Promise<readonly Row[]>

/** Makes the function that reads windows of some instruments, one after the other, within an interval. */
export function windowReader<Row extends SymbolRow>(
  db: Kysely<GridDatabase>,
  { target, category, symbols }: RowScope<Row>,
  interval: Interval,
): ReadWindow<Row> {
  const [symbol = '', ...others] = new Set(symbols)
  const isOfOne = symbols.length > 0 && others.length === 0
  const scope = [category, isOfOne ? symbol : encodeTexts([...symbols])]
  // Sound: the table holds events of this channel only.
  const known = { channel: target.channel, category, ...(isOfOne ? { symbol } : {}) }
  const constants = known as unknown as Partial<Row>
  const columns = target.columns.filter(({ field }) => !Object.hasOwn(known, field))
  const fetch = async (sql: string, parameters: readonly unknown[]): Promise<PageTexts> => {
    const query = CompiledQuery.raw(sql, [...scope, ...parameters])
    const { rows } = await db.executeQuery<PageTexts>(query)
    return rows[0] ?? {}
  }
  const pages: WindowPages<Row> = { target, columns, constants, isOfOne, fetch }
  if (target.carried !== undefined) {
    const windows = new CarriedWindows(db, pages, target.carried, interval)
    return (window, limit) => windows.read(window, limit)
  }
  const sql = pageSql(columns, windowSql({ ...pages, lookup: target.lookup }))
  return async (window, limit) =>
    decodePage(columns, await fetch(sql, [...timeTexts(window), limit]), constants)
}
