import type { NormalizedFrame } from '@grid/bybit-adapter'
import {
  CHANNELS,
  type Channel,
  type Clock,
  type DeadLetter,
  type Gap,
  type GridEvent,
} from '@grid/core-events'
import {
  CaptureGapRepository,
  classifyDatabaseError,
  DeadLetterRepository,
  type GridDatabase,
} from '@grid/db'
import type { Kysely } from 'kysely'
import { BufferedWriter, type WriterOptions, type WriterTarget } from '../writer/buffered-writer.ts'
import type { Arrival } from '../writer/waiting-room.ts'
import { CHANNEL_STORES, type ChannelStore } from './channel-stores.ts'
import { eventDeadLetter, type PendingDeadLetter } from './dead-letters.ts'
import { DroppedIntervals } from './dropped-intervals.ts'
import { GapRecorder, type RecordedGap } from './gap-recorder.ts'
import type { Journal } from './journal.ts'
import { Ledger, type LedgerChannel, type LedgerEntry } from './ledger.ts'

/** The writers of a pipeline: one a channel, one for dead letters, one for gaps. */
export type WriterName = Channel | 'deadLetters' | 'gaps'

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
  /** Told of each failed write that is retried, and of the recovery (`failures` is then 0). */
  readonly onRetry: (writer: WriterName, error: unknown, failures: number) => void
  readonly onDeadLetter: (letter: DeadLetter) => void
  readonly onDrop: (channel: LedgerChannel, items: number) => void
}

/** What all writers have in common, whatever they write. */
type AnyWriter = Pick<EventWriter, 'open' | 'oldest'>

type EventWriter = BufferedWriter<
  GridEvent,
  Awaited<ReturnType<ChannelStore<GridEvent>['bulkInsert']>>
>

/**
 * The way of normalized frames into the database: journal place, writers, dead letters, gaps, and
 * the accounts of all of them.
 */
export class Pipeline {
  readonly ledger = new Ledger()
  readonly gaps: GapRecorder
  readonly #options: PipelineOptions
  readonly #events: Readonly<Record<Channel, EventWriter>>
  readonly #deadLetters: BufferedWriter<PendingDeadLetter, void>
  readonly #gaps: BufferedWriter<RecordedGap, void>
  readonly #dropped = new DroppedIntervals()
  /** Dead letters on their way, by the channel whose account they still burden. */
  readonly #deadWaiting = new Map<LedgerChannel, number>()

  constructor(options: PipelineOptions) {
    this.#options = options
    const writers: Partial<Record<Channel, EventWriter>> = {}
    for (const channel of CHANNELS) writers[channel] = this.#eventWriter(channel)
    this.#events = writers as Record<Channel, EventWriter>
    this.#deadLetters = this.#deadLetterWriter()
    this.#gaps = this.#gapWriter()
    this.gaps = new GapRecorder(this.#gaps, options.gapThresholdMs)
  }

  /** Starts storing; until then everything waits. */
  open(): void {
    for (const writer of this.#all()) writer.open()
  }

  /** Takes a normalized frame that stands in the journal at `position`. */
  accept(frame: NormalizedFrame, position: number): void {
    const arrival = { timeUs: frame.frame.localTsUs, position }
    for (const event of frame.events) this.#acceptEvent(event, arrival)
    for (const letter of frame.deadLetters) this.acceptDeadLetter(letter, arrival)
    for (const discard of frame.discarded) {
      const channel = discard.channel ?? 'unknown'
      this.ledger.of(channel).received += 1
      this.ledger.discard(channel, discard.reason)
    }
  }

  /** Takes an item that could not be normalized. */
  acceptDeadLetter(letter: DeadLetter, arrival: Arrival): void {
    const channel = letter.channel ?? 'unknown'
    this.ledger.of(channel).received += 1
    this.#quarantine({ letter, channel, term: 'deadLettered' }, arrival)
  }

  /** Takes a gap of a stream. */
  acceptGap(gap: Gap): void {
    this.gaps.record(gap, this.#now())
  }

  /** What waits, by channel. */
  waiting(channel: LedgerChannel): number {
    const events = channel === 'unknown' ? 0 : this.#events[channel].waiting
    return events + (this.#deadWaiting.get(channel) ?? 0)
  }

  /** All accounts, read in one synchronous step. */
  sample(): LedgerEntry[] {
    return this.ledger.sample((channel) => this.waiting(channel))
  }

  /** When the oldest waiting event of a channel was received, in epoch microseconds. */
  oldestUs(channel: Channel): number | null {
    return this.#events[channel].oldest?.timeUs ?? null
  }

  /**
   * Stores what waits until nothing does or the signal aborts. What is left is counted as dropped;
   * gives its number.
   */
  async drain(signal: AbortSignal): Promise<number> {
    let lost = 0
    for (const channel of CHANNELS) {
      const left = await this.#events[channel].drain(signal)
      for (const event of left) this.#dropped.note(event)
      if (left.length > 0) this.ledger.drop(channel, 'shutdown', left.length)
      lost += left.length
    }
    for (const gap of this.#dropped.endAll()) this.acceptGap(gap)
    const letters = await this.#deadLetters.drain(signal)
    for (const { channel, term } of letters) {
      if (term === 'conflict') continue
      this.#addDeadWaiting(channel, -1)
      this.ledger.drop(channel, 'shutdown')
    }
    const gaps = await this.#gaps.drain(signal)
    return lost + letters.length + gaps.length
  }

  #acceptEvent(event: GridEvent, arrival: Arrival): void {
    this.ledger.of(event.channel).received += 1
    if (this.#events[event.channel].add(event, arrival)) {
      const ended = this.#dropped.endBy(event)
      if (ended !== undefined) this.acceptGap(ended)
    } else {
      this.#dropped.note(event)
      this.ledger.drop(event.channel, 'queue_full')
      this.#options.onDrop(event.channel, 1)
    }
  }

  #quarantine(pending: PendingDeadLetter, arrival: Arrival): void {
    this.#options.onDeadLetter(pending.letter)
    const counted = pending.term === 'deadLettered'
    if (this.#deadLetters.add(pending, arrival)) {
      if (counted) this.#addDeadWaiting(pending.channel, 1)
    } else if (counted) {
      this.ledger.drop(pending.channel, 'queue_full')
      this.#options.onDrop(pending.channel, 1)
    }
  }

  #eventWriter(channel: Channel): EventWriter {
    // Sound: a channel's writer is only ever given that channel's events.
    const store = CHANNEL_STORES[channel](this.#options.db) as ChannelStore<GridEvent>
    const counts = this.ledger.of(channel)
    return this.#writer(channel, this.#options.maxWaiting, {
      store: (events: readonly GridEvent[]) => store.bulkInsert(events),
      settle: (_, result) => {
        counts.persisted += result.inserted
        counts.duplicate += result.duplicates
        counts.conflict += result.conflicts.length
        for (const { event, field, stored, offered } of result.conflicts) {
          const reason = `${field} is ${offered}, but a row with the same key has ${stored}`
          const letter = eventDeadLetter(event, 'KEY_CONFLICT', reason, field)
          this.#quarantine({ letter, channel, term: 'conflict' }, this.#now())
        }
      },
      reject: (event, error) => {
        const letter = eventDeadLetter(event, 'STORE_REJECTED', messageOf(error))
        this.#quarantine({ letter, channel, term: 'deadLettered' }, this.#now())
      },
    })
  }

  #deadLetterWriter(): BufferedWriter<PendingDeadLetter, void> {
    const repository = new DeadLetterRepository(this.#options.db)
    const { collector } = this.#options
    return this.#writer('deadLetters', this.#options.maxWaiting, {
      store: async (pending: readonly PendingDeadLetter[]) => {
        const letters = pending.map(({ letter }) => letter)
        await repository.bulkInsert(letters, { collector })
      },
      settle: (pending) => {
        for (const { channel, term } of pending) {
          if (term === 'conflict') continue
          this.#addDeadWaiting(channel, -1)
          this.ledger.of(channel).deadLettered += 1
        }
      },
      reject: ({ channel, term }) => {
        if (term === 'conflict') return
        this.#addDeadWaiting(channel, -1)
        this.ledger.drop(channel, 'dead_letter_rejected')
        this.#options.onDrop(channel, 1)
      },
    })
  }

  #gapWriter(): BufferedWriter<RecordedGap, void> {
    const repository = new CaptureGapRepository(this.#options.db)
    const { collector } = this.#options
    return this.#writer('gaps', Number.POSITIVE_INFINITY, {
      store: async (gaps: readonly RecordedGap[]) => {
        for (const [state, group] of Map.groupBy(gaps, (recorded) => recorded.state)) {
          const plain = group.map(({ gap }) => gap)
          await repository.insert(plain, { collector, state })
        }
      },
      settle: () => {},
      reject: (_, error) => this.#options.onRetry('gaps', error, 1),
    })
  }

  #writer<Item, Outcome>(
    name: WriterName,
    maxWaiting: number,
    target: Pick<WriterTarget<Item, Outcome>, 'store' | 'settle' | 'reject'>,
  ): BufferedWriter<Item, Outcome> {
    const { batchSize, flushIntervalMs, clock, onRetry } = this.#options
    const options: WriterOptions = { batchSize, flushIntervalMs, maxWaiting, clock }
    return new BufferedWriter<Item, Outcome>(
      {
        store: target.store,
        classify: classifyDatabaseError,
        reject: target.reject,
        onRetry: (error, failures) => onRetry(name, error, failures),
        settle: (items, outcome) => {
          target.settle(items, outcome)
          this.#releaseJournal()
        },
      },
      options,
    )
  }

  #releaseJournal(): void {
    const { journal } = this.#options
    let settled = journal.position
    for (const writer of this.#all()) {
      const oldest = writer.oldest
      if (oldest !== null) settled = Math.min(settled, oldest.position - 1)
    }
    journal.release(settled)
  }

  #all(): readonly AnyWriter[] {
    return [...CHANNELS.map((channel) => this.#events[channel]), this.#deadLetters, this.#gaps]
  }

  #addDeadWaiting(channel: LedgerChannel, items: number): void {
    this.#deadWaiting.set(channel, (this.#deadWaiting.get(channel) ?? 0) + items)
  }

  #now(): Arrival {
    const { clock, journal } = this.#options
    return { timeUs: clock.nowUs(), position: journal.position }
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
