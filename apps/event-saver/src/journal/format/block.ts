import { crc32 } from 'node:zlib'
import { firstPositionOf, type JournalPosition, POSITIONS_A_SEGMENT } from './position.ts'
import type { Framing } from './scan.ts'

/**
 * A block is what is written and checked as one: a header, and whole records. All numbers are little-endian.
 *
 * | at | bytes | |
 * |---|---|---|
 * | 0 | 4 | `GRJ1` |
 * | 4 | 4 | CRC-32 of all that follows |
 * | 8 | 4 | length of the records in bytes |
 * | 12 | 4 | number of records |
 * | 16 | 4 | segment that its positions lie in |
 * | 20 | 4 | first segment of the process that wrote it |
 * | 24 | 4 | number of its first record within the segment |
 * | 28 | 8 | base of its times, epoch microseconds |
 */
export const HEADER_BYTES = 36

/** `GRJ1`. */
const MAGIC: Uint8Array = Uint8Array.of(0x47, 0x52, 0x4a, 0x31)

/** Longer records than this are none: a length that was damaged must not ask for all memory. */
export const MAX_RECORD_BYTES: number = 2 ** 26

/** The most that a block's records take: at most one goes over the usual size. */
const MAX_PAYLOAD = MAX_RECORD_BYTES + 2 ** 20

/** A whole block, from memory or from a file. */
export interface Block {
  readonly segment: number
  /** First segment of the process that wrote it. */
  readonly process: number
  readonly first: JournalPosition
  readonly last: JournalPosition
  readonly records: number
  /** Base of its times, in epoch microseconds. */
  readonly baseUs: number
  /** Header and records. */
  readonly bytes: Uint8Array
}

/** Writes a block's header before its records. */
export function writeHeader(
  bytes: Uint8Array,
  header: Pick<Block, 'segment' | 'process' | 'first' | 'records' | 'baseUs'>,
): void {
  const view = viewOf(bytes)
  bytes.set(MAGIC)
  view.setUint32(8, bytes.byteLength - HEADER_BYTES, true)
  view.setUint32(12, header.records, true)
  view.setUint32(16, header.segment, true)
  view.setUint32(20, header.process, true)
  view.setUint32(24, header.first - firstPositionOf(header.segment), true)
  view.setBigUint64(28, BigInt(header.baseUs), true)
  view.setUint32(4, crc32(bytes.subarray(8)), true)
}

/** How blocks are found among bytes. */
export const BLOCKS: Framing<Block> = { mark: MAGIC, headerBytes: HEADER_BYTES, lengthOf, read }

function lengthOf(header: Uint8Array): number | null {
  const payload = viewOf(header).getUint32(8, true)
  return payload > MAX_PAYLOAD ? null : HEADER_BYTES + payload
}

function read(bytes: Uint8Array): Block | null {
  const view = viewOf(bytes)
  if (view.getUint32(4, true) !== crc32(bytes.subarray(8))) return null
  const records = view.getUint32(12, true)
  const segment = view.getUint32(16, true)
  const firstRecord = view.getUint32(24, true)
  if (records === 0 || firstRecord + records > POSITIONS_A_SEGMENT) return null
  const first = firstPositionOf(segment) + firstRecord
  return {
    segment,
    process: view.getUint32(20, true),
    first,
    last: first + records - 1,
    records,
    baseUs: Number(view.getBigUint64(28, true)),
    bytes,
  }
}

/** A view of the same bytes, for numbers. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
