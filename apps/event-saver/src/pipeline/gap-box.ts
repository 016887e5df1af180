import type { CaptureGap, Clock, JsonObject } from '@grid/core-events'
import type { GridDatabase } from '@grid/db'
import type { Kysely } from 'kysely'
import { type DurableJournal, isDurable } from '../journal/durable-journal.ts'
import type { JournalNote } from '../journal/format/items.ts'
import type { JournalPosition } from '../journal/format/position.ts'
import type { Journal } from '../journal/journal.ts'
import { reasonOf } from '../log/reason.ts'
import { STOPPED } from './dead-letter-box.ts'
import { GapRecorder, type RecordedGap } from './gap-recorder.ts'
import { createGapWriter } from './gap-writer.ts'
import { GapLane } from './recovery/gap-lane.ts'
import type { BufferedWriter } from './writers/buffered-writer.ts'
import type { WriterFactory } from './writers/writer-factory.ts'

/** What a box of gaps is made of. */
export interface GapBoxOptions {
  readonly db: Kysely<GridDatabase>
  readonly collector: string
  readonly thresholdMs: number
  readonly journal: Journal | (Journal & DurableJournal)
  readonly clock: Clock
  readonly writer: WriterFactory
  /** The newest record of which everything was taken. */
  readonly newest: () => JournalPosition
  /** Told of each gap, before it is stored. */
  readonly onRecorded?: ((recorded: RecordedGap) => void) | undefined
  /** A gap could not be stored, and nothing holds it any longer. */
  readonly onLost: (gap: CaptureGap, reason: string) => void
}

/** Where a note is, and whether the journal took it. */
interface NotePlace {
  readonly position: JournalPosition
  readonly isTaken: boolean
}

/** Notes gaps in the journal and keeps them until they are stored. */
export class GapBox {
  readonly recorder: GapRecorder
  readonly writer: BufferedWriter<RecordedGap, void>
  readonly lane: GapLane
  readonly #options: GapBoxOptions
  /** Gaps that the journal did not take. */
  #untaken: { readonly gap: JsonObject; readonly arrival: { isUnkept: boolean } }[] = []
  #lost = 0
  #isLeft = false

  constructor(options: GapBoxOptions) {
    const { collector, db, journal, newest, thresholdMs, writer } = options
    this.#options = options
    this.writer = createGapWriter({
      db,
      collector,
      writer,
      onLost: (gap, error) => this.#onLost(gap, reasonOf(error)),
    })
    this.lane = new GapLane({
      oldest: () => this.writer.oldest,
      newest,
      onGap: (gap, position) => this.recorder.record(gap, position),
      stored: () => this.writer.settled(),
      sync: async () => (isDurable(journal) ? journal.flush() : 0),
    })
    this.recorder = new GapRecorder(thresholdMs, (gap, position) => this.#keep(gap, position))
  }

  /** How many gaps could not be stored and are lost. */
  get lost(): number {
    return this.#lost
  }

  /** Stores no gaps any more, and misses none: they are another saver's. */
  leave(): void {
    this.#isLeft = true
  }

  /** Appends a note that rows must wait for. */
  note(note: JournalNote): NotePlace {
    const { journal } = this.#options
    const { unwritten } = journal.counts
    const position = journal.note(note)
    const isTaken = journal.counts.unwritten === unwritten
    if (isTaken) this.lane.noted(position, true)
    return { position, isTaken }
  }

  /** Notes the gaps that the journal did not take, as soon as it does: they may still wait for the database. */
  noteAgain(): void {
    for (const { gap, arrival } of this.#untaken.splice(0)) {
      arrival.isUnkept = !this.note({ type: 'gap', gap }).isTaken
      if (arrival.isUnkept) this.#untaken.push({ gap, arrival })
    }
  }

  /** Ends; what neither the database nor the journal holds is lost, unless no loss is to be told of. */
  close(isTold: boolean): void {
    for (const [{ gap }, { isUnkept }] of this.writer.close()) {
      if (isTold && !this.#isLeft && isUnkept) this.#onLost(gap, STOPPED)
    }
  }

  /** Keeps a gap; one that was read from the journal has its place there. */
  #keep(recorded: RecordedGap, position: number | undefined): void {
    const { clock, journal, onRecorded } = this.#options
    // Sound: gaps are plain JSON.
    const gap = recorded.gap as unknown as JsonObject
    const place =
      position === undefined ? this.note({ type: 'gap', gap }) : { position, isTaken: true }
    const isUnkept = !place.isTaken
    const arrival = { timeUs: clock.nowUs(), position: place.position, bytes: 0, isUnkept }
    if (isUnkept && isDurable(journal)) this.#untaken.push({ gap, arrival })
    this.writer.add(recorded, arrival)
    if (isUnkept) this.lane.noted(place.position, false)
    onRecorded?.(recorded)
  }

  #onLost(gap: CaptureGap, reason: string): void {
    this.#lost += 1
    this.#options.onLost(gap, reason)
  }
}
