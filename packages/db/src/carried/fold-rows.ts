import { type CarriedValues, ROW_FORM } from '../tables/shape/row-form.ts'
import { type FreshFields, freshFields } from './fresh-fields.ts'

/** Rows as they are stored. */
export interface FormedRows<Row> {
  readonly rows: readonly Row[]
  /** The form of each row. */
  readonly forms: readonly number[]
}

/** What the fold needs of a row. */
interface FoldedRow {
  readonly symbol: string
  readonly exchangeTs: number
}

/**
 * Makes whole rows of stored ones: what a row leaves out is taken from the rows before it, of the same
 * instrument. Rows must come in the order in which they are read.
 */
export class RowFold<Row extends FoldedRow> {
  readonly #fields: FreshFields<Row>
  /** The last row of each symbol that others build on. */
  readonly #known = new Map<string, Row>()

  constructor(values: CarriedValues<Row>) {
    this.#fields = freshFields(values)
  }

  /** Completes rows in place, which must be the caller's own, and keeps what was known before them. */
  complete(stored: FormedRows<Row>): readonly Row[] {
    const last = new Map(this.#known)
    for (const [index, row] of stored.rows.entries()) {
      const form = stored.forms[index]
      if (form === ROW_FORM.apart) continue
      if (form === ROW_FORM.delta) this.#fill(row, last.get(row.symbol))
      last.set(row.symbol, row)
    }
    return stored.rows
  }

  /** Takes note of completed rows before an instant, so that later rows can build on them. */
  learn({ rows, forms }: FormedRows<Row>, beforeTs: number): void {
    for (const [index, row] of rows.entries()) {
      if (row.exchangeTs < beforeTs && forms[index] !== ROW_FORM.apart) {
        this.#known.set(row.symbol, row)
      }
    }
  }

  #fill(row: Row, before: Row | undefined): void {
    if (before === undefined) return
    for (const field of this.#fields.of(row).carried) row[field] = before[field]
  }
}

/** Sorts stored rows. */
export function inOrder<Row>(
  { rows, forms }: FormedRows<Row>,
  compare: (a: Row, b: Row) => number,
): FormedRows<Row> {
  const sorted = rows
    .map((row, index) => ({ row, form: forms[index] ?? ROW_FORM.base }))
    .sort((a, b) => compare(a.row, b.row))
  return { rows: sorted.map(({ row }) => row), forms: sorted.map(({ form }) => form) }
}
