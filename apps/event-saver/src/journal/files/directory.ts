import { randomUUID } from 'node:crypto'
import {
  chmodSync,
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs'
import { join, resolve } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { JournalError } from '../journal-error.ts'
import { listSegmentsSync } from './file-names.ts'

/** A journal's directory, locked for this process. */
export interface JournalDirectory {
  readonly path: string
  /** The journal's UUID. */
  readonly id: string
  /** The highest number of a segment in it; 0 for none. */
  readonly newest: number
  /** The lowest number of a segment outside the archive; the next one to make where there is none. */
  readonly oldest: number
  /** Gives the lock back. */
  unlock(): void
}

/** SQLite's result code when another connection holds the lock. */
const SQLITE_BUSY = 5
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** Makes a journal's directory if needed, locks it and reads what it is. Throws a {@link JournalError}. */
export function lockJournalDirectory(directory: string): JournalDirectory {
  const path = resolve(directory)
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 })
    chmodSync(path, 0o700)
    const unlock = lock(path)
    try {
      const names = listSegmentsSync(path)
      const newest = names.at(-1)?.number ?? 0
      const oldest = names.find(({ isArchived }) => !isArchived)?.number ?? newest + 1
      return { path, newest, oldest, id: newest === 0 ? makeId(path) : readId(path), unlock }
    } catch (error) {
      unlock()
      throw error
    }
  } catch (cause) {
    if (cause instanceof JournalError) throw cause
    const message = `the journal's directory ${path} cannot be made or written (${(cause as Error).message}): check its owner and mode, and the disk`
    throw new JournalError('JOURNAL_UNUSABLE', message, path, { cause })
  }
}

/**
 * The lock is one of the operating system, taken through an empty SQLite file: it ends with its process, however that
 * dies, so that a stale one never has to be recognised.
 */
function lock(path: string): () => void {
  const file = join(path, 'lock')
  makeEmptyFile(file)
  const database = new DatabaseSync(file)
  try {
    database.exec('begin exclusive')
  } catch (cause) {
    database.close()
    if ((cause as { errcode?: unknown }).errcode !== SQLITE_BUSY) throw cause
    const message = `the journal in ${path} is open in another process: stop that one, or choose another data directory`
    throw new JournalError('JOURNAL_LOCKED', message, path, { cause })
  }
  return () => database.close()
}

/**
 * Made before SQLite can make it readable by others. An existing one is not opened: closing it would give back a lock
 * that this process holds.
 */
function makeEmptyFile(path: string): void {
  try {
    closeSync(openSync(path, 'wx', 0o600))
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'EEXIST') throw error
  }
}

/**
 * A journal without segments is a new one, whatever id lies there: its positions begin again, and must not be
 * taken for those that a database knows.
 */
function makeId(path: string): string {
  const id = randomUUID()
  const file = join(path, 'journal-id')
  const handle = openSync(`${file}.tmp`, 'w', 0o600)
  try {
    writeFileSync(handle, `${id}\n`)
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
  renameSync(`${file}.tmp`, file)
  return id
}

/** The UUID of a journal. Throws when there is none. */
export function readId(path: string): string {
  const id = readFileSync(join(path, 'journal-id'), 'utf8').trim()
  if (!UUID.test(id))
    throw new Error(`journal-id holds no UUID but ${JSON.stringify(id.slice(0, 50))}`)
  return id
}
