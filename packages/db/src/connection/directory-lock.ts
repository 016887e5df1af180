import { existsSync } from 'node:fs'
import { mkdir, open, readFile, realpath, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { pid } from 'node:process'
import { DatabaseError } from '../errors.ts'
import { loadPeer } from './load-peer.ts'
import { setMode } from './make-private.ts'

/** A directory that is locked for this process alone. */
export interface DirectoryLock {
  /** Its path without symbolic links. */
  readonly directory: string
  /** Releases the lock. */
  release(): Promise<void>
}

/** SQLite's result code when another connection holds the lock. */
const SQLITE_BUSY = 5
/** Its codes when the lock's file cannot be made or written. */
const SQLITE_REFUSED: ReadonlySet<unknown> = new Set([8, 14])
/**
 * Why a directory cannot be used until somebody mends it. Node reports ENOENT where a read-only file system
 * has no such directory.
 */
const REFUSED: ReadonlySet<unknown> = new Set(
  'EACCES EEXIST ELOOP ENAMETOOLONG ENOENT ENOTDIR EPERM EROFS'.split(' '),
)

/**
 * Locks a directory for this process alone, and makes it if it does not exist. Throws `DATABASE_LOCKED`,
 * which names the process that holds the lock, and `DIRECTORY_UNUSABLE` when it cannot be made or written.
 *
 * The lock is one of the operating system, taken through an empty SQLite file. It ends with its process,
 * however that dies, so a stale lock never has to be recognised or taken over. A file that only names a
 * process could not do that: process ids are used again, above all in containers.
 *
 * One file lies within the directory, as a mount or a container shows the same directory under another path.
 * One lies beside it, where it can be made: a process loses a POSIX lock as soon as it opens and closes the
 * file once more, which a database that walks through its own directory may do.
 */
export async function lockDirectory(path: string): Promise<DirectoryLock> {
  try {
    return await lock(path)
  } catch (cause) {
    throw unusable(path, cause) ?? cause
  }
}

function unusable(directory: string, cause: unknown): DatabaseError | null {
  if (!isRefused(cause)) return null
  return new DatabaseError(
    'DIRECTORY_UNUSABLE',
    `the directory ${directory} cannot be made or written (${(cause as Error).message})`,
    { cause, context: { directory } },
  )
}

function isRefused(error: unknown): boolean {
  const { code, errcode } = error as { readonly code?: unknown; readonly errcode?: unknown }
  return REFUSED.has(code) || SQLITE_REFUSED.has(errcode)
}

/**
 * Makes a directory and those above it, for this user alone. Node's own `recursive` does not end on a file system that answers
 * ENOENT although the directory above is there, such as /proc.
 */
async function makeDirectory(path: string): Promise<void> {
  if (existsSync(path)) return
  const above = dirname(path)
  if (above !== path) await makeDirectory(above)
  try {
    await mkdir(path, 0o700)
  } catch (error) {
    // Another process was faster.
    if ((error as { code?: unknown }).code !== 'EEXIST') throw error
  }
}

async function lock(path: string): Promise<DirectoryLock> {
  await makeDirectory(path)
  // Two paths to one directory must give the same lock.
  const directory = await realpath(path)
  const beside = await lockFile(directory, `${directory}.lock`).catch((error) => {
    // What a volume is mounted in may be another user's.
    if (isRefused(error)) return null
    throw error
  })
  try {
    const within = await lockFile(directory, join(directory, '.grid.lock'))
    return {
      directory,
      async release() {
        await within()
        await beside?.()
      },
    }
  } catch (error) {
    await beside?.()
    throw error
  }
}

/** Locks a directory through one file, and gives what releases it. */
async function lockFile(directory: string, path: string): Promise<() => Promise<void>> {
  const { DatabaseSync } = await loadPeer('node:sqlite', () => import('node:sqlite'))
  const holderFile = `${path}.pid`
  await makeEmptyFile(path)
  // SQLite gives its journal the mode of the file.
  await setMode(path, 0o600)
  const file = new DatabaseSync(path)
  try {
    file.exec('begin exclusive')
  } catch (cause) {
    file.close()
    if ((cause as { errcode?: unknown }).errcode !== SQLITE_BUSY) throw cause
    const holder = Number(await readFile(holderFile, 'utf8').catch(() => '')) || null
    throw new DatabaseError(
      'DATABASE_LOCKED',
      `${directory} is open in ${holder === pid ? 'this process already' : `process ${holder ?? 'unknown'}`}`,
      { cause, context: { directory, pid: holder } },
    )
  }
  try {
    await writeFile(holderFile, String(pid))
    await setMode(holderFile, 0o600)
  } catch (cause) {
    file.close()
    throw cause
  }
  return async () => {
    await rm(holderFile, { force: true })
    file.close()
  }
}

/** Makes a file unless it exists. An existing one is not opened, as its lock would be lost. */
async function makeEmptyFile(path: string): Promise<void> {
  try {
    await (await open(path, 'wx', 0o600)).close()
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'EEXIST') throw error
  }
}
