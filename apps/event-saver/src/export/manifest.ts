import { readFile, rm, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { CATEGORIES } from '@grid/core-events'
import { PARTITIONED_TABLES } from '@grid/db'
import { z } from 'zod'
import { CommandError, EXIT } from '../exit-code.ts'
import { makeFolder } from '../journal/files/make-folder.ts'
import { reasonOf } from '../log/reason.ts'
import { writeWhole } from './output-file.ts'
import { EXPORT_FORMATS } from './row-format.ts'

const entrySchema = z.object({
  table: z.enum(PARTITIONED_TABLES),
  category: z.enum(CATEGORIES),
  symbol: z.string(),
  /** UTC. */
  day: z.iso.date(),
  format: z.enum(EXPORT_FORMATS),
  /** Whether texts that a spreadsheet would take for formulas begin with an apostrophe. */
  spreadsheetSafe: z.boolean().default(false),
  /** Relative to the manifest's folder; null when there were no rows, and so no file. */
  path: z.string().nullable(),
  rows: z.int(),
  /** Exchange times in epoch milliseconds; null without rows. */
  firstTs: z.int().nullable(),
  lastTs: z.int().nullable(),
  bytes: z.int().nullable(),
  sha256: z.string().nullable(),
  /**
   * Whether the day is kept: `stored`, `missing` (never captured) or `removed` (by retention; rows that were stored
   * again since are in the file).
   */
  partition: z.enum(['stored', 'missing', 'removed']),
  /** Whether the day was over when it was exported. If not, more rows may have followed. */
  isDayOver: z.boolean(),
  /**
   * The first and the last event of the instrument in this table, of any day, in epoch milliseconds. Outside of them it
   * is not known whether the instrument was captured: no gap tells. Null when there is none.
   */
  knownFrom: z.int().nullable().default(null),
  knownUntil: z.int().nullable().default(null),
  /** The gaps of this stream that touch the day, in any state: where events may be missing. */
  gaps: z.array(
    z.object({
      /** A candle's interval or a book's depth; left out where the channel has no variants. */
      variant: z.string().optional(),
      startTs: z.int(),
      endTs: z.int(),
      reason: z.string(),
      state: z.string(),
      collector: z.string(),
    }),
  ),
  /**
   * How many dead letters wait that were received on the day and may hold events of the instrument: those that name it
   * or its stream, and those that name no channel, category or symbol. Null where it was not counted.
   */
  deadLetters: z.int().nullable().default(null),
  /** When the export of the day began, in epoch milliseconds. */
  exportedAt: z.int(),
})

const instrumentSchema = z.object({
  category: z.enum(CATEGORIES),
  /** UTC. */
  day: z.iso.date(),
  format: z.enum(EXPORT_FORMATS),
  /** Whether texts that a spreadsheet would take for formulas begin with an apostrophe. */
  spreadsheetSafe: z.boolean().default(false),
  /** Relative to the manifest's folder; null when nothing is known of the day, and so no file. */
  path: z.string().nullable(),
  /** States of instruments that held at some time of the day. */
  rows: z.int(),
  bytes: z.int().nullable(),
  sha256: z.string().nullable(),
  /**
   * The first and the newest list of the category that was recorded, in epoch milliseconds: what was
   * listed is known between them. Null when none was.
   */
  knownFrom: z.int().nullable(),
  knownUntil: z.int().nullable(),
  /** When the export of the day began, in epoch milliseconds. */
  exportedAt: z.int(),
})

const manifestSchema = z.object({
  version: z.literal(1),
  /** What the database is stamped with. */
  environment: z.string(),
  files: z.array(entrySchema),
  /** What was listed; earlier versions did not export it. */
  instruments: z.array(instrumentSchema).default([]),
})

/** One symbol's day in one format. */
export type ManifestEntry = z.infer<typeof entrySchema>
/** What a category listed on a day. */
export type InstrumentEntry = z.infer<typeof instrumentSchema>
/** What an export folder holds. */
export type Manifest = z.infer<typeof manifestSchema>

/**
 * Reads the manifest of an earlier export into the same folder; null when there is none.
 *
 * Throws a `CommandError` when it is not a manifest of this version, or is of another environment.
 */
export async function readManifest(path: string, environment: string): Promise<Manifest | null> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    const message = `cannot read ${path}: ${reasonOf(error)}; export to another folder`
    throw new CommandError(EXIT.failure, 'EXPORT_MANIFEST_INVALID', message, { cause: error })
  }
  const parsed = manifestSchema.safeParse(parseJson(text))
  const fix = 'move it away, or export to another folder'
  if (!parsed.success) {
    const message = `${path} is not a manifest of this version: ${fix}`
    throw new CommandError(EXIT.failure, 'EXPORT_MANIFEST_INVALID', message)
  }
  if (parsed.data.environment !== environment) {
    const message = `${path} is of ${parsed.data.environment}, but this database is of ${environment}: ${fix}`
    throw new CommandError(EXIT.failure, 'EXPORT_ENVIRONMENT_MISMATCH', message)
  }
  return parsed.data
}

/**
 * Adds to a folder's manifest: it holds the new entries then, and the old ones that no new one replaces. An entry
 * without a file, as of a day that was removed since, does not replace one with a file. Exports into one folder at the
 * same time each add their own.
 */
export async function addToManifest(path: string, added: Manifest): Promise<void> {
  const unlock = await lock(`${path}.lock`)
  try {
    // Another export may have added to it since this one began.
    await write(path, await readManifest(path, added.environment), added)
  } finally {
    await unlock()
  }
}

const LOOK_AGAIN_MS = 100
/** Adding takes far less: who holds the lock for so long was ended. */
const PATIENCE_MS = 5000

/** Makes a file that only one can make at a time. Gives what removes it. */
async function lock(path: string): Promise<() => Promise<void>> {
  await makeFolder(dirname(path))
  for (let waitedMs = 0; ; waitedMs += LOOK_AGAIN_MS) {
    try {
      await writeFile(path, '', { flag: 'wx' })
      return () => rm(path, { force: true })
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') {
        const message = `cannot write ${path}: ${reasonOf(error)}`
        throw new CommandError(EXIT.failure, 'EXPORT_WRITE_FAILED', message, { cause: error })
      }
    }
    if (waitedMs >= PATIENCE_MS) {
      await rm(path, { force: true })
      waitedMs = 0
    }
    await setTimeout(LOOK_AGAIN_MS)
  }
}

async function write(
  path: string,
  previous: Manifest | null,
  { files, instruments, ...rest }: Manifest,
): Promise<void> {
  const all = {
    ...rest,
    files: joined(previous?.files ?? [], files, ({ table, category, symbol, day, format }) =>
      [table, category, symbol, day, format].join('/'),
    ),
    instruments: joined(previous?.instruments ?? [], instruments, ({ category, day, format }) =>
      [category, day, format].join('/'),
    ),
  }
  await writeWhole(path, (file) => file.write(Buffer.from(`${JSON.stringify(all, null, 2)}\n`)))
}

/** The entries of both lists in order; of equal identities the later one that has a file. */
function joined<Entry extends { readonly path: string | null }>(
  previous: readonly Entry[],
  added: readonly Entry[],
  identity: (entry: Entry) => string,
): Entry[] {
  const entries = new Map(previous.map((entry) => [identity(entry), entry]))
  for (const entry of added) {
    const isFileKept = entry.path === null && (entries.get(identity(entry))?.path ?? null) !== null
    if (!isFileKept) entries.set(identity(entry), entry)
  }
  return [...entries].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, entry]) => entry)
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
