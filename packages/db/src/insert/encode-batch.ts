import type { WrittenColumn } from '../columns/column.ts'
import { COLUMN_KINDS } from '../columns/column-kind.ts'
import { MOST_PARAMETER_BYTES, type Values } from '../columns/encoding/array-parameter.ts'
import { DatabaseError } from '../errors.ts'

/** A column of a batch with its value of every row, or one where all rows have the same. */
interface BatchColumn<Row> {
  readonly column: WrittenColumn<Row>
  readonly values: readonly unknown[]
}

/** A batch as it is sent. */
export interface EncodedBatch<Row> {
  /** Those of which a row has a value: others cost the server time for nothing, as most of a ticker's. */
  readonly columns: readonly WrittenColumn<Row>[]
  /** Those of which all rows have one value: it travels once. */
  readonly alike: ReadonlySet<WrittenColumn<Row>>
  /** A parameter a column. */
  readonly arrays: readonly Buffer[]
}

/** Encodes a batch of rows for an insert. Throws as {@link columnArrays} does. */
export function encodeBatch<Row>(
  columns: readonly WrittenColumn<Row>[],
  rows: readonly Row[],
): EncodedBatch<Row> {
  const batch = batchColumns(columns, rows)
    .filter((column) => !isBlank(column))
    .map(onceIfAlike)
  return {
    columns: batch.map(({ column }) => column),
    alike: new Set(
      batch.filter(({ values }) => values.length < rows.length).map(({ column }) => column),
    ),
    arrays: batchArrays(batch, rows.length),
  }
}

/**
 * One array parameter a column, in PostgreSQL's binary format.
 *
 * Throws `NOT_ENCODABLE` for a value that is not of its column's kind, and for more bytes than
 * PostgreSQL takes at once, nearly 1 GiB: fewer rows may do.
 */
export function columnArrays<Row>(
  columns: readonly WrittenColumn<Row>[],
  rows: readonly Row[],
): readonly Buffer[] {
  return batchArrays(batchColumns(columns, rows), rows.length)
}

function batchColumns<Row>(
  columns: readonly WrittenColumn<Row>[],
  rows: readonly Row[],
): readonly BatchColumn<Row>[] {
  return columns.map((column) => ({
    column,
    values: naming(column, rows.length, () =>
      rows.map('pack' in column ? column.pack : (row) => row[column.field]),
    ),
  }))
}

function isBlank({ values }: BatchColumn<never>): boolean {
  return values.every((value) => (value ?? null) === null)
}

function onceIfAlike<Row>(batch: BatchColumn<Row>): BatchColumn<Row> {
  const [first] = batch.values
  return batch.values.every((value) => value === first) ? { ...batch, values: [first] } : batch
}

function batchArrays<Row>(batch: readonly BatchColumn<Row>[], rows: number): readonly Buffer[] {
  let bytes = 0
  return batch.map(({ column, values }) =>
    naming(column, rows, () => {
      // Sound: what is of another type is refused.
      const parameter = COLUMN_KINDS[column.kind].encode(values as Values<never>)
      bytes += parameter.byteLength
      if (bytes > MOST_PARAMETER_BYTES) throw new RangeError(`${bytes} bytes are too many`)
      return parameter
    }),
  )
}

/** Does what may fail for a value of a column: an error names the column. */
function naming<Row, Result>(
  { name }: WrittenColumn<Row>,
  rows: number,
  work: () => Result,
): Result {
  try {
    return work()
  } catch (cause) {
    throw new DatabaseError('NOT_ENCODABLE', `column ${name} of ${rows} rows: ${cause}`, {
      cause,
      context: { column: name, rows },
    })
  }
}
