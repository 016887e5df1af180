import { crc32 } from 'node:zlib'
import { viewOf } from './block.ts'
import { firstPositionOf, type JournalPosition } from './position.ts'
import type { Framing } from './scan.ts'

/**
 * A packed segment is a row of chunks. Each is a header in the form of a frame that zstd skips, and whole blocks as
 * one zstd frame, so that `zstd -d` gives the segment as it was written.
 *
 * | at | bytes | |
 * |---|---|---|
 * | 0 | 4 | 0x184D2A5A, zstd's mark of a frame to skip |
 * | 4 | 4 | 28, the length of what is skipped |
 * | 8 | 4 | CRC-32 of all that follows, the packed blocks included |
 * | 12 | 4 | length of the packed blocks |
 * | 16 | 4 | their length as they were written |
 * | 20 | 4 | number of records |
 * | 24 | 4 | segment of its first record |
 * | 28 | 4 | number of its first record within the segment |
 * | 32 | 4 | 0 |
 */
const HEADER_BYTES = 36

/** Blocks of one chunk, still packed. */
export interface Chunk {
  readonly packed: Uint8Array
  /** Length of the blocks as they were written. */
  readonly rawBytes: number
  readonly records: number
  readonly first: JournalPosition
}

/** A chunk packs blocks of about 1 MB, or one longer block. */
const MAX_BYTES = 2 ** 27

/** How chunks are found among bytes. */
export const CHUNKS: Framing<Chunk> = {
  mark: Uint8Array.of(0x5a, 0x2a, 0x4d, 0x18, 28, 0, 0, 0),
  headerBytes: HEADER_BYTES,
  lengthOf(header) {
    const packed = viewOf(header).getUint32(12, true)
    return packed > MAX_BYTES ? null : HEADER_BYTES + packed
  },
  read(bytes) {
    const view = viewOf(bytes)
    const rawBytes = view.getUint32(16, true)
    if (view.getUint32(8, true) !== crc32(bytes.subarray(12)) || rawBytes > MAX_BYTES) return null
    return {
      packed: bytes.subarray(HEADER_BYTES),
      rawBytes,
      records: view.getUint32(20, true),
      first: firstPositionOf(view.getUint32(24, true)) + view.getUint32(28, true),
    }
  },
}

/** The bytes of a chunk. */
export function writeChunk(chunk: Chunk): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES + chunk.packed.byteLength)
  const view = viewOf(bytes)
  bytes.set(CHUNKS.mark)
  const segment = Math.floor(chunk.first / firstPositionOf(1))
  view.setUint32(12, chunk.packed.byteLength, true)
  view.setUint32(16, chunk.rawBytes, true)
  view.setUint32(20, chunk.records, true)
  view.setUint32(24, segment, true)
  view.setUint32(28, chunk.first - firstPositionOf(segment), true)
  bytes.set(chunk.packed, HEADER_BYTES)
  view.setUint32(8, crc32(bytes.subarray(12)), true)
  return bytes
}
