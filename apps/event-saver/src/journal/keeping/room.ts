import type { JournalPriority } from '../durable-journal.ts'

/** Of what the journal may take, how much makes expendable data, then all market data, be refused, and accepts all again. */
const EXPENDABLE = 0.9
const MARKET = 1
const AGAIN = 0.8

/** How much room there is: what is taken, and what may be. */
export interface RoomSample {
  /** Bytes that cannot be freed, because they are not released. */
  readonly held: number
  readonly maxBytes: number
  /** Free bytes of the file system; null while not known. */
  readonly free: number | null
  readonly minFreeBytes: number
}

/**
 * Decides which data is still appended. Each begin and end of a refusal costs a loss in the ledger, so it holds until
 * there is room for a while.
 */
export class Room {
  #refused: 'none' | 'expendable' | 'market' = 'none'
  #isFull = false

  accepts(priority: JournalPriority): boolean {
    if (priority === 'private' || this.#refused === 'none') return true
    return priority === 'market' && this.#refused === 'expendable'
  }

  /** A write found the disk full. */
  full(): void {
    this.#isFull = true
    this.#refused = 'market'
  }

  /** Judges the room; tells whether something changed. */
  judge(sample: RoomSample): boolean {
    const before = this.#refused
    const used = usedOf(sample)
    if (this.#isFull && (sample.free === null || sample.free <= sample.minFreeBytes)) return false
    this.#isFull = false
    if (used >= MARKET) this.#refused = 'market'
    else if (used >= EXPENDABLE && before === 'none') this.#refused = 'expendable'
    else if (used < AGAIN) this.#refused = 'none'
    return before !== this.#refused
  }
}

/** The part that is taken: of the bound, or of the disk, where 1 is its last bytes and 0.8 twice of them free. */
function usedOf({ held, maxBytes, free, minFreeBytes }: RoomSample): number {
  const onDisk = free === null || minFreeBytes === 0 ? 0 : 1.2 - (0.2 * free) / minFreeBytes
  return Math.max(held / maxBytes, onDisk)
}
