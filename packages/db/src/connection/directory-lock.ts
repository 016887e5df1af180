import { mkdir, readFile, realpath, rm, writeFile } from 'node:fs/promises'
import { pid } from 'node:process'
import { DatabaseError } from '../errors.ts'
import { loadPeer } from './load-peer.ts'

/** A directory that this process has to itself. */
export interface DirectoryLock {
  /** Its path without symbolic links. */
  readonly directory: string
  /** Gives the directory free. */
  release(): Promise<void>
}

/** SQLite's result code when somebody else holds the lock. */
const SQLITE_BUSY = 5

/**
 * Takes a directory for this process alone, making it first if need be; throws `DATABASE_LOCKED`,
 * which names the holder.
 *
 * The lock is the operating system's, through an empty SQLite file: it goes with its process,
 * however that dies, so that there is no stale lock to judge and no race to take one over. A file
 * that only names a process can do neither, for pids are used again, above all in containers.
 *
 * It lies beside the directory, not inside: a POSIX lock is lost as soon as its own process opens
 * and closes the file once more, which a database that walks its files may do.
 */
export async function lockDirectory(path: string): Promise<DirectoryLock> {
  const { DatabaseSync } = await loadPeer('node:sqlite', () => import('node:sqlite'))
  await mkdir(path, { recursive: true })
  // Two paths to one directory must meet in one lock.
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
