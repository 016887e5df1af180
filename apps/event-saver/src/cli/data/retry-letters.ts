import { type PrivateFilter, readDeadLetter } from '@grid/bybit-adapter'
import { type Channel, decodeEvent, type GridEvent } from '@grid/core-events'
import {
  classifyDatabaseError,
  DeadLetterRepository,
  type GridDatabase,
  type StoredDeadLetter,
} from '@grid/db'
import type { Kysely } from 'kysely'
import { accountFilterOf } from '../../accounts/kept-rows.ts'
import type { Config } from '../../config/config.ts'
import { CommandError, EXIT } from '../../exit-code.ts'
import { reasonOf } from '../../log/reason.ts'
import { channelStore } from '../../pipeline/writers/channel-stores.ts'
import { withDatabase } from '../with-database.ts'
import { type LetterFilter, pagesOf } from './dead-letters.ts'

/** What became of the letters that were tried again. */
export interface RetryReport {
  /** Their events are stored now, or were stored by another way since. */
  readonly retried: number
  /** Why each of the others still waits. */
  readonly left: readonly LeftLetter[]
}

/** A letter that could not be stored. */
export interface LeftLetter {
  readonly id: string
  readonly reason: string
}

/** The events of a letter. */
interface ReadLetter {
  readonly id: string
  readonly channel: Channel
  readonly events: readonly GridEvent[]
  /** Why a part of it still cannot be read; null when all of it was. */
  readonly fault: string | null
}

type Outcome = ReadLetter | LeftLetter

/**
 * Tries waiting letters again: reads what they keep with this version's mapping, and stores what the
 * database takes now. A letter is noted as retried in the transaction that stores its events, so a saver may
 * run beside it, and it may be repeated. The others keep waiting, with the new reason.
 */
export function retryLetters(config: Config, filter: LetterFilter): Promise<RetryReport> {
  const use = { command: 'dead-letters retry', mode: 'write' } as const
  return withDatabase(config, use, async (db) => {
    if (filter.ids !== undefined) await assertKnown(db, filter.ids)
    const retry = new LetterRetry(db, accountFilterOf(config))
    for await (const page of pagesOf(db, { ...filter, state: 'waiting' })) await retry.take(page)
    return retry.report
  })
}

/** Refuses ids that no letter has: nothing would be retried, as if all were well. */
async function assertKnown(db: Kysely<GridDatabase>, ids: readonly string[]): Promise<void> {
  const unknown = new Set(ids.map(BigInt))
  for await (const page of pagesOf(db, { ids })) {
    for (const { id } of page) unknown.delete(BigInt(id))
  }
  if (unknown.size === 0) return
  const message = `there is no dead letter ${[...unknown].join(', ')}: nothing was retried`
  throw new CommandError(EXIT.failure, 'LETTER_NOT_FOUND', message)
}

class LetterRetry {
  readonly #db: Kysely<GridDatabase>
  readonly #filter: PrivateFilter | undefined
  readonly #left: LeftLetter[] = []
  #retried = 0

  constructor(db: Kysely<GridDatabase>, filter: PrivateFilter | undefined) {
    this.#db = db
    this.#filter = filter
  }

  get report(): RetryReport {
    return { retried: this.#retried, left: this.#left }
  }

  async take(letters: readonly StoredDeadLetter[]): Promise<void> {
    const outcomes = letters.map((letter) => readLetter(letter, this.#filter))
    const unread = outcomes.filter((outcome) => 'reason' in outcome)
    await this.#leave(unread)
    const read = outcomes.filter((outcome) => 'events' in outcome)
    for (const [channel, group] of Map.groupBy(read, (letter) => letter.channel)) {
      await this.#store(channel, group)
    }
  }

  /** Stores the events of letters of one channel; halves them to find one that the database refuses. */
  async #store(channel: Channel, letters: readonly ReadLetter[]): Promise<void> {
    const events = letters.flatMap((letter) => letter.events)
    let left: readonly LeftLetter[] = []
    try {
      await channelStore(this.#db, channel).bulkInsert(events, {
        beside: async (trx, { conflicts }) => {
          const reasons = new Map(
            conflicts.map(({ event, field, stored, offered }) => [
              event,
              `${field} is ${offered}, but a row with the same key has ${stored}`,
            ]),
          )
          left = letters.flatMap(({ id, events: own, fault }) => {
            const conflict = own
              .map((event) => reasons.get(event))
              .find((found) => found !== undefined)
            const reason = conflict ?? fault
            return reason === null ? [] : [{ id, reason }]
          })
          const waiting = new Set(left.map(({ id }) => id))
          const stored = letters.filter(({ id }) => !waiting.has(id)).map(({ id }) => id)
          await new DeadLetterRepository(trx).markRetried('everyone', stored)
        },
      })
    } catch (error) {
      if (classifyDatabaseError(error) !== 'poison') throw error
      if (letters.length > 1) {
        const half = letters.length >> 1
        await this.#store(channel, letters.slice(0, half))
        await this.#store(channel, letters.slice(half))
      } else {
        await this.#leave(letters.map(({ id }) => ({ id, reason: reasonOf(error) })))
      }
      return
    }
    this.#retried += letters.length - left.length
    await this.#leave(left)
  }

  async #leave(letters: readonly LeftLetter[]): Promise<void> {
    this.#left.push(...letters)
    const reasons = new Map(letters.map(({ id, reason }) => [id, reason]))
    await new DeadLetterRepository(this.#db).setReasons('everyone', reasons)
  }
}

/** The events that a letter keeps, or why there are none. */
function readLetter(letter: StoredDeadLetter, filter: PrivateFilter | undefined): Outcome {
  const { id, code } = letter
  const isEvent = code === 'STORE_REJECTED' || code === 'KEY_CONFLICT'
  return isEvent ? readEvent(letter) : readMessage(id, letter, filter)
}

function readEvent({ id, raw }: StoredDeadLetter): Outcome {
  try {
    const event = decodeEvent(new TextDecoder().decode(raw))
    return { id, channel: event.channel, events: [event], fault: null }
  } catch (error) {
    return { id, reason: reasonOf(error) }
  }
}

function readMessage(
  id: string,
  { accountId, ...letter }: StoredDeadLetter,
  filter: PrivateFilter | undefined,
): Outcome {
  const plain = accountId === null ? letter : { ...letter, accountId }
  const result = readDeadLetter(plain, filter === undefined ? {} : { filter })
  // What was wrong with it says more than that it cannot be read again.
  if (result === null) return { id, reason: letter.reason }
  const { events, deadLetters, discarded } = result
  const fault = deadLetters[0]?.reason ?? null
  const [first] = events
  if (first !== undefined) return { id, channel: first.channel, events, fault }
  return {
    id,
    reason: fault ?? `it holds no event: ${discarded[0]?.reason ?? 'a control message'}`,
  }
}
