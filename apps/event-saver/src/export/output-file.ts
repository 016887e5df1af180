import { createHash } from 'node:crypto'
import { open, rename, rm } from 'node:fs/promises'
import { hostname } from 'node:os'
import { dirname } from 'node:path'
import { pid } from 'node:process'
import { CommandError, EXIT } from '../exit-code.ts'
import { makeFolder } from '../journal/files/make-folder.ts'
import { reasonOf } from '../log/reason.ts'

/** A finished file. */
export interface FinishedFile {
  readonly bytes: number
  /** Hexadecimal. */
  readonly sha256: string
}

/** Takes the bytes of a file. */
export interface OutputFile {
  write(bytes: Uint8Array): Promise<void>
}

/**
 * Writes a complete file or none: it has another name until all of it is on the disk, and is removed
 * when `fill` fails. Replaces an existing file.
 *
 * Throws a `CommandError` `EXPORT_WRITE_FAILED` when the file cannot be written.
 *
 * @example
 * const { sha256 } = await writeWhole('out/day.csv', (file) => file.write(bytes))
 */
export async function writeWhole(
  path: string,
  fill: (file: OutputFile) => Promise<void>,
): Promise<FinishedFile> {
  // Processes of two containers that share a folder may have the same number.
  const partial = `${path}.partial-${hostname()}-${pid}`
  const hash = createHash('sha256')
  let bytes = 0
  await onDisk(path, makeFolder(dirname(path)))
  try {
    const handle = await onDisk(path, open(partial, 'w'))
    try {
      await fill({
        async write(chunk) {
          // Unlike `write`, which may take only a part of the chunk when the disk gets full.
          await onDisk(path, handle.appendFile(chunk))
          hash.update(chunk)
          bytes += chunk.byteLength
        },
      })
      await onDisk(path, handle.sync())
    } finally {
      await handle.close()
    }
    await onDisk(path, rename(partial, path))
  } catch (error) {
    await rm(partial, { force: true })
    throw error
  }
  return { bytes, sha256: hash.digest('hex') }
}

/** Adds the file's path to an error of the disk. */
async function onDisk<Value>(path: string, action: Promise<Value>): Promise<Value> {
  try {
    return await action
  } catch (cause) {
    const message = `cannot write ${path}: ${reasonOf(cause)}`
    throw new CommandError(EXIT.failure, 'EXPORT_WRITE_FAILED', message, { cause })
  }
}
