import { existsSync } from 'node:fs'
import { mkdtemp, open, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Config } from '../config/config.ts'
import { CommandError, EXIT } from '../exit-code.ts'
import { reasonOf } from '../log/reason.ts'

/** The folder of the embedded database; null when it is in memory or a server's. */
export function embeddedFolder({ databaseUrl }: Pick<Config, 'databaseUrl'>): string | null {
  if (!databaseUrl.startsWith('pglite:') || databaseUrl === 'pglite::memory:') return null
  return databaseUrl.slice('pglite:'.length)
}

/**
 * Writes a file into a folder as a database does, to the disk, and removes it again. Where the folder does
 * not exist yet, it does so in the nearest one above it that does, and leaves nothing there.
 *
 * Rejects with the error of the file system.
 */
export async function tryWriting(folder: string): Promise<void> {
  const place = nearestExisting(folder)
  // mkdtemp would say ENOENT of a file above the folder.
  if (!(await stat(place)).isDirectory()) throw new Error(`ENOTDIR: ${place} is a file`)
  const trial = await mkdtemp(join(place, '.grid-trial-'))
  try {
    const file = await open(join(trial, 'file'), 'w', 0o600)
    try {
      await file.writeFile('grid')
      await file.sync()
    } finally {
      await file.close()
    }
  } finally {
    await rm(trial, { recursive: true, force: true })
  }
}

/**
 * Refuses an embedded database whose folder cannot be written, before anything is captured. Throws a
 * `CommandError` with exit code 78; a full disk is not meant, because it may be emptied.
 */
export async function assertFolderWritable(config: Config): Promise<void> {
  const folder = embeddedFolder(config)
  if (folder === null) return
  try {
    await tryWriting(folder)
  } catch (error) {
    const { code } = error as { readonly code?: unknown }
    if (PASSING.has(code)) return
    throw new CommandError(EXIT.configuration, 'DIRECTORY_UNUSABLE', folderMessage(folder, error))
  }
}

/** What is wrong with a folder, and how to mend it. */
function folderMessage(folder: string, error: unknown): string {
  return `EVENTSAVER_DATA_DIR or EVENTSAVER_DATABASE_URL: the folder ${folder} cannot be written (${reasonOf(error)}); name one that this user can write`
}

const PASSING: ReadonlySet<unknown> = new Set(['EDQUOT', 'EMFILE', 'ENFILE', 'ENOMEM', 'ENOSPC'])

function nearestExisting(folder: string): string {
  const above = dirname(folder)
  return existsSync(folder) || above === folder ? folder : nearestExisting(above)
}
