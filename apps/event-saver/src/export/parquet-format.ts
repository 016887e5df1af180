import { zstdCompressSync } from 'node:zlib'
import type { ColumnKindName } from '@grid/db'
import { ByteWriter, ParquetWriter, type SchemaElement } from 'hyparquet-writer'
import type { OutputFile } from './output-file.ts'
import { type ExportColumn, fieldOf, type RowWriter } from './row-format.ts'

/** Rows of a row group, which are in memory at the same time. */
const GROUP_ROWS = 32_768

const TEXT = { type: 'BYTE_ARRAY', converted_type: 'UTF8' } as const
const INT64 = { type: 'INT64' } as const
const INSTANT = {
  type: 'INT64',
  converted_type: 'TIMESTAMP_MICROS',
  logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'MICROS' },
} as const

/**
 * The Parquet type of each kind of column. A decimal is written as text: a DECIMAL column has one scale
 * and at most 38 digits, which would have to be chosen before its values are known.
 */
const TYPES = {
  text: TEXT,
  uuid: TEXT,
  numeric: TEXT,
  bigint: INT64,
  digits: INT64,
  integer: { type: 'INT32' },
  boolean: { type: 'BOOLEAN' },
  jsonb: TEXT,
  bytea: { type: 'BYTE_ARRAY' },
  ms: INSTANT,
  us: INSTANT,
} as const satisfies Record<ColumnKindName, Partial<SchemaElement>>

/** Parquet, compressed by Zstandard: every column may be null, instants are UTC in microseconds. */
export function parquetFormat(columns: readonly ExportColumn[], file: OutputFile): RowWriter {
  const bytes = new ByteWriter()
  const parquet = new ParquetWriter({
    writer: bytes,
    schema: [
      { name: 'root', num_children: columns.length },
      ...columns.map(
        ({ name, kind }): SchemaElement => ({
          name,
          repetition_type: 'OPTIONAL',
          ...TYPES[kind],
        }),
      ),
    ],
    codec: 'ZSTD',
    compressors: { ZSTD: (input) => zstdCompressSync(input) },
    createdBy: 'event-saver',
  })
  let group: unknown[][] = columns.map(() => [])
  let rows = 0

  const flush = async (): Promise<void> => {
    const written = bytes.getBytes()
    await file.write(written)
    bytes.index = 0
  }
  const writeGroup = async (): Promise<void> => {
    if (rows === 0) return
    const columnData = columns.map(({ name }, place) => ({ name, data: group[place] ?? [] }))
    await parquet.write({ columnData, rowGroupSize: rows })
    group = columns.map(() => [])
    rows = 0
    await flush()
  }
  return {
    async write(row) {
      for (const [place, { field, kind }] of columns.entries()) {
        group[place]?.push(stored(kind, fieldOf(row, field)))
      }
      rows += 1
      if (rows === GROUP_ROWS) await writeGroup()
    },
    async finish() {
      await writeGroup()
      await parquet.finish()
      await flush()
    },
  }
}

function stored(kind: ColumnKindName, value: unknown): unknown {
  if (value === null || value === undefined) return null
  switch (kind) {
    case 'ms':
      return BigInt(value as number) * 1000n
    case 'us':
    case 'bigint':
    case 'digits':
      return BigInt(value as number | string)
    case 'jsonb':
      return JSON.stringify(value)
    default:
      return value
  }
}
