import { mkdir, readFile, realpath, rm, writeFile } from 'node:fs/promises'
import { pid } from 'node:process'
import { DatabaseError } from '../errors.ts'
import { loadPeer } from './load-peer.ts'

/** A directory that is locked for this process alone. */
export interface DirectoryLock {
  /** Its path without symbolic links. */
  readonly directory: string
  /** Releases the lock. */
  release(): Promise<void>
}

/** SQLite's result code when another connection holds the lock. */
const SQLITE_BUSY = 5

/**
 * Locks a directory for this process alone, and makes it if it does not exist. Throws `DATABASE_LOCKED`,
 * which names the process that holds the lock.
 *
 * The lock is one of the operating system, taken through an empty SQLite file. It ends with its process,
 * however that dies, so a stale lock never has to be recognised or taken over. A file that only names a
 * process could not do that: process ids are used again, above all in containers.
 *
 * The file lies beside the directory. A process loses a POSIX lock as soon as it opens and closes the
 * file once more, which a database that walks through its own directory may do.
 */
export async function lockDirectory(path: string): Promise<DirectoryLock> {
  const { DatabaseSync } = await loadPeer('node:sqlite', () => import('node:sqlite'))
  await mkdir(path, { recursive: true })
  // Two paths to one directory must give the same lock.
  const directory = await realpath(path)
  const lockFile = `${directory}.lock`
  const holderFile = `${lockFile}.pid`
  const lock = new DatabaseSync(lockFile)
  try {
    lock.exec('begin exclusive')
  } catch (cause) {
    lock.close()
    if ((cause as { errcode?: unknown }).errcode !== SQLITE_BUSY) throw cause
    const holder = Number(await readFile(holderFile, 'utf8').catch(() => '')) || null
    throw new DatabaseError(
      'DATABASE_LOCKED',
      `${directory} is open in ${holder === pid ? 'this process already' : `process ${holder ?? 'unknown'}`}`,
      { cause, context: { directory, pid: holder } },
    )
  }
  await writeFile(holderFile, String(pid))
  return {
    directory,
    async release() {
      await rm(holderFile, { force: true })
      lock.close()
    },
  }
}
