import type { WrittenColumn } from '../columns/column.ts'
import { COLUMN_KINDS } from '../columns/column-kind.ts'
import { MOST_PARAMETER_BYTES, type Values } from '../columns/encoding/array-parameter.ts'
import { DatabaseError } from '../errors.ts'

/** A column of a batch with its value in each row, or with one value that all rows have. */
interface BatchColumn<Row> {
  readonly column: WrittenColumn<Row>
  readonly values: readonly unknown[]
}

/** A batch as it is sent. */
export interface EncodedBatch<Row> {
  /**
   * The columns in which some row has a value. The others are left out: they would cost the server time
   * for nothing, and most columns of tickers are empty.
   */
  readonly columns: readonly WrittenColumn<Row>[]
  /** The columns in which all rows have the same value: it travels once. */
  readonly alike: ReadonlySet<WrittenColumn<Row>>
  /** One parameter a column. */
  readonly arrays: readonly Buffer[]
}

/** Encodes rows for an insert. Throws as {@link columnArrays} does. */
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
 * Encodes rows as one array parameter a column, in PostgreSQL's binary format.
 *
 * Throws `NOT_ENCODABLE` for a value that is not of its column's kind, and for more bytes than
 * PostgreSQL takes at once, nearly 1 GiB: fewer rows may fit.
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
      // Sound: the encoder refuses a value of another type.
      const parameter = COLUMN_KINDS[column.kind].encode(values as Values<never>)
      bytes += parameter.byteLength
      if (bytes > MOST_PARAMETER_BYTES) throw new RangeError(`${bytes} bytes are too many`)
      return parameter
    }),
  )
}

/** Runs work on a column's values; its error becomes `NOT_ENCODABLE`, which names the column. */
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
