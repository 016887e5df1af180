import type { Channel, DeadLetter, GridEvent } from '@grid/core-events'
import {
  type BulkInsertResult,
  classifyDatabaseError,
  DeadLetterRepository,
  type GridDatabase,
  type RowReplacement,
} from '@grid/db'
import { type Kysely, sql } from 'kysely'
import { channelStore } from '../pipeline/writers/channel-stores.ts'
import { conflictLetter, refusalLetter } from '../pipeline/writers/event-writer.ts'
import type { RemovedDays } from './removed-days.ts'

/** What became of a channel's events. */
export interface ChannelRows {
  /** Rows that were deleted first. */
  removed: number
  stored: number
  /** Events that were stored already, or came twice, or were merged into a row. */
  present: number
  /** Events whose row has other values, and which are dead letters now. */
  conflicts: number
  /** Events that the database refuses, and which are dead letters now. */
  refused: number
  /** Events of days that were removed. */
  ofRemovedDays: number
}

/** What rows are stored with. */
export interface ReplayedRowsOptions {
  /** The database, or the transaction of a replacement. */
  readonly db: Kysely<GridDatabase>
  readonly collector: string
  readonly batchSize: number
  readonly removedDays: RemovedDays
  /** Given where rows are replaced. */
  readonly replacement?: RowReplacement
  /** Whether a row that is refused must not undo a transaction: it costs a savepoint a batch. */
  readonly isCareful?: boolean
}

/** Most dead letters in one statement: each may hold a frame of a megabyte. */
const LETTERS = 20

/** Stores events that were read again, in batches by channel, and counts what became of them. */
export class ReplayedRows {
  readonly channels = new Map<Channel, ChannelRows>()
  readonly #options: ReplayedRowsOptions
  readonly #waiting = new Map<Channel, GridEvent[]>()
  #letters: DeadLetter[] = []
  #deadLetters = 0
  #isDue = false

  constructor(options: ReplayedRowsOptions) {
    this.#options = options
  }

  /** Messages that this version cannot understand. */
  get deadLetters(): number {
    return this.#deadLetters
  }

  /** Whether a batch is full: `store` it before many more are added. */
  get isDue(): boolean {
    return this.#isDue
  }

  add(event: GridEvent): void {
    const { batchSize, removedDays } = this.#options
    if (removedDays.has(event)) {
      this.of(event.channel).ofRemovedDays += 1
      return
    }
    const waiting = this.#waiting.get(event.channel) ?? []
    waiting.push(event)
    this.#waiting.set(event.channel, waiting)
    if (waiting.length >= batchSize) this.#isDue = true
  }

  /** Keeps what a frame holds that this version cannot understand. */
  addLetters(letters: readonly DeadLetter[]): void {
    this.#deadLetters += letters.length
    this.#letters.push(...letters)
    if (this.#letters.length >= LETTERS) this.#isDue = true
  }

  /** Stores everything that was added. */
  async store(): Promise<void> {
    for (const [channel, events] of this.#waiting) await this.#store(channel, events)
    this.#waiting.clear()
    await this.#storeLetters()
    this.#isDue = false
  }

  of(channel: Channel): ChannelRows {
    const none = { removed: 0, stored: 0, present: 0, conflicts: 0, refused: 0, ofRemovedDays: 0 }
    const rows = this.channels.get(channel) ?? none
    this.channels.set(channel, rows)
    return rows
  }

  /** Halves a batch to find a row that the database refuses. */
  async #store(channel: Channel, events: readonly GridEvent[]): Promise<void> {
    if (events.length === 0) return
    const rows = this.of(channel)
    try {
      const result = await this.#attempt(channel, events)
      rows.stored += result.inserted
      rows.present += result.duplicates + result.merged
      await this.#settle(channel, result)
    } catch (error) {
      if (classifyDatabaseError(error) !== 'poison' || !this.#survivesRefusal) throw error
      const [first] = events
      if (events.length === 1 && first !== undefined) {
        rows.refused += 1
        this.#letters.push(refusalLetter(first, error))
        return
      }
      const half = events.length >> 1
      await this.#store(channel, events.slice(0, half))
      await this.#store(channel, events.slice(half))
    }
  }

  async #settle(channel: Channel, { conflicts }: BulkInsertResult<GridEvent>): Promise<void> {
    const { replacement } = this.#options
    const rows = this.of(channel)
    const events = conflicts.map(({ event }) => event)
    const removed =
      events.length === 0 ? 0 : ((await replacement?.removeOthers(channel, events)) ?? 0)
    if (removed === 0) {
      rows.conflicts += conflicts.length
      this.#letters.push(...conflicts.map(conflictLetter))
      return
    }
    rows.removed += removed
    const again = await this.#attempt(channel, events)
    rows.stored += again.inserted
    rows.present += again.duplicates + again.merged
    rows.conflicts += again.conflicts.length
    this.#letters.push(...again.conflicts.map(conflictLetter))
  }

  get #survivesRefusal(): boolean {
    const { db, isCareful } = this.#options
    return !db.isTransaction || isCareful === true
  }

  async #attempt(
    channel: Channel,
    events: readonly GridEvent[],
  ): Promise<BulkInsertResult<GridEvent>> {
    const { db } = this.#options
    const store = channelStore(db, channel)
    if (!db.isTransaction || !this.#survivesRefusal) return store.bulkInsert(events)
    await sql`savepoint replayed`.execute(db)
    try {
      const result = await store.bulkInsert(events)
      await sql`release savepoint replayed`.execute(db)
      return result
    } catch (error) {
      await sql`rollback to savepoint replayed`.execute(db)
      throw error
    }
  }

  async #storeLetters(): Promise<void> {
    const { collector, db } = this.#options
    const letters = this.#letters
    this.#letters = []
    for (let start = 0; start < letters.length; start += LETTERS) {
      const some = letters.slice(start, start + LETTERS)
      await new DeadLetterRepository(db).bulkInsert(some, { collector })
    }
  }
}
