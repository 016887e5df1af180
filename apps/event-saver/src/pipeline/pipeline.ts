import type { Discard } from '@grid/bybit-adapter'
import {
  type CaptureGap,
  CHANNELS,
  type Channel,
  type DeadLetter,
  type GridEvent,
  nowMs,
  repeat,
} from '@grid/core-events'
import { isDurable } from '../journal/durable-journal.ts'
import type { ArrivedFrame, ArrivedRows } from './arrived.ts'
import { DeadLetterBox } from './dead-letter-box.ts'
import { DroppedIntervals, momentOfEvent, momentOfLetter } from './dropped-intervals.ts'
import { GapBox } from './gap-box.ts'
import type { GapRecorder } from './gap-recorder.ts'
import { type DropReason, Ledger, type LedgerChannel, type LedgerEntry } from './ledger.ts'
import { makeWriters } from './make-writers.ts'
import { MergingQueue } from './merging/merging-queue.ts'
import { type MergeStates, STATE_MERGES } from './merging/state-merges.ts'
import type { Intervals, PipelineOptions } from './pipeline-options.ts'
import { forEachLane } from './recovery/frame-items.ts'
import { Lane, type LaneItems } from './recovery/lane.ts'
import { Recovery } from './recovery/recovery.ts'
import type { Place } from './recovery/stream-recorder.ts'
import { UnkeptNotes } from './recovery/unkept-notes.ts'
import { UnknownKeys } from './unknown-keys.ts'
import { createEventWriter, type EventQueue } from './writers/event-writer.ts'
import type { Arrival } from './writers/waiting-room.ts'
import type { WriterFactory } from './writers/writer-factory.ts'

/** How many items of evidence are lost: what was written nowhere but in the log. */
export interface EvidenceLost {
  readonly deadLetters: number
  readonly gaps: number
}

/** What a stop left. */
export interface DrainReport {
  /** Items that nothing holds any longer. */
  readonly lost: number
  /** Items that are in the journal, where the next start finds them. */
  readonly left: number
}

/** Why an item of a kind that is not captured was left out. */
const FILTERS: ReadonlySet<Discard['reason']> = new Set(['filtered', 'category_not_captured'])
/** Gaps of dropped items end once no more than this share of a queue is taken. */
const RESUME_AT = 0.8
/** About how many bytes a row of a reply takes while it waits. */
const ROW_BYTES = 1024
/** How long a stop without patience still tries to store dead letters and gaps: what was lost, and where. */
const EVIDENCE_MS = 3000
/** How often it is looked whether gaps of dropped items have ended. */
const TICK_MS = 1000

/**
 * Takes normalized frames and stores them: events by a writer for each channel, dead letters and gaps
 * by a writer of their own. Counts every item, and releases the journal's frames once nothing of them
 * waits.
 *
 * What finds no room in memory is read from the journal later, where there is one that can be read.
 */
export class Pipeline {
  readonly ledger: Ledger = new Ledger()
  readonly unknownKeys: UnknownKeys = new UnknownKeys()
  readonly #options: PipelineOptions
  readonly #lanes: Readonly<Record<LedgerChannel, Lane>>
  readonly #deadLetters: DeadLetterBox
  readonly #gaps: GapBox
  /** Null with a journal in memory. */
  readonly #recovery: Recovery | null
  readonly #dropped = new DroppedIntervals()
  readonly #unkept: UnkeptNotes
  readonly #refused = new WeakSet<GridEvent>()
  readonly #ended = new AbortController()
  readonly #writer: WriterFactory
  /** The newest record of which everything was taken. */
  #newest = 0

  constructor(options: PipelineOptions) {
    const { db, collector, gapThresholdMs, journal } = options
    this.#options = options
    this.#writer = makeWriters(options, () => this.#afterItems())
    this.#deadLetters = new DeadLetterBox({
      db,
      collector,
      ledger: this.ledger,
      writer: this.#writer,
      onKept: (letter) => options.handlers.onDeadLetter(letter),
      onLost: (letter, reason) => this.#onLetterLost(letter, reason),
    })
    const lanes: Partial<Record<LedgerChannel, Lane>> = { unknown: this.#makeLane('unknown', null) }
    for (const channel of CHANNELS)
      lanes[channel] = this.#makeLane(channel, this.#makeQueue(channel))
    this.#lanes = lanes as Record<LedgerChannel, Lane>
    this.#gaps = new GapBox({
      db,
      collector,
      thresholdMs: gapThresholdMs,
      journal,
      clock: options.clock,
      writer: this.#writer,
      newest: () => this.#newest,
      onRecorded: options.onRecorded,
      onLost: (gap, reason) => options.handlers.onEvidenceLost(gap, reason),
    })
    this.#unkept = new UnkeptNotes({
      note: (note) => this.#gaps.note(note),
      beforeTurn: () => this.#endDropped(),
      nowMs: () => nowMs(options.clock),
    })
    this.#recovery = isDurable(journal)
      ? new Recovery({
          ...options,
          journal,
          lanes: Object.values(this.#lanes),
          gaps: this.#gaps.lane,
          onRead: (frame, channel) => this.#countDiscards(frame.discarded, channel),
          heldBefore: (channel) => this.#unkept.firstOf(channel),
          onBack: (channel) => this.#onBack(channel),
          onGap: (gap) => this.acceptGap(gap),
          onMissing: (lane, items) => this.ledger.drop(lane.channel, 'journal_lost', items),
        })
      : null
  }

  /** The gaps of this process, and their counts. */
  get gaps(): GapRecorder {
    return this.#gaps.recorder
  }

  /** Reads up to where the database has the journal. Rejects while the database is away. */
  async readPositions(): Promise<void> {
    await this.#recovery?.readPositions()
  }

  /** Starts storing; until then all items wait. */
  open(): void {
    for (const writer of this.#writers()) writer.open()
    this.#recovery?.open()
    void repeat(async () => this.#tick(), {
      clock: this.#options.clock,
      backoff: { baseMs: TICK_MS, capMs: TICK_MS },
      signal: this.#ended.signal,
    })
  }

  /**
   * Starts storing what was received, but no gaps: another saver captures under this collector's name,
   * and what was missed here was not missed there. Its positions in the database are left alone too.
   */
  handOver(): void {
    this.#gaps.leave()
    for (const channel of CHANNELS) this.#lanes[channel].queue?.open()
    this.#deadLetters.writer.open()
    this.#recovery?.handOver()
  }

  /** Goes on storing, and leaves the positions in the database to a saver that took this collector's name. */
  leavePositions(): void {
    this.#recovery?.leavePositions()
  }

  /** Whether every item is kept, in memory or in the journal. */
  get accepting(): boolean {
    return !this.#dropped.isOpen
  }

  /** How many items of all kinds wait. */
  get waitingInAll(): number {
    const inJournal = this.#eachLane().reduce((sum, lane) => sum + lane.inJournal, 0)
    return this.#waitingInMemory + inJournal
  }

  /** How many items wait in the journal alone. */
  get waitingInJournal(): number {
    return this.#eachLane().reduce((sum, lane) => sum + lane.inJournal, 0)
  }

  /** The channels whose writers read on from the journal. */
  get behind(): readonly LedgerChannel[] {
    return this.#eachLane()
      .filter((lane) => lane.isBehind)
      .map(({ channel }) => channel)
  }

  /** Up to where each lane is committed, by name; null before its first commit, empty without a durable journal. */
  get positions(): Readonly<Record<string, number | null>> {
    return this.#recovery?.positions ?? {}
  }

  /** How many dead letters and gaps could not be stored and are lost, since the start. */
  get evidenceLost(): EvidenceLost {
    return { deadLetters: this.#deadLetters.lost, gaps: this.#gaps.lost }
  }

  /** Receive time of the oldest waiting item, in epoch microseconds; null when none waits. */
  get oldestUs(): number | null {
    const others = [this.#deadLetters.writer.oldest, this.#gaps.writer.oldest]
    const times = [
      ...this.#eachLane().map((lane) => lane.oldestUs),
      ...others.map((oldest) => oldest?.timeUs ?? null),
    ].filter((time) => time !== null)
    return times.length === 0 ? null : Math.min(...times)
  }

  /** The same of one channel's events. */
  oldestEventUs(channel: Channel): number | null {
    return this.#lanes[channel].oldestUs
  }

  /** Takes a normalized frame with its place in the journal. */
  accept({ frame, ...items }: ArrivedFrame, { position, isKept }: Place): void {
    const { deadLetters, discarded, events } = items
    const arrival: Arrival = {
      timeUs: frame.localTsUs,
      position,
      bytes: Math.ceil(frame.bytes.byteLength / Math.max(1, events.length + deadLetters.length)),
      ...(isKept ? {} : { isUnkept: true }),
    }
    for (const event of events) this.unknownKeys.note(event)
    forEachLane(items, (channel, part) => {
      const lane = this.#lanes[channel]
      if (!lane.take(part, arrival)) this.#refuse(channel, part)
      else if (lane.isBehind) this.#recovery?.wake()
      if (!isKept && this.#recovery !== null && channel !== 'unknown') {
        this.#unkept.take(channel, Math.floor(frame.localTsUs / 1000))
      }
    })
    for (const { channel } of discarded) this.ledger.of(channel ?? 'unknown').received += 1
    if (discarded.length > 0) this.#countDiscards(discarded)
    this.#newest = Math.max(this.#newest, this.#options.journal.position)
    if (this.#recovery === null && this.waitingInAll === 0) this.#releaseJournal()
  }

  /**
   * Takes the rows of a reply. Resolves once all are stored or kept as dead letters; to false when there was no
   * room for them, some were given up, or could not be kept as a dead letter: then ask for them again. (A letter of
   * others that is lost meanwhile counts too.)
   */
  async acceptRows({ events, deadLetters, filtered = [] }: ArrivedRows): Promise<boolean> {
    for (const { channel } of filtered) {
      this.ledger.of(channel).received += 1
      this.ledger.filter(channel, 'filtered')
    }
    const { lost } = this.#deadLetters
    const channels = new Set<LedgerChannel>([
      ...events.map(({ channel }) => channel),
      ...deadLetters.map(({ channel }) => channel ?? 'unknown'),
    ])
    if ([...channels].some((channel) => !this.#lanes[channel].hasRoom)) return false
    for (const channel of channels) {
      const part = {
        events: events.filter((event) => event.channel === channel),
        letters: deadLetters.filter((letter) => (letter.channel ?? 'unknown') === channel),
        discarded: 0,
      }
      for (const event of part.events) this.unknownKeys.note(event)
      this.#lanes[channel].takeRows(part, { timeUs: this.#nowUs(), bytes: ROW_BYTES })
    }
    const queues = [...channels].map((channel) => this.#lanes[channel].queue)
    const stored = await Promise.all(queues.map((queue) => queue?.settled() ?? true))
    // Only now are the letters of refused events in the box.
    const isKept = await this.#deadLetters.writer.settled()
    return [...stored, isKept].every(Boolean) && this.#deadLetters.lost === lost
  }

  /**
   * Whether an event that was taken became a dead letter: the database refused it, or has other values
   * under its key.
   */
  hasRefused(event: GridEvent): boolean {
    return this.#refused.has(event)
  }

  /** Takes a gap of a stream. */
  acceptGap(gap: CaptureGap): void {
    this.gaps.record(gap)
  }

  /**
   * Resolves once a channel's events so far are stored or kept, those in the journal too; to false when some were
   * given up.
   */
  async eventsStored(channel: Channel): Promise<boolean> {
    const lane = this.#lanes[channel]
    if (!(await lane.caughtUp())) return false
    return (await lane.queue?.settled()) ?? true
  }

  /** Resolves once all gaps so far are stored; to false when some were given up. */
  gapsRecorded(): Promise<boolean> {
    return this.#gaps.writer.settled()
  }

  /** The counts of all channels, read in one synchronous step. */
  sample(): LedgerEntry[] {
    return this.ledger.sample((channel) => this.#lanes[channel].waiting)
  }

  /**
   * Stores the waiting items until none is left or the signal aborts. The items that are left stay in the journal;
   * those that it does not hold are counted as dropped and covered by gaps. Without a durable journal the gaps'
   * storing has 3 s of its own; `evidenceLost` counts those that could not be stored either.
   */
  async drain(signal: AbortSignal): Promise<DrainReport> {
    for (let isMore = true; isMore && !signal.aborted; ) {
      await Promise.all(this.#writers().map((writer) => writer.flush(signal)))
      const isRead = (await this.#recovery?.readOn(signal)) ?? false
      isMore = isRead || this.#writers().some(({ isOpen, waiting }) => isOpen && waiting > 0)
    }
    this.#endDropped()
    this.#unkept.end()
    await this.#recovery?.stop(signal)
    return this.#close('shutdown', signal)
  }

  /**
   * Forgets everything that waits in memory, for a start that was refused before anything was stored: no capture
   * has begun, so there is no loss to be told of.
   */
  async abandon(): Promise<DrainReport> {
    const now = AbortSignal.abort()
    await this.#recovery?.stop(now)
    return this.#close('start_refused', now)
  }

  async #close(reason: 'shutdown' | 'start_refused', signal: AbortSignal): Promise<DrainReport> {
    this.#ended.abort()
    let lost = 0
    for (const lane of this.#eachLane()) {
      lane.end()
      for (const [event, { isUnkept }] of lane.queue?.close() ?? []) {
        if (isUnkept !== true) {
          lane.leave(1)
          continue
        }
        this.ledger.drop(event.channel, reason)
        if (event.source !== 'ws' && this.#recovery !== null) continue
        lost += 1
        if (reason === 'shutdown') this.#dropped.note(momentOfEvent(event))
      }
    }
    // What the journal holds needs no patience.
    const evidence =
      this.#recovery === null && signal.aborted ? AbortSignal.timeout(EVIDENCE_MS) : signal
    if (reason === 'shutdown') await this.#deadLetters.writer.flush(evidence)
    const { lost: lettersLost } = this.#deadLetters
    for (const { channel, term } of this.#deadLetters.close(reason)) {
      if (term === 'deadLettered') this.#lanes[channel].leave(1)
    }
    lost += this.#deadLetters.lost - lettersLost
    if (reason === 'shutdown') {
      this.#endDropped()
      await this.#gaps.writer.flush(
        this.#recovery === null ? AbortSignal.timeout(EVIDENCE_MS) : signal,
      )
    }
    this.#gaps.close(reason === 'shutdown')
    return { lost, left: this.waitingInJournal }
  }

  #makeQueue(channel: Channel): EventQueue {
    const writer = createEventWriter({
      db: this.#options.db,
      channel,
      counts: this.ledger.of(channel),
      writer: this.#writer,
      storeBatch: (insert, events, arrivals) =>
        this.#recovery === null
          ? insert({})
          : this.#recovery.storeBatch(this.#lanes[channel], insert, events, arrivals),
      toDeadLetter: (letter, event, arrival) => {
        this.#refused.add(event)
        this.#deadLetters.put(letter, arrival)
      },
      ready: () => this.#deadLetters.room(),
    })
    return this.#merging(channel, writer)
  }

  #makeLane(channel: LedgerChannel, queue: EventQueue | null): Lane {
    return new Lane({
      channel,
      queue,
      letters: this.#deadLetters,
      counts: this.ledger.of(channel),
      maxWaiting: this.#options.maxWaiting,
      batchSize: this.#options.batchSize,
      isKept: isDurable(this.#options.journal),
      newest: () => this.#newest,
    })
  }

  /** Puts a stage before a channel's writer that merges messages of an interval, where one is set. */
  #merging(channel: Channel, writer: EventQueue): EventQueue {
    const { intervals = {}, clock } = this.#options
    const { [channel]: intervalMs }: Intervals = intervals
    const { [channel]: merge }: Partial<Record<Channel, MergeStates>> = STATE_MERGES
    if (!intervalMs || merge === undefined) return writer
    return new MergingQueue(writer, {
      intervalMs,
      merge,
      clock,
      onMerged: () => {
        this.ledger.of(channel).merged += 1
      },
    })
  }

  /** Items could not be kept. */
  #refuse(channel: LedgerChannel, { events, letters }: LaneItems): void {
    const reason: DropReason = this.#recovery === null ? 'queue_full' : 'journal_full'
    for (const event of events) {
      this.#dropped.note(momentOfEvent(event))
      this.ledger.drop(channel, reason)
      this.#options.handlers.onDrop(channel)
    }
    for (const letter of letters) {
      this.#deadLetters.refuse({ letter, channel, term: 'deadLettered' }, reason)
    }
  }

  /** Counts what was not wanted; `only` of one channel, whose items did not count as received before. */
  #countDiscards(discarded: readonly Discard[], only?: LedgerChannel): void {
    for (const { channel: name, reason } of discarded) {
      const channel = name ?? 'unknown'
      if (only !== undefined && channel !== only) continue
      if (FILTERS.has(reason)) this.ledger.filter(channel, reason)
      else this.ledger.discard(channel, reason)
    }
  }

  #onLetterLost(letter: DeadLetter, reason: string): void {
    const moment = momentOfLetter(letter)
    if (moment !== null) this.#dropped.note(moment)
    this.#options.handlers.onEvidenceLost(letter, reason)
  }

  /** Some items wait no longer. */
  #afterItems(): void {
    if (this.#recovery !== null) return
    this.#releaseJournal()
    if (this.#waitingInMemory <= this.#options.maxWaiting * RESUME_AT) this.#endDropped()
  }

  /** Ends gaps of dropped items, of each stream once a while has passed in which it has dropped none. */
  #tick(): number {
    this.#newest = Math.max(this.#newest, this.#options.journal.position)
    this.#gaps.noteAgain()
    if (this.#recovery !== null) {
      // Where no note tells that items are being dropped, only gaps do.
      if (this.#options.journal.state !== 'running') this.#endDropped()
      for (const gap of this.#dropped.endCalm()) this.acceptGap(gap)
      this.#unkept.tick()
      this.#newest = Math.max(this.#newest, this.#options.journal.position)
    }
    return TICK_MS
  }

  /** The database lost what was stored: what was in memory alone comes from nowhere again. */
  #onBack(channel: LedgerChannel): void {
    const startTs = this.#unkept.takeBack(channel)
    if (startTs === null || channel === 'unknown') return
    const endTs = Math.max(startTs, nowMs(this.#options.clock))
    for (const stream of this.#options.streamsOf?.(channel) ?? []) {
      this.acceptGap({ ...stream, startTs, endTs, reason: 'queue_full' })
    }
  }

  #endDropped(): void {
    for (const gap of this.#dropped.end()) this.acceptGap(gap)
  }

  #releaseJournal(): void {
    const { journal } = this.#options
    const places = this.#writers().flatMap((writer) => writer.oldest?.position ?? [])
    journal.release(Math.min(journal.position, ...places.map((place) => place - 1)))
  }

  get #waitingInMemory(): number {
    return this.#writers().reduce((sum, writer) => sum + writer.waiting, 0)
  }

  #eachLane(): readonly Lane[] {
    return Object.values(this.#lanes)
  }

  #writers(): readonly Pick<EventQueue, 'open' | 'isOpen' | 'oldest' | 'waiting' | 'flush'>[] {
    const queues = this.#eachLane().flatMap((lane) => lane.queue ?? [])
    return [...queues, this.#deadLetters.writer, this.#gaps.writer]
  }

  #nowUs(): number {
    return this.#options.clock.nowUs()
  }
}
