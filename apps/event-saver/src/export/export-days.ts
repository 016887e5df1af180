import { access } from 'node:fs/promises'
import { join } from 'node:path'
import { streamSymbol } from '@grid/bybit-adapter'
import type { Category, PublicChannel, PublicEvent } from '@grid/core-events'
import {
  CaptureGapRepository,
  type DeadLetterCount,
  DeadLetterRepository,
  type EndTimes,
  type GridDatabase,
  listPartitions,
  listRemovedDays,
  MARKET_TABLES,
  marketRepository,
  type StoredGap,
} from '@grid/db'
import type { Kysely } from 'kysely'
import type { WantedSymbols } from '../config/wanted-symbols.ts'
import { CommandError, EXIT } from '../exit-code.ts'
import { ROW_FORMATS } from './formats.ts'
import { exportInstruments } from './instrument-file.ts'
import {
  addToManifest,
  type InstrumentEntry,
  type Manifest,
  type ManifestEntry,
  readManifest,
} from './manifest.ts'
import { writeWhole } from './output-file.ts'
import type { ExportFormat } from './row-format.ts'

/** What is exported, and where to. */
export interface ExportOrder {
  readonly db: Kysely<GridDatabase>
  /** The environment of the database. */
  readonly environment: string
  readonly channels: readonly PublicChannel[]
  readonly symbols: readonly WantedSymbols[]
  /** UTC days as `2026-11-21`. */
  readonly days: readonly string[]
  readonly format: ExportFormat
  /** Whether no text of a CSV file may be a formula to a spreadsheet. Default false: data come exactly. */
  readonly spreadsheetSafe?: boolean
  /** Absolute path. */
  readonly folder: string
  /** Replace existing files. */
  readonly force: boolean
  readonly signal: AbortSignal
  /** Told of each symbol's day once it is exported. */
  readonly onDone: (entry: ManifestEntry) => void
  /** Told of each category's day of instruments once it is exported. */
  readonly onInstruments: (entry: InstrumentEntry) => void
}

const DAY_MS = 86_400_000

interface Item {
  readonly channel: PublicChannel
  readonly category: Category
  readonly symbol: string
  readonly day: string
}

/**
 * Exports market data, one file for each symbol and day, and what was listed, one file for each category
 * and day, because sizes and prices mean nothing without it. Adds the files to the folder's manifest, and
 * gives a manifest of what was exported now.
 *
 * A file is complete or does not exist. Throws a `CommandError` before anything is written when a file of
 * market data exists and `force` is not set.
 */
export async function exportDays(order: ExportOrder): Promise<Manifest> {
  const { environment, folder, signal } = order
  const manifestPath = join(folder, 'manifest.json')
  // One that cannot be added to is told of before anything is written.
  await readManifest(manifestPath, environment)
  const items = await itemsOf(order)
  if (!order.force) await refuseExisting(order, items)
  const coverage = await readCoverage(order, items)
  let files: ManifestEntry[] = []
  let isWhole = false
  const instruments: InstrumentEntry[] = []
  try {
    for (const { category } of order.symbols) {
      for (const day of order.days) {
        signal.throwIfAborted()
        const entry = await exportInstruments({ ...order, category, day })
        instruments.push(entry)
        order.onInstruments(entry)
      }
    }
    for (const item of items) {
      signal.throwIfAborted()
      const entry = await exportItem(order, item, coverage)
      files.push(entry)
      order.onDone(entry)
    }
    files = await withLosses(order, items, files, coverage.gaps)
    isWhole = true
  } finally {
    // Also after a failure, because the files that were written before it are complete.
    if (!isWhole) {
      files = await withLosses(order, items, files, coverage.gaps).catch(() => files)
    }
    if (files.length > 0 || instruments.some(({ path }) => path !== null)) {
      await addToManifest(manifestPath, { version: 1, environment, files, instruments })
    }
  }
  return { version: 1, environment, files, instruments }
}

async function itemsOf(order: ExportOrder): Promise<Item[]> {
  const items: Item[] = []
  for (const channel of order.channels) {
    for (const { category, all, names } of order.symbols) {
      for (const day of order.days) {
        const symbols = all
          ? await marketRepository(order.db, channel).symbols({ category, ...timesOf(day) })
          : names
        for (const symbol of symbols) items.push({ channel, category, symbol, day })
      }
    }
  }
  return items
}

async function refuseExisting(order: ExportOrder, items: readonly Item[]): Promise<void> {
  for (const item of items) {
    const path = join(order.folder, pathOf(order, item))
    const exists = await access(path).then(
      () => true,
      () => false,
    )
    if (!exists) continue
    const message = `${path} exists: export to another folder, or replace files with --force`
    throw new CommandError(EXIT.failure, 'EXPORT_FILE_EXISTS', message)
  }
}

/** What is known before the first file is written. */
interface Coverage {
  readonly gaps: readonly StoredGap[]
  readonly partitions: ReadonlyMap<string, 'stored' | 'removed'>
  /** By table, category and symbol, the first and the last event. */
  readonly known: ReadonlyMap<string, EndTimes>
}

async function readCoverage({ db, days }: ExportOrder, items: readonly Item[]): Promise<Coverage> {
  const removed = await listRemovedDays(db)
  const kept = (await listPartitions(db)).filter(({ state }) => state === 'attached')
  return {
    known: await readKnown(db, items),
    gaps: await new CaptureGapRepository(db).list(wholeOf(days)),
    partitions: new Map([
      ...kept.map(({ table, day }) => [`${table} ${day}`, 'stored'] as const),
      // Also where some of its rows were stored again since, as dead letters of it are that are tried again.
      ...removed.map(({ table, day }) => [`${table} ${day}`, 'removed'] as const),
    ]),
  }
}

async function readKnown(
  db: Kysely<GridDatabase>,
  items: readonly Item[],
): Promise<ReadonlyMap<string, EndTimes>> {
  const known = new Map<string, EndTimes>()
  for (const [channel, ofChannel] of Map.groupBy(items, (item) => item.channel)) {
    for (const [category, some] of Map.groupBy(ofChannel, (item) => item.category)) {
      const symbols = [...new Set(some.map(({ symbol }) => symbol))]
      const ends = await marketRepository(db, channel).endTimes({ category, symbols })
      for (const [symbol, times] of ends) known.set(`${channel} ${category} ${symbol}`, times)
    }
  }
  return known
}

async function exportItem(
  order: ExportOrder,
  item: Item,
  coverage: Coverage,
): Promise<ManifestEntry> {
  const { channel, category, symbol, day } = item
  const exportedAt = Date.now()
  const { table } = MARKET_TABLES[channel]
  const before = coverage.partitions.get(`${table} ${day}`) ?? 'missing'
  const written = await writeRows(order, item).catch((error: unknown) => {
    if (error instanceof DayRemoved) return NOTHING
    throw error
  })
  const isGone = written.path === null && before === 'stored' && !(await isStored(order, item))
  const known = coverage.known.get(`${channel} ${category} ${symbol}`)
  return {
    table,
    category,
    symbol,
    day,
    format: order.format,
    spreadsheetSafe: order.spreadsheetSafe ?? false,
    ...written,
    partition: isGone ? 'removed' : before,
    isDayOver: exportedAt >= timesOf(day).to,
    // Events may be stored while files are written.
    knownFrom: known?.firstTs ?? written.firstTs,
    knownUntil: known === undefined ? written.lastTs : Math.max(known.lastTs, written.lastTs ?? 0),
    gaps: gapsOf(item, coverage.gaps),
    deadLetters: null,
    exportedAt,
  }
}

/**
 * Adds what may be missing in files: dead letters, and the gaps that were recorded since the export began. One that was even filled since then counts as open: what
 * filled it may have come too late for the file.
 */
async function withLosses(
  order: ExportOrder,
  items: readonly Item[],
  files: readonly ManifestEntry[],
  before: readonly StoredGap[],
): Promise<ManifestEntry[]> {
  const { db } = order
  const whole = wholeOf(order.days)
  const letters = await new DeadLetterRepository(db).countByDay(whole)
  const known = new Set(before.map(({ id }) => id))
  const gaps = await new CaptureGapRepository(db).list(whole)
  const later = gaps
    .filter(({ id }) => !known.has(id))
    .map((gap): StoredGap => {
      const isRepaired = gap.state === 'filled' || gap.state === 'partial'
      return isRepaired ? { ...gap, state: 'open' } : gap
    })
  return files.map((entry, place) => {
    const item = items[place]
    if (item === undefined) return entry
    const deadLetters = lettersOf(item, letters)
    return { ...entry, gaps: [...entry.gaps, ...gapsOf(item, later)], deadLetters }
  })
}

/** How many dead letters may hold events of an item. */
function lettersOf(
  { channel, category, symbol, day }: Item,
  letters: readonly DeadLetterCount[],
): number {
  const names: readonly (string | null)[] = [symbol, streamSymbol(category, channel, symbol), null]
  const mayBe = (letter: DeadLetterCount): boolean =>
    letter.day === day &&
    (letter.channel ?? channel) === channel &&
    (letter.category ?? category) === category &&
    names.includes(letter.symbol)
  return letters.filter(mayBe).reduce((sum, { count }) => sum + count, 0)
}

function wholeOf(days: readonly string[]): { from: number; to: number } {
  const times = days.map(timesOf)
  return {
    from: Math.min(...times.map(({ from }) => from)),
    to: Math.max(...times.map(({ to }) => to)),
  }
}

/** The gaps that touch an item's day: of the instrument, or of the stream that carries it. */
function gapsOf(
  { channel, category, symbol, day }: Item,
  gaps: readonly StoredGap[],
): ManifestEntry['gaps'] {
  const { from, to } = timesOf(day)
  const names = [symbol, streamSymbol(category, channel, symbol)]
  return gaps
    .filter(
      (gap) =>
        gap.channel === channel &&
        gap.category === category &&
        gap.symbol !== null &&
        names.includes(gap.symbol) &&
        gap.endTs >= from &&
        gap.startTs < to,
    )
    .map(({ variant, startTs, endTs, reason, state, collector }) => ({
      ...(variant !== null && { variant }),
      startTs,
      endTs,
      reason,
      state,
      collector,
    }))
}

type Written = Pick<ManifestEntry, 'path' | 'rows' | 'firstTs' | 'lastTs' | 'bytes' | 'sha256'>

const NOTHING: Written = {
  path: null,
  rows: 0,
  firstTs: null,
  lastTs: null,
  bytes: null,
  sha256: null,
}

/** What ends the writing of a file whose day is removed meanwhile: it may hold a part of the day only. */
class DayRemoved extends Error {}

async function isStored({ db }: ExportOrder, { channel, day }: Item): Promise<boolean> {
  const [partition] = await listPartitions(db, { table: MARKET_TABLES[channel].table, day })
  return partition?.state === 'attached'
}

async function writeRows(order: ExportOrder, item: Item): Promise<Written> {
  const { channel, category, symbol, day } = item
  const { signal } = order
  const repository = marketRepository(order.db, channel)
  const events: AsyncGenerator<PublicEvent, void> = repository.range({
    category,
    symbol,
    ...timesOf(day),
    signal,
  })
  const first = await events.next()
  if (first.done) return NOTHING
  const path = pathOf(order, item)
  let rows = 0
  let lastTs = first.value.exchangeTs
  const finished = await writeWhole(join(order.folder, path), async (file) => {
    try {
      const { format, spreadsheetSafe = false } = order
      const writer = ROW_FORMATS[format](repository.columns, file, { spreadsheetSafe })
      let next: IteratorResult<PublicEvent, void> = first
      for (; !next.done; next = await events.next()) {
        await writer.write(next.value)
        lastTs = next.value.exchangeTs
        rows += 1
      }
      await writer.finish()
      if (!(await isStored(order, item))) throw new DayRemoved(`${day} is removed`)
    } finally {
      await events.return()
    }
  })
  return { path, rows, firstTs: first.value.exchangeTs, lastTs, ...finished }
}

/**
 * The path of an item's file, relative to the folder, with `/` on every system. Characters of a symbol
 * that some system does not allow in a file's name are written as `%` and hexadecimal digits.
 */
function pathOf({ format }: ExportOrder, { channel, category, symbol, day }: Item): string {
  const name = symbol.replace(
    /[\\/:*?"<>%]|^\.+/g,
    (text) => `%${Buffer.from(text).toString('hex').toUpperCase()}`,
  )
  return `${MARKET_TABLES[channel].table}/${category}/${name}/${day}.${format}`
}

function timesOf(day: string): { from: number; to: number } {
  const from = Date.parse(`${day}T00:00:00Z`)
  return { from, to: from + DAY_MS }
}
