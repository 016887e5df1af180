import type { FormedRows } from '../carried/fold-rows.ts'
import type { Column } from '../columns/column.ts'
import { FORM_COLUMN } from '../tables/shape/row-form.ts'
import { decodePage, decodeValues, type PageTexts, pageSql } from './column-page.ts'

/** SQL of a page, as `pageSql` makes it, of rows that may leave values to the rows before them. */
export function formedPageSql<Row>(columns: readonly Column<Row>[], rowsSql: string): string {
  return pageSql([...columns, FORM_COLUMN], rowsSql)
}

/** Makes the stored rows of such a page. */
export function decodeFormed<Row>(
  columns: readonly Column<Row>[],
  page: PageTexts,
  constants: Partial<Row>,
): FormedRows<Row> {
  // Sound: the column holds numbers, and is never null.
  const forms = decodeValues(page, FORM_COLUMN) as readonly number[]
  return { rows: decodePage(columns, page, constants), forms }
}
