import type { ColumnKindName } from '@grid/db'
import type { OutputFile } from './output-file.ts'

/** The formats of exported files. */
export const EXPORT_FORMATS = ['parquet', 'csv', 'csv.gz'] as const
/** A format; also the extension of its files. */
export type ExportFormat = (typeof EXPORT_FORMATS)[number]

/** A column of a file, and the field of an event that it holds. */
export interface ExportColumn {
  readonly name: string
  readonly field: string
  readonly kind: ColumnKindName
}

/** Writes the rows of one file. */
export interface RowWriter {
  /** Writes an event of the columns' table. */
  write(row: object): Promise<void>
  /** Writes the rest of the file. */
  finish(): Promise<void>
}

/** How a file is written, beyond its format. */
export interface RowOptions {
  /** Whether a spreadsheet must take no text for a formula. For CSV only. */
  readonly spreadsheetSafe: boolean
}

/** Begins a file of a format. */
export type RowFormat = (
  columns: readonly ExportColumn[],
  file: OutputFile,
  options: RowOptions,
) => RowWriter

/** The value of a row's field. */
export function fieldOf(row: object, field: string): unknown {
  // Sound: a field that the row lacks is undefined.
  return (row as Readonly<Record<string, unknown>>)[field]
}
