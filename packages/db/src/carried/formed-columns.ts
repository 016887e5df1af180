import type { Column, WrittenColumn } from '../columns/column.ts'
import { type CarriedValues, FORM_COLUMN, ROW_FORM } from '../tables/shape/row-form.ts'
import type { FormedRows } from './fold-rows.ts'
import { freshFields } from './fresh-fields.ts'

/**
 * The columns that write these rows, in this order, in their forms: a delta's values that its message did
 * not carry become null. The rows are not copied, which would cost as much as encoding them.
 */
export function formedColumns<Row>(
  columns: readonly Column<Row>[],
  carried: CarriedValues<Row>,
  { rows, forms }: FormedRows<Row>,
): readonly WrittenColumn<Row>[] {
  const fields = freshFields(carried)
  const isLeftOut = rows.map((row, index) =>
    forms[index] === ROW_FORM.delta ? fields.of(row).isCarried : undefined,
  )
  const places = new Map<string, number>(carried.fields.map((field, place) => [field, place]))
  const narrowed = columns.map((column): WrittenColumn<Row> => {
    const { name, field, kind } = column
    const place = places.get(field)
    if (place === undefined) return column
    const pack = (row: Row, index: number) => (isLeftOut[index]?.[place] ? null : row[field])
    return { name, kind, pack }
  })
  return [...narrowed, { ...FORM_COLUMN, pack: (_, index) => forms[index] }]
}
