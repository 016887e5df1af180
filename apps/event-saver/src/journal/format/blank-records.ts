import { type Block, HEADER_BYTES, viewOf, writeHeader } from './block.ts'
import { RECORD, RECORD_HEADER_BYTES } from './record.ts'

/** A record of a block, as it is written. */
export interface RawRecord {
  readonly kind: number
  /** Of frames, connections that opened, and checkpoints; else 0. */
  readonly connection: number
  readonly body: Uint8Array
}

const LENGTH_BITS = 2 ** 28 - 1
/** What stands in the place of a record, so that the others keep their positions. */
const BLANK: Uint8Array = new TextEncoder().encode('{"type":"forgotten"}')

/**
 * The block with other records in the place of some, which say nothing but that something was there; the same block
 * where there are none. Records that do not fill the block exactly, as in no block that was written, stay.
 */
export function blankRecords(block: Block, isToGo: (record: RawRecord) => boolean): Block {
  const { bytes, records } = block
  const view = viewOf(bytes)
  const parts: Uint8Array[] = []
  let isChanged = false
  let at = HEADER_BYTES
  for (let record = 0; record < records; record++) {
    const start = at + RECORD_HEADER_BYTES
    if (start > bytes.byteLength) return block
    const word = view.getUint32(at, true)
    const end = start + (word & LENGTH_BITS)
    if (end > bytes.byteLength) return block
    const raw = {
      kind: word >>> 28,
      connection: view.getUint32(at + 4, true),
      body: bytes.subarray(start, end),
    }
    const goes = isToGo(raw)
    isChanged ||= goes
    parts.push(...(goes ? blankOf(bytes.subarray(at, start)) : [bytes.subarray(at, end)]))
    at = end
  }
  return isChanged ? withRecords(block, parts) : block
}

/** A blank record with the time of the one that goes. */
function blankOf(header: Uint8Array): readonly Uint8Array[] {
  const blank = new Uint8Array(header)
  const view = viewOf(blank)
  view.setUint32(0, BLANK.byteLength | (RECORD.note << 28), true)
  view.setUint32(4, 0, true)
  view.setUint32(12, 0, true)
  return [blank, BLANK]
}

function withRecords(block: Block, parts: readonly Uint8Array[]): Block {
  const bytes = Buffer.concat([new Uint8Array(HEADER_BYTES), ...parts])
  writeHeader(bytes, block)
  return { ...block, bytes }
}
