import type { DeadLetter } from '@grid/core-events'
import { DeadLetterRepository, type GridDatabase } from '@grid/db'
import type { Kysely } from 'kysely'
import type { BufferedWriter } from '../writer/buffered-writer.ts'
import type { Arrival } from '../writer/waiting-room.ts'
import type { Ledger, LedgerChannel } from './ledger.ts'
import type { WriterFactory } from './writer-factory.ts'

/** A dead letter on its way to the database. */
export interface PendingDeadLetter {
  readonly letter: DeadLetter
  readonly channel: LedgerChannel
  /** The count its item belongs to: a conflict is counted as such, not as dead-lettered. */
  readonly term: 'deadLettered' | 'conflict'
}

/** What a box is made of. */
export interface DeadLetterBoxOptions {
  readonly db: Kysely<GridDatabase>
  readonly collector: string
  readonly ledger: Ledger
  readonly writer: WriterFactory
  /** Told of a letter that could not be kept. */
  readonly onLost: (letter: DeadLetter) => void
}

/** Letters carry whole frames: their number alone does not bound the memory they take. */
const MAX_BYTES = 64 * 1024 * 1024

/** Keeps dead letters, bounded in number and bytes, and settles the accounts of their items. */
export class DeadLetterBox {
  readonly #options: DeadLetterBoxOptions
  readonly #writer: BufferedWriter<PendingDeadLetter, void>
  readonly #waiting = new Map<LedgerChannel, number>()
  #bytes = 0

  constructor(options: DeadLetterBoxOptions) {
    const { db, collector, ledger } = options
    const repository = new DeadLetterRepository(db)
    this.#options = options
    this.#writer = options.writer<PendingDeadLetter, void>('deadLetters', {
      store: async (pending) => {
        const letters = pending.map(({ letter }) => letter)
        await repository.bulkInsert(letters, { collector })
      },
      settle: (pending) => {
        for (const item of pending) {
          this.#release(item)
          if (item.term === 'deadLettered') ledger.of(item.channel).deadLettered += 1
        }
      },
      reject: (item) => {
        this.#release(item)
        this.#lose(item, 'dead_letter_rejected')
      },
    })
  }

  /** The writer, to be opened and asked for its oldest item. */
  get writer(): Pick<BufferedWriter<PendingDeadLetter, void>, 'open' | 'oldest' | 'waiting'> {
    return this.#writer
  }

  /** Items of a channel whose account these letters still burden. */
  waiting(channel: LedgerChannel): number {
    return this.#waiting.get(channel) ?? 0
  }

  /** Takes a letter, or counts it as lost when there is no room. */
  put(item: PendingDeadLetter, arrival: Arrival): void {
    const bytes = item.letter.raw.byteLength
    if (this.#bytes + bytes > MAX_BYTES || !this.#writer.add(item, arrival)) {
      this.#lose(item, 'queue_full')
      return
    }
    this.#bytes += bytes
    this.#addWaiting(item, 1)
  }

  /** Stores what waits; what is left is counted as lost, and its number given. */
  async drain(signal: AbortSignal): Promise<number> {
    const left = await this.#writer.drain(signal)
    for (const item of left) {
      this.#release(item)
      this.#lose(item, 'shutdown')
    }
    return left.length
  }

  #release(item: PendingDeadLetter): void {
    this.#bytes -= item.letter.raw.byteLength
    this.#addWaiting(item, -1)
  }

  #addWaiting({ channel, term }: PendingDeadLetter, items: number): void {
    if (term === 'deadLettered') this.#waiting.set(channel, this.waiting(channel) + items)
  }

  #lose(item: PendingDeadLetter, reason: 'queue_full' | 'shutdown' | 'dead_letter_rejected'): void {
    // The item of a conflict is accounted for already; only its evidence is lost.
    if (item.term === 'deadLettered') this.#options.ledger.drop(item.channel, reason)
    this.#options.onLost(item.letter)
  }
}
