import { type FileHandle, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { promisify } from 'node:util'
import { constants, zstdCompress } from 'node:zlib'
import { createPrivate } from '../files/create-private.ts'
import { syncDirectory } from '../files/journal-files.ts'
import type { Block } from '../format/block.ts'
import { writeChunk } from '../format/chunk.ts'
import { openRaw } from '../segments/raw-source.ts'
import type { SegmentSource } from '../segments/segment-source.ts'

/** About how many bytes of blocks are packed as one. */
const CHUNK_BYTES = 2 ** 20

const OPTIONS = {
  chunkSize: CHUNK_BYTES,
  params: { [constants.ZSTD_c_compressionLevel]: 1, [constants.ZSTD_c_checksumFlag]: 1 },
}

/**
 * Packs a segment into another file, which is whole and safe from a power cut as soon as it has its name; gives
 * its bytes. Null, and no file, when the segment is damaged: it stays as it is, for whoever may read more of it.
 *
 * `between` is awaited after each chunk, to leave the processor to others; when it gives false, packing ends with null.
 */
export async function packSegment(
  from: string,
  to: string,
  between: () => Promise<boolean>,
): Promise<number | null> {
  const temporary = `${to}.tmp`
  await rm(temporary, { force: true })
  const source = await openRaw(from)
  try {
    const file = await createPrivate(temporary)
    let bytes: number | null
    try {
      bytes = await pack(source, file, between)
      await file.datasync()
    } finally {
      await file.close()
    }
    if (bytes === null) return null
    await rename(temporary, to)
    await syncDirectory(dirname(to))
    return bytes
  } finally {
    await source.close()
    await rm(temporary, { force: true })
  }
}

async function pack(
  source: SegmentSource,
  file: FileHandle,
  between: () => Promise<boolean>,
): Promise<number | null> {
  let blocks: Block[] = []
  let raw = 0
  let offset = 0
  for (;;) {
    const block = await source.next()
    if (source.damages > 0) return null
    if (block !== null) {
      blocks.push(block)
      raw += block.bytes.byteLength
    }
    const [first] = blocks
    if (first !== undefined && (block === null || raw >= CHUNK_BYTES)) {
      const packed = await promisify(zstdCompress)(
        Buffer.concat(blocks.map(({ bytes }) => bytes)),
        OPTIONS,
      )
      const records = blocks.reduce((sum, each) => sum + each.records, 0)
      const chunk = writeChunk({ packed, rawBytes: raw, records, first: first.first })
      await writeAll(file, chunk, offset)
      offset += chunk.byteLength
      blocks = []
      raw = 0
      if (!(await between())) return null
    }
    if (block === null) return offset
  }
}

async function writeAll(file: FileHandle, bytes: Uint8Array, offset: number): Promise<void> {
  let done = 0
  while (done < bytes.byteLength) {
    const { bytesWritten } = await file.write(bytes, done, bytes.byteLength - done, offset + done)
    done += bytesWritten
  }
}
