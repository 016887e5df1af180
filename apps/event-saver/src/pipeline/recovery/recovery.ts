import { setTimeout as wait } from 'node:timers/promises'
import type { PrivateFilter } from '@grid/bybit-adapter'
import {
  type CaptureGap,
  CHANNELS,
  type Channel,
  type Clock,
  type GridEvent,
  nowMs,
  retry,
  type Stream,
  untilAborted,
} from '@grid/core-events'
import {
  type BulkInsertOptions,
  type BulkInsertResult,
  forgetStoredRows,
  type GridDatabase,
} from '@grid/db'
import type { Kysely } from 'kysely'
import { CommandError, EXIT } from '../../exit-code.ts'
import type { DurableJournal } from '../../journal/durable-journal.ts'
import type { HoleItem, JournalItem, NoteItem } from '../../journal/format/items.ts'
import type { JournalPosition } from '../../journal/format/position.ts'
import type { Moment } from '../dropped-intervals.ts'
import type { LedgerChannel } from '../ledger.ts'
import { arrivalOf } from '../writers/event-writer.ts'
import type { Arrival } from '../writers/waiting-room.ts'
import { CatchUp, type ReadFrame } from './catch-up.ts'
import type { GapLane } from './gap-lane.ts'
import { JournalReplay } from './journal-replay.ts'
import type { Lane, LaneName } from './lane.ts'
import { Losses, UNDER_WAY_MS } from './losses.ts'
import { Positions } from './positions.ts'
import { unkeptOf } from './unkept-notes.ts'

/** How long the reading goes on before the writers are emptied again. */
const PROGRESS_MS = 10

const LAST_STORED_BACKOFF = { baseMs: 250, capMs: 5000 }

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
  /** The streams of a channel, which have a gap where the journal cannot give back what came on it. */
  readonly streamsOf?: ((channel: Channel) => readonly Stream[]) | undefined
  /** When events of each stream of a channel were last stored; asked where the journal does not know what it lacks. */
  readonly lastStored?: ((channel: Channel) => Promise<readonly Moment[]>) | undefined
  /** The record that a lane may not be settled beyond, so that the next start reads it; infinite for none. */
  readonly heldBefore: (channel: LedgerChannel) => JournalPosition
  /** The database lost what a lane had stored; told before it is read again. */
  readonly onBack: (channel: LedgerChannel) => void
  /** What the journal cannot give back. */
  readonly onGap: (gap: CaptureGap) => void
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
  readonly #losses: Losses
  readonly #stop = new AbortController()
  #movesPositions = true

  constructor(options: RecoveryOptions) {
    const { clock, collector, db, gaps, journal, lanes, onDefect, onRead } = options
    this.#options = options
    const { onGap, streamsOf = () => [] } = options
    this.#losses = new Losses({ streamsOf, onGap })
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
      onUnkept: (item, behind) => this.#onUnkept(item, behind),
      onLost: (frame, position, behind) => this.#onLost(frame, position, behind),
      onTail: (lane, missing) => this.#onTail(lane, missing),
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
    const { lastOfOthers } = journal
    const beyond = Object.entries(this.positions).find(([, at]) => (at ?? 0) > lastOfOthers)
    journal.markTooOld(beyond !== undefined)
    if (beyond !== undefined) {
      const [name, position] = beyond
      const message = `EVENTSAVER_DATA_DIR: the database has the journal's ${name} up to ${position}, beyond its end at ${lastOfOthers}: the folder was put back from a copy; use another one`
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

  /** From now on moves no position: those are another saver's. */
  leavePositions(): void {
    this.#movesPositions = false
    this.#positions.end()
  }

  /** Gives what this process received, and moves no position. */
  handOver(): void {
    this.leavePositions()
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
    const held = Math.min(this.#losses.firstOf(lane), this.#options.heldBefore(lane.channel))
    const settled = Math.min(lane.settled(isBatchStored), held - 1)
    // A letter that names no channel may be of this one.
    return name === 'unknown' ? settled : Math.min(settled, this.#laneOf('unknown').settled(false))
  }

  #goBack(name: LaneName, position: JournalPosition): void {
    forgetStoredRows(this.#options.db)
    if (name === 'gaps') this.#options.gaps.goBack(position)
    else {
      this.#options.onBack(name)
      this.#laneOf(name).goBack(position)
    }
    this.#catchUp.wake()
  }

  async #onHole(hole: HoleItem, behind: readonly Lane[]): Promise<void> {
    const { cause, from, lastGoodUs, localTsUs, position } = hole
    const isOwn = position >= this.#options.journal.firstOfProcess
    // What this process could not write went on from memory, or was dropped with a gap.
    if (cause === 'stalled' && isOwn) return
    const fromMs = lastGoodUs === null ? null : Math.floor(lastGoodUs / 1000) - UNDER_WAY_MS
    const toMs = Math.ceil(localTsUs / 1000)
    for (const lane of behind) {
      const stored = fromMs === null ? await this.#lastStored(lane.channel) : []
      // Each stream's loss begins with what of it is stored, and ends with the hole.
      const known = stored
        .filter(({ ts }) => ts < toMs)
        .flatMap((moment) => [moment, { ...moment, ts: toMs }])
      this.#losses.extend(lane, { from, fromMs, toMs, known })
    }
  }

  #onUnkept({ localTsUs, note, position }: NoteItem, behind: readonly Lane[]): void {
    const unkept = unkeptOf(note)
    const lane = unkept === null ? null : this.#laneOf(unkept.channel)
    if (unkept === null || lane === null || !behind.includes(lane)) return
    const isOwn = position >= this.#options.journal.firstOfProcess
    // This process had them in memory, or dropped them with a gap; unless the database lost them again.
    if (isOwn && lane.isCounted(position)) return
    const { fromMs, isOpen } = unkept
    const toMs = Math.ceil(localTsUs / 1000)
    this.#losses.extend(lane, { from: position, fromMs, toMs, isOpen })
  }

  #onLost({ lost, timeUs }: ReadFrame, from: JournalPosition, behind: readonly Lane[]): void {
    const fromMs = Math.floor(timeUs / 1000) - UNDER_WAY_MS
    const toMs = Math.ceil(timeUs / 1000)
    if (lost === 'all') for (const lane of behind) this.#losses.extend(lane, { from, fromMs, toMs })
    else if (lost !== undefined) {
      for (const [channel, streams] of Map.groupBy(lost, (stream) => stream.channel)) {
        const lane = this.#laneOf(channel)
        if (!behind.includes(lane)) continue
        const known = streams.flatMap((stream) => [
          { ...stream, ts: fromMs },
          { ...stream, ts: toMs },
        ])
        this.#losses.extend(lane, { from, fromMs: null, toMs, known })
      }
    }
  }

  #onTail(lane: Lane, missing: number): void {
    const now = nowMs(this.#options.clock)
    const isTold = this.#losses.reachTail(lane, now)
    if (missing === 0) return
    this.#options.onMissing(lane, missing)
    if (isTold || lane.leftSinceUs === null) return
    // Nobody knows why: but nothing is lost without a gap.
    const fromMs = Math.floor(lane.leftSinceUs / 1000) - UNDER_WAY_MS
    this.#losses.extend(lane, { from: lane.readTo, fromMs, toMs: now })
    this.#losses.reachTail(lane, now)
  }

  /** Waits for the database as long as it is away: rows that are stored later would hide the answer. */
  async #lastStored(channel: LedgerChannel): Promise<readonly Moment[]> {
    const { clock, lastStored } = this.#options
    if (lastStored === undefined || channel === 'unknown') return []
    const { signal } = this.#stop
    return retry(() => lastStored(channel), { clock, backoff: LAST_STORED_BACKOFF, signal })
  }

  #onItem(item: JournalItem, frame: ReadFrame | null): Promise<unknown> | null {
    const { environment, onJournalItem } = this.#options
    if (item.kind === 'boot') this.#losses.endAll(item.localTsUs / 1000)
    else this.#losses.pass(item.localTsUs / 1000)
    // Of a boot that is damaged nothing is known: its frames are what they say they are.
    const isKnown = item.kind === 'boot' && item.environment !== ''
    if (isKnown && item.environment !== environment) {
      const message = `EVENTSAVER_DATA_DIR: its journal holds frames of ${item.environment} that are not stored yet, and this is ${environment}; name another folder`
      throw new CommandError(EXIT.configuration, 'JOURNAL_OF_OTHERS', message)
    }
    return onJournalItem?.(item, frame) ?? null
  }
}
