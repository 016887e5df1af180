import { randomUUID } from 'node:crypto'
import {
  chmodSync,
  closeSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs'
import { join, resolve } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { JournalError } from '../journal-error.ts'
import { listSegmentsSync } from './file-names.ts'
import { makeFolderSync } from './make-folder.ts'

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
/** What is said while the disk, or what a process may open or use, is full: SQLite's codes for that, and the system's. */
const PASSING: ReadonlySet<unknown> = new Set([
  7,
  13,
  'EDQUOT',
  'EMFILE',
  'ENFILE',
  'ENOMEM',
  'ENOSPC',
])
const ENVIRONMENT = 'environment'
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/**
 * Makes a journal's directory if needed, locks it and reads what it is. A journal of another environment is refused
 * before anything is written to it: what each of two leaves there would keep the other from starting, for ever.
 *
 * Throws a {@link JournalError}.
 */
export function lockJournalDirectory(directory: string, environment: string): JournalDirectory {
  const path = resolve(directory)
  try {
    makeFolderSync(path, 0o700)
    chmodSync(path, 0o700)
    const unlock = lock(path)
    try {
      const names = listSegmentsSync(path)
      const newest = names.at(-1)?.number ?? 0
      const oldest = names.find(({ isArchived }) => !isArchived)?.number ?? newest + 1
      if (newest > 0) assertOf(path, environment)
      else writeWhole(path, ENVIRONMENT, environment)
      return { path, newest, oldest, id: newest === 0 ? makeId(path) : readId(path), unlock }
    } catch (error) {
      unlock()
      throw error
    }
  } catch (cause) {
    throw notOpened(cause, path, `the journal's directory ${path} cannot be made or written`)
  }
}

/** The error of a journal that cannot be opened, because of an error of the file system. */
export function notOpened(cause: unknown, path: string, what: string): JournalError {
  if (cause instanceof JournalError) return cause
  const { code, errcode, message } = cause as Error & { code?: unknown; errcode?: unknown }
  const isPassing = PASSING.has(code) || PASSING.has(errcode)
  return isPassing
    ? new JournalError('JOURNAL_NO_ROOM', `${what} now (${message})`, path, { cause })
    : new JournalError('JOURNAL_UNUSABLE', `${what} (${message})`, path, { cause })
}

/** The environment that began the journal in a directory; null where nothing says so, as in those of earlier versions. */
export function environmentOfJournal(path: string): string | null {
  try {
    return readFileSync(join(path, ENVIRONMENT), 'utf8').trim()
  } catch (error) {
    if ((error as { code?: unknown }).code === 'ENOENT') return null
    throw error
  }
}

function assertOf(path: string, environment: string): void {
  const found = environmentOfJournal(path) ?? environment
  if (found === environment) return
  const message = `the journal in ${path} is of ${found}, and this is ${environment}`
  throw new JournalError('JOURNAL_OF_OTHERS', message, path)
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
  writeWhole(path, 'journal-id', id)
  return id
}

/** Writes a small file so that it is whole or as before, whatever happens. */
function writeWhole(path: string, name: string, text: string): void {
  const file = join(path, name)
  const handle = openSync(`${file}.tmp`, 'w', 0o600)
  try {
    writeFileSync(handle, `${text}\n`)
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
  renameSync(`${file}.tmp`, file)
}

/** The UUID of a journal. Throws when there is none. */
export function readId(path: string): string {
  const id = readFileSync(join(path, 'journal-id'), 'utf8').trim()
  if (!UUID.test(id))
    throw new Error(`journal-id holds no UUID but ${JSON.stringify(id.slice(0, 50))}`)
  return id
}
