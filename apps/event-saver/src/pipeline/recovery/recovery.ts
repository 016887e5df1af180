import { setTimeout as wait } from 'node:timers/promises'
import type { PrivateFilter } from '@grid/bybit-adapter'
import { CHANNELS, type Clock, type GridEvent, untilAborted } from '@grid/core-events'
import {
  type BulkInsertOptions,
  type BulkInsertResult,
  forgetStoredRows,
  type GridDatabase,
} from '@grid/db'
import type { Kysely } from 'kysely'
import { CommandError, EXIT } from '../../exit-code.ts'
import type { DurableJournal } from '../../journal/durable-journal.ts'
import type { HoleItem, JournalItem } from '../../journal/format/items.ts'
import type { JournalPosition } from '../../journal/format/position.ts'
import { arrivalOf } from '../event-writer.ts'
import type { LedgerChannel } from '../ledger.ts'
import type { Arrival } from '../waiting-room.ts'
import { CatchUp, type ReadFrame } from './catch-up.ts'
import type { GapLane } from './gap-lane.ts'
import { JournalReplay } from './journal-replay.ts'
import type { Lane, LaneName } from './lane.ts'
import { Positions } from './positions.ts'

/** How long the reading goes on before the writers are emptied again. */
const PROGRESS_MS = 10

/** How much older than its receipt an event is believed to be that the journal cannot give back. */
const UNDER_WAY_MS = 5000

/** What a recovery needs. */
export interface RecoveryOptions {
  readonly db: Kysely<GridDatabase>
  readonly journal: DurableJournal
  readonly clock: Clock
  readonly collector: string
  readonly environment: string
  readonly filter?: PrivateFilter | undefined
  /** Of every channel, and of `unknown`. */
  readonly lanes: readonly Lane[]
  readonly gaps: GapLane
  /** Told of each item in order; a promise is awaited before the next. */
  readonly onJournalItem?:
    | ((item: JournalItem, frame: ReadFrame | null) => Promise<unknown> | null)
    | undefined
  /** Discards of a channel that did not count as received before. */
  readonly onRead: (frame: ReadFrame, channel: LedgerChannel) => void
  /** What came on these lanes between two times, in epoch milliseconds, the journal cannot give back. */
  readonly onHole: (lanes: readonly Lane[], fromMs: number, toMs: number) => void
  /** Items of a lane that the journal held and could not give back. */
  readonly onMissing: (lane: Lane, items: number) => void
  readonly onDefect: (error: unknown) => void
}

/**
 * Keeps up to where each lane is committed, and reads from the journal what is not in memory: what earlier processes
 * left, what found no room, and what the database lost again.
 */
export class Recovery {
  readonly #options: RecoveryOptions
  readonly #lanes: ReadonlyMap<LedgerChannel, Lane>
  readonly #positions: Positions
  readonly #catchUp: CatchUp
  readonly #stop = new AbortController()
  #movesPositions = true

  constructor(options: RecoveryOptions) {
    const { clock, collector, db, gaps, journal, lanes, onDefect, onMissing, onRead } = options
    this.#options = options
    this.#lanes = new Map(lanes.map((lane) => [lane.channel, lane]))
    this.#positions = new Positions({
      db,
      clock,
      collector,
      journalId: journal.id,
      lanes: [...CHANNELS, 'unknown', 'gaps'],
      host: {
        settled: (name) => this.#settled(name, false),
        onBack: (name, position) => this.#goBack(name, position),
        kept: () => gaps.kept(),
        onCommitted: (position) => journal.release(position),
      },
    })
    this.#catchUp = new CatchUp({
      journal,
      lanes,
      gaps,
      laneOf: (channel) => this.#laneOf(channel),
      replay: () => {
        const replay = new JournalReplay(options)
        return (item) => replay.read(item)
      },
      onItem: (item, frame) => this.#onItem(item, frame),
      onDiscarded: onRead,
      onHole: (hole, behind) => this.#onHole(hole, behind),
      onTail: (lane, missing) => {
        if (missing > 0) onMissing(lane, missing)
      },
      onDefect,
    })
    // Until the positions are known: nothing of this process was given to a writer yet.
    const before = journal.firstOfProcess - 1
    for (const lane of [...lanes, gaps]) lane.beginAt(before, before)
  }

  /** Up to where each lane is committed. */
  get positions(): Readonly<Record<string, number | null>> {
    const names: readonly LaneName[] = [...CHANNELS, 'unknown', 'gaps']
    return Object.fromEntries(names.map((name) => [name, this.#positions.committed(name)]))
  }

  /** Reads up to where the database has the journal; rejects while it is away. */
  async readPositions(): Promise<void> {
    const { gaps, journal, lanes } = this.#options
    await this.#positions.readFirst()
    for (const [name, position] of Object.entries(this.positions)) {
      if (position === null || position <= journal.position) continue
      const message = `EVENTSAVER_DATA_DIR: the database has the journal's ${name} up to ${position}, beyond its end at ${journal.position}: the folder was put back from a copy; use another one`
      throw new CommandError(EXIT.configuration, 'JOURNAL_TOO_OLD', message)
    }
    const before = journal.firstOfProcess - 1
    for (const lane of lanes) lane.beginAt(this.#positions.committed(lane.channel) ?? 0, before)
    gaps.beginAt(this.#positions.committed('gaps') ?? 0, before)
  }

  /** Begins to read, and to move positions. */
  open(): void {
    this.#catchUp.start()
    void this.#positions.run(this.#stop.signal)
  }

  /** Gives what this process received, and moves no position: those are another saver's. */
  handOver(): void {
    this.#movesPositions = false
    this.#options.gaps.reachTail()
    this.#catchUp.start()
  }

  /** A lane has fallen behind. */
  wake(): void {
    this.#catchUp.wake()
  }

  /** Stores a batch of a lane's events and moves its position in the same transaction. */
  async storeBatch(
    lane: Lane,
    insert: (options: BulkInsertOptions<GridEvent>) => Promise<BulkInsertResult<GridEvent>>,
    events: readonly GridEvent[],
    arrivals: readonly Arrival[],
  ): Promise<BulkInsertResult<GridEvent>> {
    if (!this.#movesPositions) return insert({})
    // Later the writer may have been closed or have gone back, and then hold nothing of what it holds now.
    const settledNow = this.#settled(lane.channel, true) ?? 0
    const target = ({ conflicts }: BulkInsertResult<GridEvent>): JournalPosition => {
      // The letters of conflicts are written next.
      const places = conflicts.map(({ event }) => arrivalOf(event, events, arrivals).position - 1)
      return Math.min(settledNow, this.#settled(lane.channel, true) ?? 0, ...places)
    }
    return this.#positions.storeWith(lane.channel, target, (beside) => insert({ beside }))
  }

  /** Lets the reading go on for a moment; gives whether there was anything to be read. */
  async readOn(signal: AbortSignal): Promise<boolean> {
    const isBehind = this.#options.lanes.some((lane) => lane.isBehind)
    if (!isBehind || !this.#catchUp.isStarted) return false
    // Meanwhile the writers are given what they are to store.
    await untilAborted(wait(PROGRESS_MS), signal).catch(() => {})
    return true
  }

  /** Ends the reading; positions are moved once more, as long as the signal allows. */
  async stop(signal: AbortSignal): Promise<void> {
    this.#catchUp.stop()
    this.#stop.abort()
    if (this.#catchUp.isStarted && this.#movesPositions && !signal.aborted) {
      await untilAborted(this.#positions.beat(), signal).catch(() => {})
    }
    // A beat may still be under way, and would take for stored what is given up next.
    this.#positions.end()
  }

  #laneOf(channel: LedgerChannel): Lane {
    // Sound: there is one for every channel.
    return this.#lanes.get(channel) as Lane
  }

  /** The position that a lane may have; null while a batch of it is being stored. */
  #settled(name: LaneName, isBatchStored: boolean): JournalPosition | null {
    if (name === 'gaps') return this.#options.gaps.settled()
    const lane = this.#laneOf(name)
    if (!isBatchStored && lane.queue?.isStoring === true) return null
    const settled = lane.settled(isBatchStored)
    // A letter that names no channel may be of this one.
    return name === 'unknown' ? settled : Math.min(settled, this.#laneOf('unknown').settled(false))
  }

  #goBack(name: LaneName, position: JournalPosition): void {
    forgetStoredRows(this.#options.db)
    if (name === 'gaps') this.#options.gaps.goBack(position)
    else this.#laneOf(name).goBack(position)
    this.#catchUp.wake()
  }

  #onHole({ cause, lastGoodUs, localTsUs, position }: HoleItem, behind: readonly Lane[]): void {
    const isOwn = position >= this.#options.journal.firstOfProcess
    // What this process could not write went on from memory, or was dropped with a gap.
    if (lastGoodUs === null || (cause === 'stalled' && isOwn)) return
    const fromMs = Math.floor(lastGoodUs / 1000) - UNDER_WAY_MS
    this.#options.onHole(behind, fromMs, Math.ceil(localTsUs / 1000))
  }

  #onItem(item: JournalItem, frame: ReadFrame | null): Promise<unknown> | null {
    const { environment, onJournalItem } = this.#options
    // Of a boot that is damaged nothing is known: its frames are what they say they are.
    const isKnown = item.kind === 'boot' && item.environment !== ''
    if (isKnown && item.environment !== environment) {
      const message = `EVENTSAVER_DATA_DIR: its journal holds frames of ${item.environment} that are not stored yet, and this is ${environment}; name another folder, or store them with the settings of before`
      throw new CommandError(EXIT.configuration, 'JOURNAL_OF_OTHERS', message)
    }
    return onJournalItem?.(item, frame) ?? null
  }
}
