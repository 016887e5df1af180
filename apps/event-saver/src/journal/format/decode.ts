import { type Block, HEADER_BYTES, viewOf } from './block.ts'
import type { BootItem, CheckpointItem, JournalItem, JournalNote, JournalOrigin } from './items.ts'
import type { JournalPosition } from './position.ts'
import { RECORD, RECORD_HEADER_BYTES, type SegmentHead } from './record.ts'

/** The head of a segment: of use to the reader alone. */
export interface HeadItem {
  readonly kind: 'head'
  readonly position: JournalPosition
  readonly head: SegmentHead
}

const LENGTH_BITS = 2 ** 28 - 1

/**
 * The records of a block that lie after a position, as items; those up to `stateUntil` as state. Null when they do not
 * fill the block exactly, as in no block that was written.
 */
export function decodeBlock(
  block: Block,
  after: JournalPosition,
  stateUntil: JournalPosition,
): (JournalItem | HeadItem)[] | null {
  const { bytes, first, baseUs, records } = block
  const view = viewOf(bytes)
  const items: (JournalItem | HeadItem)[] = []
  let at = HEADER_BYTES
  for (let record = 0; record < records; record++) {
    const start = at + RECORD_HEADER_BYTES
    if (start > bytes.byteLength) return null
    const word = view.getUint32(at, true)
    const end = start + (word & LENGTH_BITS)
    if (end > bytes.byteLength) return null
    const position = first + record
    if (position > after) {
      const kind = word >>> 28
      const connection = view.getUint32(at + 4, true)
      const localTsUs = baseUs + view.getInt32(at + 8, true)
      const isState = position <= stateUntil
      const body = bytes.subarray(start, end)
      if (kind === RECORD.frame) {
        const index = view.getUint32(at + 12, true)
        items.push({ kind: 'frame', position, localTsUs, isState, connection, index, bytes: body })
      } else {
        items.push(controlItem(kind, connection, body, { position, localTsUs, isState }))
      }
    }
    at = end
  }
  return at === bytes.byteLength ? items : null
}

interface Placed {
  readonly position: JournalPosition
  readonly localTsUs: number
  readonly isState: boolean
}

/** A record whose JSON cannot be understood makes no claim. */
function controlItem(
  kind: number,
  connection: number,
  body: Uint8Array,
  placed: Placed,
): JournalItem | HeadItem {
  const value = parse(body)
  if (typeof value !== 'object' || value === null)
    return { kind: 'unknown', ...placed, bytes: body }
  switch (kind) {
    case RECORD.segment:
      return { kind: 'head', position: placed.position, head: value as SegmentHead }
    case RECORD.boot:
      return { kind: 'boot', ...placed, ...(value as Pick<BootItem, 'environment'>) }
    case RECORD.opened:
      return { kind: 'opened', ...placed, connection, origin: value as JournalOrigin }
    case RECORD.checkpoint: {
      const { origin, state } = value as Pick<CheckpointItem, 'origin' | 'state'>
      return { kind: 'checkpoint', ...placed, connection, origin, state }
    }
    case RECORD.note:
      return { kind: 'note', ...placed, note: value as JournalNote }
    case RECORD.hole: {
      const { from, to } = value as { readonly from: number; readonly to: number }
      return { kind: 'hole', ...placed, position: to, from, cause: 'stalled', lastGoodUs: null }
    }
    default:
      return { kind: 'unknown', ...placed, bytes: body }
  }
}

function parse(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(body))
  } catch {
    return null
  }
}
