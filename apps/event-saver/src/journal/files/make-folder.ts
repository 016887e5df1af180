import { mkdirSync, statSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'

/**
 * Makes a folder and those above it; one that exists is left as it is. Node's own `recursive` would never end on
 * some file systems, such as `/proc`, and its form within the step would hang the process.
 */
export async function makeFolder(path: string, mode?: number): Promise<void> {
  if (isFolder(path)) return
  if (dirname(path) !== path) await makeFolder(dirname(path), mode)
  await mkdir(path, mode).catch(unlessExists)
}

/** {@link makeFolder} within the step. */
export function makeFolderSync(path: string, mode?: number): void {
  if (isFolder(path)) return
  if (dirname(path) !== path) makeFolderSync(dirname(path), mode)
  try {
    mkdirSync(path, mode)
  } catch (error) {
    unlessExists(error)
  }
}

/** Throws where something else has the name. */
function isFolder(path: string): boolean {
  const entry = statSync(path, { throwIfNoEntry: false })
  if (entry?.isDirectory() === false) {
    throw Object.assign(new Error(`ENOTDIR: ${path} is a file`), { code: 'ENOTDIR' })
  }
  return entry !== undefined
}

/** Another process was faster. */
function unlessExists(error: unknown): void {
  if ((error as { code?: unknown }).code !== 'EEXIST') throw error
}
