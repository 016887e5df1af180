import type { SegmentName } from '../files/file-names.ts'
import type { Block } from '../format/block.ts'
import type { HeadItem } from '../format/decode.ts'
import type { HoleCause, HoleItem, JournalItem } from '../format/items.ts'
import { firstPositionOf, type JournalPosition, segmentOf } from '../format/position.ts'

type Decoded = JournalItem | HeadItem

/** Joins blocks by their positions, and finds the holes between them. */
export class Continuity {
  readonly #from: JournalPosition
  readonly #onCorrupt: (file: SegmentName) => void
  /** The last position that was read. */
  #last: JournalPosition
  /** The process that wrote it; null before the first block. */
  #process: number | null = null
  #lastUs: number | null = null
  /** What was found wrong since the last block. */
  #cause: HoleCause = 'missing'
  #file: SegmentName | null = null

  /** `onCorrupt` is called for each hole that damage to a file has made. */
  constructor(from: JournalPosition, onCorrupt: (file: SegmentName) => void) {
    this.#from = from
    this.#onCorrupt = onCorrupt
    this.#last = firstPositionOf(segmentOf(from)) - 1
  }

  get last(): JournalPosition {
    return this.#last
  }

  /** Reading of all begins with a segment. */
  beginWith(segment: number): void {
    if (this.#from === 0) this.#last = Math.max(this.#last, firstPositionOf(segment) - 1)
  }

  /** Says why blocks may lack before the next one. */
  lose(cause: HoleCause, file: SegmentName | null = null): void {
    this.#cause = cause
    this.#file = file
  }

  /** The items of a block, after the hole before it where there is one. */
  join(block: Block, decoded: readonly Decoded[]): readonly JournalItem[] {
    if (decoded.length === 0) return []
    if (this.#process === null && block.first > this.#from) {
      this.#last = Math.max(this.#last, this.#from)
    }
    const items: JournalItem[] = [...this.#holes(block, decoded)]
    const isOther = this.#process !== null && block.process !== this.#process
    const isHeadless = block.first > firstPositionOf(block.process)
    const atUs = timeOf(block, decoded[0])
    if (isOther && isHeadless) items.push(lostBoot(block, atUs, this.#from))
    for (const item of decoded) if (item.kind !== 'head' && item.kind !== 'hole') items.push(item)
    this.#last = block.last
    this.#process = block.process
    this.#lastUs = timeOf(block, decoded.at(-1))
    this.#cause = 'missing'
    this.#file = null
    return items
  }

  #holes(block: Block, decoded: readonly Decoded[]): readonly HoleItem[] {
    const first = decoded[0]
    const stalled = first?.kind === 'hole' && first.position > this.#last ? first : null
    const holes: HoleItem[] = []
    const until = stalled === null ? block.first : Math.max(stalled.from, this.#last + 1)
    if (!this.#follows(block, first, until)) {
      const position = previousOf(first) ?? until - 1
      holes.push(this.#hole(position, this.#cause, timeOf(block, first)))
      if (this.#cause === 'corrupt' && this.#file !== null) this.#onCorrupt(this.#file)
    }
    if (stalled !== null) {
      const from = Math.max(stalled.from, this.#last + 1)
      holes.push({ ...stalled, from, lastGoodUs: this.#lastUs })
    }
    return holes
  }

  /** Whether nothing lacks between what was read and a position that begins a block. */
  #follows(block: Block, first: Decoded | undefined, position: JournalPosition): boolean {
    if (position <= this.#last + 1) return true
    const previous = previousOf(first)
    if (previous !== null && previous <= this.#last) return true
    // A process ended without saying where: what it received last may be torn off, as its lines say.
    const isBoot = block.first === firstPositionOf(block.process)
    return isBoot && this.#process !== null && this.#cause !== 'unreadable'
  }

  #hole(position: JournalPosition, cause: HoleCause, localTsUs: number): HoleItem {
    return {
      kind: 'hole',
      position,
      from: this.#last + 1,
      localTsUs,
      isState: position <= this.#from,
      cause,
      lastGoodUs: this.#lastUs,
    }
  }
}

/** The last position of the segment before, where the head of a segment names it. */
function previousOf(item: Decoded | undefined): JournalPosition | null {
  return item?.kind === 'head' ? item.head.previous : null
}

function timeOf(block: Block, item: Decoded | undefined): number {
  return item === undefined || item.kind === 'head' ? block.baseUs : item.localTsUs
}

/** Stands for the `boot` record of a process whose first records lack. */
function lostBoot(block: Block, localTsUs: number, from: JournalPosition): JournalItem {
  const position = block.first - 1
  return { kind: 'boot', position, localTsUs, isState: position <= from, environment: '' }
}
