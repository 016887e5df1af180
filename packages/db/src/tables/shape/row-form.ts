/** How a row is stored in a table whose rows may leave values to the rows before them. */
export const ROW_FORM = {
  /** Whole. Rows after it build on it, and a search for what they build on begins at it. */
  base: 0,
  /** Holds the values that its message carried; the others are those of the rows before it. */
  delta: 1,
  /** Whole, but the rows after it do not build on it: they were stored before it came. */
  apart: 2,
  /** Whole. Rows after it build on it, but the search begins at the base before it. */
  whole: 3,
} as const

/** One of {@link ROW_FORM}. */
export type RowForm = (typeof ROW_FORM)[keyof typeof ROW_FORM]

/** The column that says how a row is stored. */
export const FORM_COLUMN = { name: 'form', kind: 'integer' } as const

/** Which values a row may leave to the rows before it, of the same instrument and UTC day. */
export interface CarriedValues<Row> {
  /** The fields of those values. */
  readonly fields: readonly (keyof Row & string)[]
  /** The field, and column, of the bitmask that names the values that a row's message carried. */
  readonly maskField: keyof Row & string
  /** The bit of a field in the mask. */
  readonly bitOf: (field: string) => number
  /** SQL functions on rows of the table: an aggregate that folds them, and its step. */
  readonly inSql: { readonly aggregate: string; readonly step: string }
  /** Whether a row's message told the whole state. */
  readonly isWhole: (row: Row) => boolean
}
