import type { Discard } from '@grid/bybit-adapter'
import {
  type CaptureGap,
  CHANNELS,
  type Channel,
  type Clock,
  type DeadLetter,
  type GridEvent,
} from '@grid/core-events'
import { classifyDatabaseError, type GridDatabase } from '@grid/db'
import type { Kysely } from 'kysely'
import type { Journal } from '../journal/journal.ts'
import { reasonOf } from '../log/reason.ts'
import { BufferedWriter } from './buffered-writer.ts'
import { DeadLetterBox, type PendingDeadLetter, STOPPED } from './dead-letter-box.ts'
import { DroppedIntervals, momentOfEvent, momentOfLetter } from './dropped-intervals.ts'
import { createEventWriter, type EventQueue } from './event-writer.ts'
import { GapRecorder, type RecordedGap } from './gap-recorder.ts'
import { createGapWriter } from './gap-writer.ts'
import { LastingRefusal } from './lasting-refusal.ts'
import { Ledger, type LedgerChannel, type LedgerEntry } from './ledger.ts'
import { MergingQueue } from './merging-queue.ts'
import { type MergeStates, STATE_MERGES } from './state-merges.ts'
import { UnknownKeys } from './unknown-keys.ts'
import type { Arrival } from './waiting-room.ts'
import type { WriterFactory, WriterName } from './writer-factory.ts'

/** What a pipeline tells its owner about. */
export interface PipelineHandlers {
  /** A failed write is tried again, or succeeded after failures (`failures` is then 0). */
  onRetry(writer: WriterName, error: unknown, failures: number): void
  /** An item is stored as a dead letter. */
  onDeadLetter(letter: DeadLetter): void
  /** A queue had no room for an item; a gap will cover it. */
  onDrop(channel: LedgerChannel): void
  /** A dead letter or a gap, the evidence of a loss, could not be stored, and nothing holds it any longer. */
  onEvidenceLost(what: DeadLetter | CaptureGap, reason: string): void
}

/** The length of the intervals of which one event a stream is stored, in milliseconds; 0 for every event. */
export type Intervals = { readonly [Name in Channel]?: number }

/** What a pipeline is made of. */
export interface PipelineOptions {
  readonly db: Kysely<GridDatabase>
  readonly journal: Journal
  readonly clock: Clock
  readonly collector: string
  readonly batchSize: number
  readonly flushIntervalMs: number
  readonly maxWaiting: number
  readonly gapThresholdMs: number
  /** Default: every event is stored. */
  readonly intervals?: Intervals
  readonly handlers: PipelineHandlers
  /** Told of each gap, before it is stored. */
  readonly onGap?: (recorded: RecordedGap) => void
  /** Told that the database goes on refusing what a writer stores, and that trying again does not help. */
  readonly onRefused?: (writer: WriterName, error: unknown) => void
  /** Told that counting an item failed: the process should not go on. */
  readonly onDefect: (error: unknown) => void
}

/** A frame with everything that it was normalized to. */
export interface ArrivedFrame extends ArrivedRows {
  readonly frame: { readonly bytes: Uint8Array; readonly localTsUs: number }
  readonly discarded: readonly Discard[]
}

/** How many items of evidence are lost: what was written nowhere but in the log. */
export interface EvidenceLost {
  readonly deadLetters: number
  readonly gaps: number
}

/** The rows of a REST reply. */
export interface ArrivedRows {
  readonly events: readonly GridEvent[]
  readonly deadLetters: readonly DeadLetter[]
  /** Events that the configuration leaves out: they are counted, and not stored. */
  readonly filtered?: readonly GridEvent[]
}

/** Why an item of a kind that is not captured was left out. */
const FILTERS: ReadonlySet<Discard['reason']> = new Set(['filtered', 'category_not_captured'])
/** Most bytes that may wait in one queue, so that large items cannot fill the memory. */
const MAX_WAITING_BYTES = 128 * 1024 * 1024
/** Gaps of dropped items end once no more than this share of a queue is taken. */
const RESUME_AT = 0.8
/** About how many bytes a row of a reply takes while it waits. */
const ROW_BYTES = 1024
/** How long a stop without patience still tries to store dead letters and gaps: what was lost, and where. */
const EVIDENCE_MS = 3000

/**
 * Takes normalized frames and stores them: events by a writer for each channel, dead letters and gaps
 * by a writer of their own. Counts every item, and releases the journal's frames once nothing of them
 * waits.
 */
export class Pipeline {
  readonly ledger = new Ledger()
  readonly unknownKeys = new UnknownKeys()
  readonly gaps: GapRecorder
  readonly #options: PipelineOptions
  readonly #events: Readonly<Record<Channel, EventQueue>>
  readonly #deadLetters: DeadLetterBox
  readonly #gapWriter: BufferedWriter<RecordedGap, void>
  readonly #dropped = new DroppedIntervals()
  readonly #refused = new WeakSet<GridEvent>()
  #gapsLost = 0
  #keepsGaps = true

  constructor(options: PipelineOptions) {
    const { db, collector, gapThresholdMs } = options
    this.#options = options
    const writers: Partial<Record<Channel, EventQueue>> = {}
    for (const channel of CHANNELS) {
      const writer = createEventWriter({
        db,
        channel,
        counts: this.ledger.of(channel),
        writer: this.#writer,
        toDeadLetter: (letter, event) => {
          this.#refused.add(event)
          this.#toDeadLetter(letter, this.#now())
        },
      })
      writers[channel] = this.#merging(channel, writer)
    }
    this.#events = writers as Record<Channel, EventQueue>
    this.#deadLetters = new DeadLetterBox({
      db,
      collector,
      ledger: this.ledger,
      writer: this.#writer,
      onKept: (letter) => options.handlers.onDeadLetter(letter),
      onLost: (letter, reason) => this.#onLetterLost(letter, reason),
    })
    this.#gapWriter = createGapWriter({
      db,
      collector,
      writer: this.#writer,
      onLost: (gap, error) => this.#onGapLost(gap, reasonOf(error)),
    })
    this.gaps = new GapRecorder(gapThresholdMs, (gap) => {
      this.#gapWriter.add(gap, this.#now())
      options.onGap?.(gap)
    })
  }

  /** Starts storing; until then all items wait. */
  open(): void {
    for (const writer of this.#all()) writer.open()
  }

  /**
   * Starts storing what was received, but no gaps: another saver captures under this collector's name,
   * and what was missed here was not missed there.
   */
  handOver(): void {
    this.#keepsGaps = false
    for (const channel of CHANNELS) this.#events[channel].open()
    this.#deadLetters.writer.open()
  }

  /** Whether the queues have room for every item. */
  get accepting(): boolean {
    return !this.#dropped.isOpen
  }

  /** How many items of all kinds wait. */
  get waitingInAll(): number {
    return this.#all().reduce((sum, writer) => sum + writer.waiting, 0)
  }

  /** How many dead letters and gaps could not be stored and are lost, since the start. */
  get evidenceLost(): EvidenceLost {
    return { deadLetters: this.#deadLetters.lost, gaps: this.#gapsLost }
  }

  /** Receive time of the oldest waiting item, in epoch microseconds; null when none waits. */
  get oldestUs(): number | null {
    const times = this.#all().flatMap((writer) => writer.oldest?.timeUs ?? [])
    return times.length === 0 ? null : Math.min(...times)
  }

  /** The same of one channel's events. */
  oldestEventUs(channel: Channel): number | null {
    return this.#events[channel].oldest?.timeUs ?? null
  }

  /** Takes a normalized frame whose record in the journal is at `position`. */
  accept({ frame, events, deadLetters, discarded }: ArrivedFrame, position: number): void {
    const items = Math.max(1, events.length + deadLetters.length)
    const bytes = Math.ceil(frame.bytes.byteLength / items)
    const arrival = { timeUs: frame.localTsUs, position, bytes }
    for (const event of events) this.#acceptEvent(event, arrival)
    for (const letter of deadLetters) this.#acceptLetter(letter, arrival)
    for (const discard of discarded) {
      const channel = discard.channel ?? 'unknown'
      this.ledger.of(channel).received += 1
      if (FILTERS.has(discard.reason)) this.ledger.filter(channel, discard.reason)
      else this.ledger.discard(channel, discard.reason)
    }
    if (this.waitingInAll === 0) this.#releaseJournal()
  }

  /**
   * Takes the rows of a reply. Resolves once all are stored or kept as dead letters; to false when some
   * found no room, were given up or could not be kept as a dead letter. (A letter of others that is lost
   * meanwhile counts too: then the rows are asked for once more.)
   */
  async acceptRows({ events, deadLetters, filtered = [] }: ArrivedRows): Promise<boolean> {
    const arrival = { ...this.#now(), bytes: ROW_BYTES }
    const { lost } = this.#deadLetters
    for (const { channel } of filtered) {
      this.ledger.of(channel).received += 1
      this.ledger.filter(channel, 'filtered')
    }
    const taken = events.map((event) => this.#acceptEvent(event, arrival))
    for (const letter of deadLetters) this.#acceptLetter(letter, arrival)
    const channels = new Set(events.map(({ channel }) => channel))
    const stored = await Promise.all([...channels].map((name) => this.#events[name].settled()))
    // Only now are the letters of refused events in the box.
    const isKept = await this.#deadLetters.writer.settled()
    return [...stored, ...taken, isKept].every(Boolean) && this.#deadLetters.lost === lost
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

  /** Resolves once a channel's events so far are stored or kept; to false when some were given up. */
  eventsStored(channel: Channel): Promise<boolean> {
    return this.#events[channel].settled()
  }

  /** Resolves once all gaps so far are stored; to false when some were given up. */
  gapsRecorded(): Promise<boolean> {
    return this.#gapWriter.settled()
  }

  /** The counts of all channels, read in one synchronous step. */
  sample(): LedgerEntry[] {
    return this.ledger.sample((channel) => {
      const events = channel === 'unknown' ? 0 : this.#events[channel].waiting
      return events + this.#deadLetters.waiting(channel)
    })
  }

  /**
   * Stores the waiting items until none is left or the signal aborts. The items that are left are
   * counted as dropped and covered by gaps, whose storing has 3 s of its own. Gives the number of items
   * lost; `evidenceLost` counts the gaps that could not be stored either.
   */
  async drain(signal: AbortSignal): Promise<number> {
    const left = await Promise.all(CHANNELS.map((channel) => this.#events[channel].drain(signal)))
    for (const event of left.flat()) {
      this.#dropped.note(momentOfEvent(event))
      this.ledger.drop(event.channel, 'shutdown')
    }
    const evidence = signal.aborted ? AbortSignal.timeout(EVIDENCE_MS) : signal
    const letters = await this.#deadLetters.drain(evidence)
    this.#endDropped()
    const gaps = await this.#gapWriter.drain(AbortSignal.timeout(EVIDENCE_MS))
    if (this.#keepsGaps) for (const { gap } of gaps) this.#onGapLost(gap, STOPPED)
    return left.flat().length + letters
  }

  /**
   * Forgets everything that waits, for a start that was refused before anything was stored: no capture has
   * begun, so there is no loss to be told of. Gives the number of items.
   */
  async abandon(): Promise<number> {
    const now = AbortSignal.abort()
    const left = await Promise.all(CHANNELS.map((channel) => this.#events[channel].drain(now)))
    for (const { channel } of left.flat()) this.ledger.drop(channel, 'start_refused')
    await this.#gapWriter.drain(now)
    return left.flat().length + (await this.#deadLetters.abandon())
  }

  #acceptEvent(event: GridEvent, arrival: Arrival): boolean {
    this.ledger.of(event.channel).received += 1
    this.unknownKeys.note(event)
    if (this.#events[event.channel].add(event, arrival)) return true
    this.#refuse(event)
    return false
  }

  /** An event found no room. */
  #refuse(event: GridEvent): void {
    this.#dropped.note(momentOfEvent(event))
    this.ledger.drop(event.channel, 'queue_full')
    this.#options.handlers.onDrop(event.channel)
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
      onRefused: (event) => this.#refuse(event),
    })
  }

  #acceptLetter(letter: DeadLetter, arrival: Arrival): void {
    const channel = letter.channel ?? 'unknown'
    this.ledger.of(channel).received += 1
    this.#toDeadLetter({ letter, channel, term: 'deadLettered' }, arrival)
  }

  #toDeadLetter(pending: PendingDeadLetter, arrival: Arrival): void {
    this.#deadLetters.put(pending, arrival)
  }

  #onLetterLost(letter: DeadLetter, reason: string): void {
    const moment = momentOfLetter(letter)
    if (moment !== null) this.#dropped.note(moment)
    this.#options.handlers.onEvidenceLost(letter, reason)
  }

  #onGapLost(gap: CaptureGap, reason: string): void {
    this.#gapsLost += 1
    this.#options.handlers.onEvidenceLost(gap, reason)
  }

  readonly #writer: WriterFactory = (name, part, maxWaiting = this.#options.maxWaiting) => {
    const { batchSize, flushIntervalMs, clock, handlers, onDefect, onRefused } = this.#options
    const refusal = new LastingRefusal(clock, (error) => onRefused?.(name, error))
    return new BufferedWriter(
      {
        store: part.store,
        settle: (items, outcome) => {
          part.settle(items, outcome)
          this.#afterItems()
        },
        reject: (item, error) => {
          part.reject(item, error)
          this.#afterItems()
        },
        classify: classifyDatabaseError,
        onRetry: (error, failures) => {
          handlers.onRetry(name, error, failures)
          refusal.note(error, failures)
        },
        onDefect,
      },
      { batchSize, flushIntervalMs, maxWaiting, maxBytes: MAX_WAITING_BYTES, clock },
    )
  }

  /** Some items wait no longer. */
  #afterItems(): void {
    this.#releaseJournal()
    if (this.waitingInAll <= this.#options.maxWaiting * RESUME_AT) this.#endDropped()
  }

  #endDropped(): void {
    for (const gap of this.#dropped.end()) this.acceptGap(gap)
  }

  #releaseJournal(): void {
    const { journal } = this.#options
    const places = this.#all().flatMap((writer) => writer.oldest?.position ?? [])
    journal.release(Math.min(journal.position, ...places.map((place) => place - 1)))
  }

  #all(): readonly Pick<EventQueue, 'open' | 'oldest' | 'waiting'>[] {
    const events = CHANNELS.map((channel) => this.#events[channel])
    return [...events, this.#deadLetters.writer, this.#gapWriter]
  }

  #now(): Arrival {
    const { clock, journal } = this.#options
    return { timeUs: clock.nowUs(), position: journal.position, bytes: 0 }
  }
}
