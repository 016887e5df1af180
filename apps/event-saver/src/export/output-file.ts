import { createHash } from 'node:crypto'
import { mkdir, open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { pid } from 'node:process'
import { CommandError, EXIT } from '../exit-code.ts'
import { reasonOf } from '../log/reason.ts'

/** What became of a finished file. */
export interface FinishedFile {
  readonly bytes: number
  /** Hexadecimal. */
  readonly sha256: string
}

/** Where bytes go. */
export interface OutputFile {
  write(bytes: Uint8Array): Promise<void>
}

/**
 * Writes a file whole or not at all: under another name until all is written and on the disk, and
 * without a trace when `fill` fails. A file of that name is replaced.
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
  const partial = `${path}.partial-${pid}`
  const hash = createHash('sha256')
  let bytes = 0
  await onDisk(path, mkdir(dirname(path), { recursive: true }))
  try {
    const handle = await onDisk(path, open(partial, 'w'))
    try {
      await fill({
        async write(chunk) {
          // Writes on after a part was taken, as by a disk that becomes full.
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

/** Says which file it was that could not be written. */
async function onDisk<Value>(path: string, action: Promise<Value>): Promise<Value> {
  try {
    return await action
  } catch (cause) {
    const message = `cannot write ${path}: ${reasonOf(cause)}`
    throw new CommandError(EXIT.failure, 'EXPORT_WRITE_FAILED', message, { cause })
  }
}
