import { constants, copyFile, readdir, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { setAsideOf } from '../files/file-names.ts'
import { makeFolder } from '../files/make-folder.ts'

/**
 * Copies a damaged file into the folder `set-aside`, for people to look at; gives the copy's path. Null when the copies
 * would take more than `maxBytes` together.
 */
export async function setAside(
  directory: string,
  path: string,
  maxBytes: number,
): Promise<string | null> {
  const folder = setAsideOf(directory)
  await makeFolder(folder, 0o700)
  const copy = join(folder, basename(path))
  const { size } = await stat(path)
  let taken = 0
  for (const file of await readdir(folder)) {
    if (file !== basename(path)) taken += (await stat(join(folder, file))).size
  }
  if (taken + size > maxBytes) return null
  // Shares the blocks where the file system can.
  await copyFile(path, copy, constants.COPYFILE_FICLONE)
  return copy
}
