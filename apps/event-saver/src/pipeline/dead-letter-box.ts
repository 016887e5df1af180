import type { DeadLetter } from '@grid/core-events'
import { DeadLetterRepository, type GridDatabase } from '@grid/db'
import type { Kysely } from 'kysely'
import { reasonOf } from '../log/reason.ts'
import type { BufferedWriter } from './buffered-writer.ts'
import type { DropReason, Ledger, LedgerChannel } from './ledger.ts'
import type { Arrival } from './waiting-room.ts'
import type { WriterFactory } from './writer-factory.ts'

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

/** Stores dead letters, and counts what became of their items. */
export class DeadLetterBox {
  readonly #options: DeadLetterBoxOptions
  readonly #writer: BufferedWriter<PendingDeadLetter, void>
  readonly #waiting = new Map<LedgerChannel, number>()
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
          this.#addWaiting(item, -1)
          if (item.term === 'deadLettered') ledger.of(item.channel).deadLettered += 1
          onKept(item.letter)
        }
      },
      reject: (item, error) => {
        this.#addWaiting(item, -1)
        this.#lose(item, 'dead_letter_rejected', reasonOf(error))
      },
    })
  }

  /** The writer, to be opened and asked for its oldest item. */
  get writer(): Pick<
    BufferedWriter<PendingDeadLetter, void>,
    'open' | 'oldest' | 'settled' | 'waiting'
  > {
    return this.#writer
  }

  /** How many letters could not be kept since the start. */
  get lost(): number {
    return this.#lost
  }

  /** How many items of a channel wait here to be counted as dead-lettered. */
  waiting(channel: LedgerChannel): number {
    return this.#waiting.get(channel) ?? 0
  }

  /** Takes a letter, or counts it as lost when there is no room. */
  put(item: PendingDeadLetter, arrival: Arrival): void {
    const bytes = item.letter.raw.byteLength
    if (this.#writer.add(item, { ...arrival, bytes })) this.#addWaiting(item, 1)
    else this.#lose(item, 'queue_full', 'the queue of dead letters is full')
  }

  /** Stores the letters that wait; counts those that are left as lost, and gives their number. */
  async drain(signal: AbortSignal): Promise<number> {
    const left = await this.#writer.drain(signal)
    for (const item of left) {
      this.#addWaiting(item, -1)
      this.#lose(item, 'shutdown', STOPPED)
    }
    return left.length
  }

  /** Forgets the letters that wait, for a start that was refused; gives their number. */
  async abandon(): Promise<number> {
    const left = await this.#writer.drain(AbortSignal.abort())
    for (const item of left) {
      this.#addWaiting(item, -1)
      this.#options.ledger.drop(item.channel, 'start_refused')
    }
    return left.length
  }

  #addWaiting({ channel, term }: PendingDeadLetter, items: number): void {
    if (term === 'deadLettered') this.#waiting.set(channel, this.waiting(channel) + items)
  }

  #lose(item: PendingDeadLetter, reason: DropReason, cause: string): void {
    this.#lost += 1
    // The item of a conflict is counted already: only its letter is lost.
    if (item.term === 'deadLettered') this.#options.ledger.drop(item.channel, reason)
    this.#options.onLost(item.letter, cause)
  }
}
