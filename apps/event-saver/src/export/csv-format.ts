import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { ColumnKindName } from '@grid/db'
import type { OutputFile } from './output-file.ts'
import { type ExportColumn, fieldOf, type RowOptions, type RowWriter } from './row-format.ts'

const gzipMember = promisify(gzip)
/** How many characters are collected before they are written. */
const CHUNK_LENGTH = 1 << 20

/**
 * CSV by RFC 4180, in UTF-8, with a header: decimals digit for digit, instants in ISO 8601 with
 * microseconds, null as an empty field and an empty text as `""`.
 *
 * With `spreadsheetSafe` a text that a spreadsheet would take for a formula begins with an apostrophe.
 */
export function csvFormat(
  columns: readonly ExportColumn[],
  file: OutputFile,
  { spreadsheetSafe }: RowOptions,
): RowWriter {
  const textOf = spreadsheetSafe ? harmless : (text: string) => text
  let lines = [columns.map(({ name }) => quoted(name)).join(',')]
  let length = 0
  const flush = async (): Promise<void> => {
    if (lines.length === 0) return
    const bytes = Buffer.from(`${lines.join('\r\n')}\r\n`)
    lines = []
    length = 0
    await file.write(bytes)
  }
  return {
    async write(row) {
      const line = columns
        .map(({ field, kind }) => cell(kind, fieldOf(row, field), textOf))
        .join(',')
      lines.push(line)
      length += line.length
      if (length >= CHUNK_LENGTH) await flush()
    },
    finish: flush,
  }
}

/** The same, compressed: a gzip file of several members, which every reader takes as one. */
export function csvGzipFormat(
  columns: readonly ExportColumn[],
  file: OutputFile,
  options: RowOptions,
): RowWriter {
  return csvFormat(
    columns,
    { write: async (bytes) => file.write(await gzipMember(bytes)) },
    options,
  )
}

/** Kinds whose cells hold what others wrote. The cells of all others are numbers, instants and the like. */
const TEXTS: ReadonlySet<ColumnKindName> = new Set(['text', 'jsonb'])
/** What makes a spreadsheet take a cell for a formula, also in full width, or drop what is before one. */
const FORMULA_START = /^[=+\-@\t\r\n\uFF1D\uFF0B\uFF0D\uFF20']/

/**
 * A text that no spreadsheet takes for a formula. One that begins with an apostrophe gets another, so that
 * the first apostrophe of a cell is never a text's own.
 */
function harmless(text: string): string {
  return FORMULA_START.test(text) ? `'${text}` : text
}

function cell(kind: ColumnKindName, value: unknown, textOf: (text: string) => string): string {
  if (value === null || value === undefined) return ''
  if (kind === 'us') return instantText(value as number)
  if (kind === 'ms') return instantText((value as number) * 1000)
  if (kind === 'bytea') return Buffer.from(value as Uint8Array).toString('hex')
  const text = kind === 'jsonb' ? JSON.stringify(value) : String(value)
  return quoted(TEXTS.has(kind) ? textOf(text) : text)
}

function quoted(text: string): string {
  return text === '' || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

/** Microseconds as `2026-11-21T00:00:00.000123Z`. */
function instantText(epochUs: number): string {
  const ms = Math.floor(epochUs / 1000)
  const rest = String(epochUs - ms * 1000).padStart(3, '0')
  return new Date(ms).toISOString().replace('Z', `${rest}Z`)
}
