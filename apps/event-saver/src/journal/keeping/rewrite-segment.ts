import { type FileHandle, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { createPrivate } from '../files/create-private.ts'
import { type SegmentName, segmentPath } from '../files/file-names.ts'
import { syncDirectory } from '../files/journal-files.ts'
import type { Block } from '../format/block.ts'
import { openSource } from '../segments/open-source.ts'
import { packSegment } from './pack-segment.ts'

/** Written at once, in bytes. */
const WRITE_BYTES = 2 ** 20

/**
 * Puts a segment in the place of itself with other blocks, in its form; gives its bytes, or null where nothing changes.
 * Damaged places, which nobody can read, are left out. Whatever happens, one of the two is there, and whole.
 *
 * `change` is asked for each block, in order, and for all of them once more if anything changes.
 */
export async function rewriteSegment(
  directory: string,
  name: SegmentName,
  change: (block: Block) => Block,
): Promise<number | null> {
  if (!(await isChanged(directory, name, change))) return null
  const path = segmentPath(directory, name)
  const raw = `${path.replace(/\.zst$/, '.log')}.tmp`
  await rm(raw, { force: true })
  try {
    const bytes = await write(directory, name, raw, change)
    if (name.form === 'zst') return await packSegment(raw, path, async () => true)
    await rename(raw, path)
    await syncDirectory(dirname(path))
    return bytes
  } finally {
    await rm(raw, { force: true })
  }
}

async function isChanged(
  directory: string,
  name: SegmentName,
  change: (block: Block) => Block,
): Promise<boolean> {
  let isOther = false
  const source = await openSource(directory, name)
  try {
    for (let block = await source.next(); block !== null; block = await source.next()) {
      if (change(block) !== block) isOther = true
    }
    return isOther || source.damages > 0
  } finally {
    await source.close()
  }
}

async function write(
  directory: string,
  name: SegmentName,
  path: string,
  change: (block: Block) => Block,
): Promise<number> {
  const source = await openSource(directory, name)
  try {
    const file = await createPrivate(path)
    try {
      let waiting: Uint8Array[] = []
      let bytes = 0
      let written = 0
      for (let block = await source.next(); block !== null; block = await source.next()) {
        const { bytes: changed } = change(block)
        waiting.push(changed)
        bytes += changed.byteLength
        if (bytes - written < WRITE_BYTES) continue
        await writeAll(file, waiting)
        waiting = []
        written = bytes
      }
      await writeAll(file, waiting)
      await file.datasync()
      return bytes
    } finally {
      await file.close()
    }
  } finally {
    await source.close()
  }
}

function writeAll(file: FileHandle, parts: readonly Uint8Array[]): Promise<void> {
  return file.appendFile(Buffer.concat(parts))
}
