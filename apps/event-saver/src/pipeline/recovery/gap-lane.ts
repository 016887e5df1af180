import type { CaptureGap } from '@grid/core-events'
import type { NoteItem } from '../../journal/format/items.ts'
import type { JournalPosition } from '../../journal/format/position.ts'
import type { Arrival } from '../writers/waiting-room.ts'

/** What a lane of gaps is made of. */
export interface GapLaneOptions {
  /** The arrival of the oldest gap that waits to be stored. */
  readonly oldest: () => Arrival | null
  /** The newest record of which everything was taken. */
  readonly newest: () => JournalPosition
  /** Takes a gap that another process left, or that the database lost again. */
  readonly onGap: (gap: CaptureGap, position: JournalPosition) => void
  /** Resolves once all gaps so far are stored. */
  readonly stored: () => Promise<unknown>
  /** Writes what was appended to the disk; gives up to where it is there. */
  readonly sync: () => Promise<JournalPosition>
}

/**
 * The way of gaps into the database. They are few, so all of this process wait in memory; those that another
 * process noted are read from the journal. A gap that is stored twice is one gap.
 */
export class GapLane {
  readonly hasRoomToRead = true
  readonly #options: GapLaneOptions
  /** Every note up to here was given; null at the tail. */
  #readTo: JournalPosition | null = null
  /** Later gaps are in memory. */
  #heldAfter: JournalPosition = 0
  /** How many gaps this process has noted. */
  #noted = 0
  /** The newest note of which it is not known that it is on the disk; null for none, infinite where none was taken. */
  #unsafe: JournalPosition | null = null
  #keeping: Promise<void> | null = null

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
    // Sound: only the pipeline makes such notes, of gaps.
    this.#options.onGap(note['gap'] as unknown as CaptureGap, position)
  }

  /** A gap of this process, or where one may begin, was noted; or not, where the journal took nothing. */
  noted(position: JournalPosition, isKept: boolean): void {
    this.#noted += 1
    this.#unsafe = Math.max(this.#unsafe ?? 0, isKept ? position : Number.POSITIVE_INFINITY)
    this.#keeping = null
  }

  /**
   * Resolves once all gaps so far outlive this process, on the disk or in the database. Rows must wait for that: to
   * the next start they look as if there had been no gap before them.
   */
  async kept(): Promise<void> {
    if (this.#unsafe === null) return
    this.#keeping ??= this.#keep(this.#unsafe, this.#noted)
    await this.#keeping
  }

  async #keep(position: JournalPosition, noted: number): Promise<void> {
    const { stored, sync } = this.#options
    const onDisk = async (): Promise<void> => {
      if ((await sync()) < position) throw new Error('the journal has not taken it')
    }
    await Promise.any([stored(), onDisk()])
    if (this.#noted === noted) this.#unsafe = null
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
