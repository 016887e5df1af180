import { setImmediate as afterOthers } from 'node:timers/promises'
import { type Stream, untilAborted } from '@grid/core-events'
import type { DurableJournal, JournalReader } from '../../journal/durable-journal.ts'
import type { HoleItem, JournalItem, NoteItem } from '../../journal/format/items.ts'
import type { JournalPosition } from '../../journal/format/position.ts'
import type { LedgerChannel } from '../ledger.ts'
import type { Arrival } from '../writers/waiting-room.ts'
import { type FrameItems, forEachLane, storedItems } from './frame-items.ts'
import type { GapLane } from './gap-lane.ts'
import type { Lane, LaneItems } from './lane.ts'

/** A frame that was read from the journal. */
export interface ReadFrame extends FrameItems {
  readonly timeUs: number
  readonly bytes: number
  /**
   * Streams whose items could not be understood, because what they build on was damaged; `all` where it is not even
   * known of which streams they are.
   */
  readonly lost?: readonly Stream[] | 'all'
}

/** What a reading of the journal needs, and whom it tells. */
export interface CatchUpOptions {
  readonly journal: Pick<DurableJournal, 'reader'>
  readonly lanes: readonly Lane[]
  readonly laneOf: (channel: LedgerChannel) => Lane
  readonly gaps: GapLane
  /** Makes what turns the items of one reading into events again. */
  readonly replay: () => (item: JournalItem) => ReadFrame | null
  /** Told of every item after the position of the least lane, in order; awaited where it must be stored first. */
  readonly onItem: (item: JournalItem, frame: ReadFrame | null) => Promise<unknown> | null
  /** Discards of a frame that did not count as received before. */
  readonly onDiscarded: (frame: ReadFrame, channel: LedgerChannel) => void
  /** Records that cannot be read, which these lanes were to be given. */
  readonly onHole: (hole: HoleItem, lanes: readonly Lane[]) => Promise<unknown>
  /** These lanes are to be told that frames were in memory alone. */
  readonly onUnkept: (item: NoteItem, lanes: readonly Lane[]) => void
  /** Items that these lanes were to be given, and that cannot be understood. */
  readonly onLost: (frame: ReadFrame, position: JournalPosition, lanes: readonly Lane[]) => void
  /** A lane has been given the newest record; so many of its items did not come. */
  readonly onTail: (lane: Lane, missing: number) => void
  readonly onDefect: (error: unknown) => void
}

const NONE: readonly never[] = []
/** After so long without a pause, sockets and writers have their turn. */
const TURN_MS = 8

/**
 * Reads the journal for all lanes that are behind, gives each its items in order as its queue has room, and hands it
 * over to memory in the step in which it has been given the newest record.
 *
 * A lane whose writer fails while others go on is left where it is, and taken up by the next reading.
 */
export class CatchUp {
  readonly #options: CatchUpOptions
  readonly #stop = new AbortController()
  #isStarted = false
  #isRunning = false

  constructor(options: CatchUpOptions) {
    this.#options = options
  }

  /** Begins to read, now and whenever a lane is behind. */
  start(): void {
    this.#isStarted = true
    this.wake()
  }

  /** A lane is behind. */
  wake(): void {
    if (!this.#isStarted || this.#isRunning || this.#stop.signal.aborted) return
    if (this.#behind().length === 0) return
    this.#isRunning = true
    void this.#run()
      .catch((error: unknown) => {
        if (this.#stop.signal.aborted) return
        this.#stop.abort()
        this.#options.onDefect(error)
      })
      .finally(() => {
        this.#isRunning = false
        this.wake()
      })
  }

  /** Whether it was started. */
  get isStarted(): boolean {
    return this.#isStarted
  }

  /** Ends the reading, now and for good. */
  stop(): void {
    this.#stop.abort()
  }

  async #run(): Promise<void> {
    for (;;) {
      const behind = this.#behind()
      if (behind.length === 0) return
      while (!behind.some((lane) => lane.hasRoomToRead)) await this.#change(behind)
      const from = Math.min(...behind.map((lane) => lane.readTo))
      const reader = this.#options.journal.reader(from)
      try {
        await this.#readOn(reader, from)
      } finally {
        await reader.close()
      }
    }
  }

  #all(): readonly (Lane | GapLane)[] {
    return [...this.#options.lanes, this.#options.gaps]
  }

  #behind(): (Lane | GapLane)[] {
    return this.#all().filter((lane) => lane.isBehind)
  }

  /** Reads until every lane that goes along has reached the tail, or none goes along any more. */
  async #readOn(reader: JournalReader, from: JournalPosition): Promise<void> {
    const understand = this.#options.replay()
    let before = from
    let turnEndsMs = performance.now() + TURN_MS
    for (;;) {
      for (const item of await untilAborted(reader.next(), this.#stop.signal)) {
        const frame = understand(item)
        if (item.isState) continue
        const first = this.#options.onItem(item, frame)
        if (first !== null) await first
        // Without a promise a frame: with it reading costs a tenth more CPU.
        if (!this.#giveAtOnce(item, frame, before)) await this.#give(item, frame, before)
        before = item.position
      }
      // In the step in which the tail is found, so that no frame is passed over and none is given twice.
      const { isAtTail, position } = reader
      const along = this.#behind().filter((lane) => lane.readTo >= before)
      before = Math.max(before, position)
      for (const lane of along) lane.advance(Math.max(lane.readTo, before))
      if (isAtTail) for (const lane of along) this.#handOver(lane)
      if (isAtTail || along.length === 0) return
      if (performance.now() < turnEndsMs) continue
      await afterOthers()
      turnEndsMs = performance.now() + TURN_MS
    }
  }

  #handOver(lane: Lane | GapLane): void {
    const missing = lane.reachTail()
    if ('queue' in lane) this.#options.onTail(lane, missing)
  }

  /** Gives a frame to its one lane at once, where there is nothing to wait for, as for nearly all; false if there is. */
  #giveAtOnce(item: JournalItem, frame: ReadFrame | null, before: JournalPosition): boolean {
    if (frame === null || frame.lost !== undefined || item.kind !== 'frame') return false
    const channel = frame.events[0]?.channel
    if (channel === undefined || frame.deadLetters.length + frame.discarded.length > 0) return false
    const lane = this.#options.laneOf(channel)
    if (!lane.hasRoomToRead) return false
    if (isNext(lane, before, item.position)) {
      const part = { events: frame.events, letters: NONE, discarded: 0 }
      lane.takeRead(part, arrivalOf(frame, item.position))
    }
    this.#advance(before, item.position)
    return true
  }

  async #give(item: JournalItem, frame: ReadFrame | null, before: JournalPosition): Promise<void> {
    const { gaps, lanes, laneOf, onHole, onLost, onUnkept } = this.#options
    const { position } = item
    const isNextNow = (lane: Lane | GapLane): boolean => isNext(lane, before, position)
    if (item.kind === 'note' && isNextNow(gaps)) gaps.takeRead(item)
    if (item.kind === 'note' && item.note.type === 'unkept') onUnkept(item, lanes.filter(isNextNow))
    if (item.kind === 'hole') await onHole(item, lanes.filter(isNextNow))
    if (frame?.lost !== undefined) onLost(frame, position, lanes.filter(isNextNow))
    const left = new Set<Lane | GapLane>()
    if (frame !== null) {
      const arrival = arrivalOf(frame, position)
      const parts: [Lane, LaneItems][] = []
      forEachLane(frame, (channel, part) => parts.push([laneOf(channel), part]))
      for (const [lane, part] of parts) {
        if (!lane.hasRoomToRead) await this.#room(lane, isNextNow, left)
        // It may have gone back meanwhile.
        if (left.has(lane) || !isNextNow(lane)) continue
        if (part.discarded > 0 && !lane.isCounted(position)) {
          this.#options.onDiscarded(frame, lane.channel)
        }
        lane.takeRead(part, arrival)
      }
    }
    this.#advance(before, position, left)
  }

  /** Every lane that was given all before a record was given the record; those that were left were not. */
  #advance(before: JournalPosition, position: JournalPosition, left?: Set<Lane | GapLane>): void {
    const { gaps, lanes } = this.#options
    if (isNext(gaps, before, position)) gaps.advance(position)
    for (const lane of lanes) {
      if (isNext(lane, before, position) && left?.has(lane) !== true) lane.advance(position)
    }
  }

  /** Waits for room in a lane's queue; leaves it behind if it fails while others could go on. */
  async #room(
    lane: Lane,
    isNext: (lane: Lane) => boolean,
    left: Set<Lane | GapLane>,
  ): Promise<void> {
    while (isNext(lane) && !lane.hasRoomToRead) {
      const others = this.#options.lanes.filter((other) => other !== lane && isNext(other))
      if (lane.isFailing && others.some((other) => other.inJournal > 0 && !other.isFailing)) {
        left.add(lane)
        return
      }
      await this.#change([lane])
    }
  }

  #change(lanes: readonly (Lane | GapLane)[]): Promise<void> {
    return untilAborted(Promise.race(lanes.map((lane) => lane.changed())), this.#stop.signal)
  }
}

/** Whether a lane was given everything before a record, and not the record. */
function isNext(
  lane: Pick<Lane, 'isBehind' | 'readTo'>,
  before: JournalPosition,
  position: JournalPosition,
): boolean {
  return lane.isBehind && lane.readTo >= before && lane.readTo < position
}

function arrivalOf(frame: ReadFrame, position: JournalPosition): Arrival {
  const items = Math.max(1, storedItems(frame))
  return { timeUs: frame.timeUs, position, bytes: Math.ceil(frame.bytes / items) }
}
