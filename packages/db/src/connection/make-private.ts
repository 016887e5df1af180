import { chmod, lstat, readdir } from 'node:fs/promises'
import { join } from 'node:path'

const FOLDER = 0o700
const FILE = 0o600
const MODE = 0o777
/** Files changed at once. */
const AT_ONCE = 32

/**
 * Takes the rights of everybody but the owner from a folder and all that is in it. PGlite unpacks most of
 * its files with mode 0666, also where the umask forbids that; those that it makes later have 0600.
 *
 * A mode that cannot be changed, e.g. on a file system that keeps none, is left.
 */
export async function makePrivate(folder: string): Promise<void> {
  await setMode(folder, FOLDER)
  const entries = await readdir(folder, { withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile()).map(({ name }) => join(folder, name))
  for (let from = 0; from < files.length; from += AT_ONCE) {
    await Promise.all(files.slice(from, from + AT_ONCE).map((file) => setMode(file, FILE)))
  }
  for (const entry of entries) {
    if (entry.isDirectory()) await makePrivate(join(folder, entry.name))
  }
}

/** Sets a mode where another one is. */
export async function setMode(path: string, mode: number): Promise<void> {
  try {
    if (((await lstat(path)).mode & MODE) !== mode) await chmod(path, mode)
  } catch {
    // Another owner's, gone meanwhile, or of a file system without modes: the caller's user decides.
  }
}
