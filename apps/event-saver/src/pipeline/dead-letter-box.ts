import type { DeadLetter } from '@grid/core-events'
import { DeadLetterRepository, type GridDatabase } from '@grid/db'
import type { Kysely } from 'kysely'
import { reasonOf } from '../log/reason.ts'
import type { DropReason, Ledger, LedgerChannel } from './ledger.ts'
import type { BufferedWriter } from './writers/buffered-writer.ts'
import type { Arrival } from './writers/waiting-room.ts'
import type { WriterFactory } from './writers/writer-factory.ts'

/** A dead letter on its way to the database. */
export interface PendingDeadLetter {
  readonly letter: DeadLetter
  readonly channel: LedgerChannel
  /** The count that its item belongs to: a conflict is counted as such, not as dead-lettered. */
  readonly term: 'deadLettered' | 'conflict'
}

/** Why a dead letter or a gap is lost that a stop leaves in the queue. */
export const STOPPED = 'the process stopped before it was stored'

/** What a box is made of. */
export interface DeadLetterBoxOptions {
  readonly db: Kysely<GridDatabase>
  readonly collector: string
  readonly ledger: Ledger
  readonly writer: WriterFactory
  /** Told of a letter that is stored. */
  readonly onKept: (letter: DeadLetter) => void
  /** Told of a letter that could not be kept, and why. */
  readonly onLost: (letter: DeadLetter, reason: string) => void
}

/** The letters of one channel that wait. */
interface Waiting {
  /** How many of them are to be counted as dead-lettered. */
  items: number
  /** The place in the journal of each letter that waits; those of a reply are after the newest record. */
  readonly places: Map<PendingDeadLetter, number>
  /** The least of them; null when it must be looked for. */
  least: number | null
}

/** Stores dead letters, and counts what became of their items. */
export class DeadLetterBox {
  readonly #options: DeadLetterBoxOptions
  readonly #writer: BufferedWriter<PendingDeadLetter, void>
  readonly #waiting = new Map<LedgerChannel, Waiting>()
  #lost = 0

  constructor(options: DeadLetterBoxOptions) {
    const { db, collector, ledger, onKept } = options
    const repository = new DeadLetterRepository(db)
    this.#options = options
    this.#writer = options.writer<PendingDeadLetter, void>('deadLetters', {
      store: async (pending) => {
        const letters = pending.map(({ letter }) => letter)
        await repository.bulkInsert(letters, { collector })
      },
      settle: (pending) => {
        for (const item of pending) {
          this.#remove(item)
          if (item.term === 'deadLettered') ledger.of(item.channel).deadLettered += 1
          onKept(item.letter)
        }
      },
      reject: (item, error) => {
        this.#remove(item)
        this.#lose(item, 'dead_letter_rejected', reasonOf(error))
      },
    })
  }

  /** The writer, to be opened and asked for its oldest item. */
  get writer(): Pick<
    BufferedWriter<PendingDeadLetter, void>,
    | 'open'
    | 'isOpen'
    | 'oldest'
    | 'settled'
    | 'waiting'
    | 'hasRoom'
    | 'isFailing'
    | 'changed'
    | 'flush'
  > {
    return this.#writer
  }

  /** How many letters could not be kept since the start. */
  get lost(): number {
    return this.#lost
  }

  /** How many items of a channel wait here to be counted as dead-lettered. */
  waiting(channel: LedgerChannel): number {
    return this.#waiting.get(channel)?.items ?? 0
  }

  /** The place in the journal of a channel's first letter that waits; infinite when none does. */
  leastPlace(channel: LedgerChannel): number {
    const waiting = this.#waiting.get(channel)
    if (waiting === undefined) return Number.POSITIVE_INFINITY
    waiting.least ??= [...waiting.places.values()].reduce(
      (least, place) => Math.min(least, place),
      Number.POSITIVE_INFINITY,
    )
    return waiting.least
  }

  /** Resolves once there is room for a letter. */
  async room(): Promise<void> {
    while (!this.#writer.hasRoom) await this.#writer.changed()
  }

  /** Takes a letter, also one for which there is no room: ask `writer.hasRoom` first. */
  put(item: PendingDeadLetter, arrival: Arrival): void {
    const waiting = this.#waiting.get(item.channel) ?? { items: 0, places: new Map(), least: null }
    this.#waiting.set(item.channel, waiting)
    waiting.places.set(item, arrival.position)
    if (waiting.least !== null) waiting.least = Math.min(waiting.least, arrival.position)
    if (item.term === 'deadLettered') waiting.items += 1
    this.#writer.add(item, { ...arrival, bytes: item.letter.raw.byteLength })
  }

  /** Counts a letter for which there is no room as lost. */
  refuse(item: PendingDeadLetter, reason: DropReason): void {
    this.#lose(item, reason, 'the queue of dead letters is full')
  }

  /**
   * Ends; gives the letters that the journal holds, and counts those that it does not as lost, for this
   * reason.
   */
  close(reason: 'shutdown' | 'start_refused'): readonly PendingDeadLetter[] {
    const kept: PendingDeadLetter[] = []
    for (const [item, { isUnkept }] of this.#writer.close()) {
      this.#remove(item)
      if (!isUnkept) kept.push(item)
      else if (reason === 'shutdown') this.#lose(item, reason, STOPPED)
      else this.#options.ledger.drop(item.channel, reason)
    }
    return kept
  }

  #remove(item: PendingDeadLetter): void {
    const waiting = this.#waiting.get(item.channel)
    if (waiting === undefined) return
    if (waiting.places.get(item) === waiting.least) waiting.least = null
    waiting.places.delete(item)
    if (item.term === 'deadLettered') waiting.items -= 1
    if (waiting.places.size === 0) this.#waiting.delete(item.channel)
  }

  #lose(item: PendingDeadLetter, reason: DropReason, cause: string): void {
    this.#lost += 1
    // The item of a conflict is counted already: only its letter is lost.
    if (item.term === 'deadLettered') this.#options.ledger.drop(item.channel, reason)
    this.#options.onLost(item.letter, cause)
  }
}
