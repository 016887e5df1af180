import { resolve } from 'node:path'
import type { Config } from '../../config/config.ts'
import { folderPath } from '../../config/schemas.ts'
import { shownText } from '../../config/shown-text.ts'
import { CommandError, EXIT, type ExitCode } from '../../exit-code.ts'
import { exportDays } from '../../export/export-days.ts'
import type { InstrumentEntry, ManifestEntry } from '../../export/manifest.ts'
import { EXPORT_FORMATS, type ExportFormat } from '../../export/row-format.ts'
import type { CommandContext } from '../command.ts'
import { isDay } from '../time-option.ts'
import { withDatabase } from '../with-database.ts'

/** The options of `export` as typed. */
export interface ExportOptions {
  readonly from: string
  readonly to?: string
  readonly format: string
  readonly spreadsheetSafe?: boolean
  readonly out: string
  readonly force?: boolean
  readonly json?: boolean
}

const DAY_MS = 86_400_000

/** Exports days, and prints a line for each file, or the manifest as JSON. */
export async function exportData(
  config: Config,
  options: ExportOptions,
  context: Pick<CommandContext, 'cwd' | 'err' | 'out'>,
): Promise<ExitCode> {
  const format = formatOf(options.format)
  const spreadsheetSafe = options.spreadsheetSafe === true
  if (spreadsheetSafe && format === 'parquet') {
    throw usage(
      '--spreadsheet-safe is for --format csv and csv.gz: no spreadsheet computes Parquet',
    )
  }
  const days = daysOf(options.from, options.to ?? options.from)
  const folder = folderOf(options.out, context.cwd)
  const stop = new AbortController()
  const abort = (): void => stop.abort(new CommandError(EXIT.failure, 'EXPORT_STOPPED', 'stopped'))
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, abort)
  try {
    const manifest = await withDatabase(config, { command: 'export', mode: 'read' }, (db) =>
      exportDays({
        db,
        environment: config.environmentStamp,
        channels: config.channels,
        symbols: config.symbols,
        days,
        format,
        spreadsheetSafe,
        folder,
        force: options.force === true,
        signal: stop.signal,
        onDone: (entry) => {
          if (options.json !== true) context.out(`${entryLine(entry)}\n`)
        },
        onInstruments: (entry) => {
          if (options.json !== true) context.out(`${instrumentLine(entry)}\n`)
        },
      }),
    )
    if (options.json === true) context.out(`${JSON.stringify(manifest)}\n`)
    const rows = manifest.files.reduce((sum, entry) => sum + entry.rows, 0)
    if (rows > 0) return EXIT.ok
    context.err('event-saver: EXPORT_EMPTY: nothing is stored of these symbols and days\n')
    return EXIT.problem
  } finally {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.off(signal, abort)
  }
}

function entryLine({ path, rows, sha256, gaps, partition, ...entry }: ManifestEntry): string {
  const what = `${entry.table} ${entry.category} ${entry.symbol} ${entry.day}`
  const notes = [
    partition === 'stored' ? '' : `, day ${partition}`,
    gaps.length === 0 ? '' : `, ${gaps.length} gaps`,
    knownText(entry),
    entry.isDayOver ? '' : ', day not over',
  ].join('')
  return path === null ? `${what}: 0 rows, no file${notes}` : `${path}: ${rows} rows${notes}`
}

/** Where the instrument's events of all days begin and end within the day, or why there are none of it. */
function knownText({ day, knownFrom, knownUntil, isDayOver }: KnownDay): string {
  if (knownFrom === null || knownUntil === null) return ', nothing is stored of it on any day'
  const from = Date.parse(`${day}T00:00:00Z`)
  const parts = [
    knownFrom > from ? `, none before ${new Date(knownFrom).toISOString()} on any day` : '',
    isDayOver && knownUntil < from + DAY_MS
      ? `, none after ${new Date(knownUntil).toISOString()} on any day`
      : '',
  ]
  return parts.join('')
}

type KnownDay = Pick<ManifestEntry, 'day' | 'isDayOver' | 'knownFrom' | 'knownUntil'>

function instrumentLine({ path, rows, category, day }: InstrumentEntry): string {
  return path === null
    ? `instruments ${category} ${day}: 0 rows, no file, because no list is recorded of this day`
    : `${path}: ${rows} rows`
}

function folderOf(text: string, cwd: string): string {
  if (folderPath.safeParse(text).success) return resolve(cwd, text)
  throw usage('--out must name a folder, without control characters and ://')
}

function formatOf(text: string): ExportFormat {
  const format = EXPORT_FORMATS.find((known) => known === text)
  if (format !== undefined) return format
  throw usage(`--format: ${shownText(text)} is not known; known are ${EXPORT_FORMATS.join(', ')}`)
}

function daysOf(from: string, to: string): string[] {
  const [first, last] = [dayStart('--from', from), dayStart('--to', to)]
  if (first > last) throw usage(`--to ${to} is before --from ${from}`)
  const count = (last - first) / DAY_MS + 1
  return Array.from({ length: count }, (_, n) =>
    new Date(first + n * DAY_MS).toISOString().slice(0, 10),
  )
}

function dayStart(option: string, text: string): number {
  if (isDay(text)) return Date.parse(`${text}T00:00:00Z`)
  throw usage(`${option}: ${shownText(text)} is not a UTC day, such as 2026-11-21`)
}

function usage(message: string): CommandError {
  return new CommandError(EXIT.usage, 'EXPORT_OPTION', message)
}
