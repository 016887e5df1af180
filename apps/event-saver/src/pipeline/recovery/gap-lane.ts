import type { CaptureGap } from '@grid/core-events'
import type { NoteItem } from '../../journal/format/items.ts'
import type { JournalPosition } from '../../journal/format/position.ts'
import type { Arrival } from '../waiting-room.ts'

/** What a lane of gaps is made of. */
export interface GapLaneOptions {
  /** The arrival of the oldest gap that waits to be stored. */
  readonly oldest: () => Arrival | null
  /** The newest record of which everything was taken. */
  readonly newest: () => JournalPosition
  /** Takes a gap that another process left, or that the database lost again. */
  readonly onGap: (gap: CaptureGap, position: JournalPosition) => void
}

/**
 * The way of gaps into the database. They are few, so all of this process wait in memory; those that another
 * process noted are read from the journal. A gap that is stored twice is one gap.
 */
export class GapLane {
  readonly hasRoom = true
  readonly #options: GapLaneOptions
  /** Every note up to here was given; null at the tail. */
  #readTo: JournalPosition | null = null
  /** Later gaps are in memory. */
  #heldAfter: JournalPosition = 0

  constructor(options: GapLaneOptions) {
    this.#options = options
  }

  get isBehind(): boolean {
    return this.#readTo !== null
  }

  get readTo(): JournalPosition {
    return this.#readTo ?? this.#options.newest()
  }

  /** The last record of which every gap is stored. */
  settled(): JournalPosition {
    return Math.min(this.readTo, (this.#options.oldest()?.position ?? Infinity) - 1)
  }

  beginAt(position: JournalPosition, heldAfter: JournalPosition): void {
    this.#readTo = position
    this.#heldAfter = Math.max(this.#heldAfter, heldAfter)
  }

  goBack(position: JournalPosition): void {
    this.beginAt(position, this.readTo)
  }

  takeRead({ note, position }: NoteItem): void {
    if (note.type !== 'gap' || position > this.#heldAfter) return
    // Sound: only `gapNote` makes such notes.
    this.#options.onGap(note['gap'] as unknown as CaptureGap, position)
  }

  advance(position: JournalPosition): void {
    this.#readTo = position
  }

  reachTail(): number {
    this.#readTo = null
    return 0
  }

  /** There is always room. */
  changed(): Promise<void> {
    return Promise.resolve()
  }
}
