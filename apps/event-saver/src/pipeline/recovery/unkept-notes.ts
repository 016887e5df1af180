import { CHANNELS, type Channel } from '@grid/core-events'
import type { JournalNote } from '../../journal/format/items.ts'
import type { JournalPosition } from '../../journal/format/position.ts'
import type { LedgerChannel } from '../ledger.ts'
import { UNDER_WAY_MS } from './losses.ts'

/** What a note tells of an interval in which frames of a channel were in memory alone. */
export interface Unkept {
  readonly channel: Channel
  /** What no earlier note tells begins here, in epoch milliseconds; it ends with the note. */
  readonly fromMs: number
  /** Whether the interval goes on: the process may have ended in it. */
  readonly isOpen: boolean
}

/** What is known of the interval of one channel. */
interface Interval {
  fromMs: number
  /** Whether frames came since the last tick. */
  isFresh: boolean
  /** Whether the journal took its last note. */
  isTold: boolean
  /** Whether its last note says that it has ended. */
  isOver: boolean
  /** When its last note was written, in epoch milliseconds. */
  notedMs: number
  /** Its last two notes: the later one may be torn off. */
  places: readonly [JournalPosition, JournalPosition]
}

/** What such notes need. */
export interface UnkeptNotesOptions {
  /** Appends a note; gives its place, and whether the journal took it. */
  readonly note: (note: JournalNote) => { position: JournalPosition; isTaken: boolean }
  /** Called before a note after which earlier ones are no longer read: tells what was dropped until now. */
  readonly beforeTurn: () => void
  readonly nowMs: () => number
}

/** How long what is dropped may be told by such notes alone. */
const TURN_MS = 10_000
const NOWHERE = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY] as const

/**
 * Notes in the journal that it refuses frames of a channel, which are in memory alone, or dropped: when that begins,
 * every 10 s and when it ends. Who reads such a note, because its process was killed or because the database lost
 * what it had, knows of a loss that nothing else tells.
 *
 * A channel is not settled beyond the last note but one, so that it is read.
 */
export class UnkeptNotes {
  readonly #options: UnkeptNotesOptions
  readonly #intervals = new Map<LedgerChannel, Interval>()

  constructor(options: UnkeptNotesOptions) {
    this.#options = options
  }

  /** The record that the next start must read of a channel; infinite for none. */
  firstOf(channel: LedgerChannel): JournalPosition {
    return this.#intervals.get(channel)?.places[0] ?? Number.POSITIVE_INFINITY
  }

  /** A frame of a channel came that the journal does not hold. */
  take(channel: LedgerChannel, timeMs: number): void {
    const known = this.#intervals.get(channel)
    if (known !== undefined && !known.isOver) {
      known.isFresh = true
      return
    }
    const places = known?.places ?? NOWHERE
    const fromMs = timeMs - UNDER_WAY_MS
    const flags = { isFresh: true, isTold: false, isOver: false }
    const interval = { fromMs, ...flags, notedMs: timeMs, places }
    this.#intervals.set(channel, interval)
    this.#note(channel, interval, true)
  }

  /** Once a second. */
  tick(): void {
    const now = this.#options.nowMs()
    for (const [channel, interval] of this.#intervals) {
      if (interval.isOver) {
        this.#intervals.delete(channel)
        continue
      }
      if (!interval.isFresh) this.#note(channel, interval, false)
      else if (now - interval.notedMs >= TURN_MS) {
        this.#options.beforeTurn()
        this.#note(channel, interval, true)
      }
      interval.isFresh = false
    }
  }

  /** What was in memory alone was lost again by the database; gives since when no note tells of it, if so. */
  takeBack(channel: LedgerChannel): number | null {
    const interval = this.#intervals.get(channel)
    if (interval === undefined || interval.isTold) return null
    const { fromMs } = interval
    interval.fromMs = this.#options.nowMs() - UNDER_WAY_MS
    return fromMs
  }

  /** No more frames will come. What was dropped must be told. */
  end(): void {
    for (const [channel, interval] of this.#intervals) {
      if (!interval.isOver) this.#note(channel, interval, false)
    }
    this.#intervals.clear()
  }

  #note(channel: LedgerChannel, interval: Interval, isOpen: boolean): void {
    const now = this.#options.nowMs()
    const { fromMs, places } = interval
    const { isTaken, position } = this.#options.note({ type: 'unkept', channel, fromMs, isOpen })
    interval.places = [Math.min(places[1], position), position]
    interval.notedMs = now
    interval.isTold = isTaken
    interval.isOver = isTaken && !isOpen
    if (isTaken) interval.fromMs = now - UNDER_WAY_MS
  }
}

/** What a note tells, if it is one of these. */
export function unkeptOf(note: JournalNote): Unkept | null {
  const channel = CHANNELS.find((name) => name === note['channel'])
  if (note.type !== 'unkept' || channel === undefined) return null
  return { channel, fromMs: Number(note['fromMs']), isOpen: note['isOpen'] === true }
}
