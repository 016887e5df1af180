import { type Clock, repeat } from '@grid/core-events'
import { type GridDatabase, JournalPositionRepository } from '@grid/db'
import type { Kysely } from 'kysely'
import type { JournalPosition } from '../../journal/format/position.ts'
import type { LaneName } from './lane.ts'

/** What positions tell their owner, and ask. */
export interface PositionsHost {
  /** The position that a lane may have: everything up to it is settled. Null while a batch of it is being stored. */
  settled(lane: LaneName): JournalPosition | null
  /** The database has a lower position than was committed: read on from there. */
  onBack(lane: LaneName, position: JournalPosition): void
  /** Resolves once what may not be hidden by stored rows outlives this process. */
  kept(): Promise<void>
  /** Every lane's position is at or past this. */
  onCommitted(position: JournalPosition): void
}

/** What positions are made of. */
export interface PositionsOptions {
  readonly db: Kysely<GridDatabase>
  readonly clock: Clock
  readonly collector: string
  readonly journalId: string
  readonly lanes: readonly LaneName[]
  readonly host: PositionsHost
}

/** The row that counts the batches of a lane which stored rows and moved no position. */
type Held = `${LaneName} held`

/** How often positions of idle lanes move, and all are compared with the database's. */
const BEAT_MS = 1000
const BACKOFF = { baseMs: 1000, capMs: 5000 }

/** What a transaction throws to undo itself when a position is not where it was. */
class PositionElsewhere extends Error {
  override readonly name = 'PositionElsewhere'
  readonly code = 'POSITION_ELSEWHERE'

  constructor(lane: LaneName | Held) {
    super(`the position of ${lane} in the database is not the one that was committed last`)
  }
}

/**
 * Up to where each lane of the journal is committed. The database's word counts: each move names the position from
 * which it starts, and where that is not the database's, the rows of its transaction are not stored either.
 *
 * A position may have to stay where it is while rows are stored. Then the batch moves a count beside it: else nobody
 * would notice that the database lost those rows.
 */
export class Positions {
  readonly #options: PositionsOptions
  readonly #repository: JournalPositionRepository
  readonly #committed = new Map<LaneName | Held, number | null>()
  /** Lanes that the beat is moving. */
  #beating: { readonly lanes: ReadonlySet<LaneName>; readonly done: Promise<unknown> } | null = null
  #lastBeat: Promise<void> = Promise.resolve()
  #isEnded = false

  constructor(options: PositionsOptions) {
    this.#options = options
    this.#repository = new JournalPositionRepository(options.db)
  }

  /** Up to where a lane is committed, as far as is known; null before its first move. */
  committed(lane: LaneName): JournalPosition | null {
    return this.#known(lane)
  }

  #known(name: LaneName | Held): number | null {
    return this.#committed.get(name) ?? null
  }

  /** A lane's position, and the count beside it. */
  #both(lane: LaneName): readonly [number | null, number | null] {
    return [this.#known(lane), this.#known(heldOf(lane))]
  }

  /** Reads the positions that earlier processes left. */
  async readFirst(): Promise<void> {
    const stored = await this.#read()
    for (const lane of this.#options.lanes) {
      this.#committed.set(lane, stored.get(lane) ?? null)
      this.#committed.set(heldOf(lane), stored.get(heldOf(lane)) ?? null)
    }
  }

  /**
   * Stores rows and moves a lane's position in one transaction.
   *
   * @param work stores the rows; calls `move` within its transaction
   * @param target gives the new position, asked once the rows are inserted
   */
  async storeWith<Result>(
    lane: LaneName,
    target: (result: Result) => JournalPosition,
    work: (beside: (trx: Kysely<GridDatabase>, result: Result) => Promise<void>) => Promise<Result>,
  ): Promise<Result> {
    await this.#options.host.kept()
    // Two moves of one lane would wait for each other in the database, and one of them would be in vain.
    while (this.#beating?.lanes.has(lane)) await this.#beating.done
    for (;;) {
      const before = this.#both(lane)
      const [from, count] = before
      let to = from
      try {
        const result = await work(async (trx, inserted) => {
          to = Math.max(from ?? 0, target(inserted))
          if (to === from) await this.#move(trx, heldOf(lane), count, (count ?? 0) + 1)
          else await this.#move(trx, lane, from, to)
        })
        if (to === from) this.#onMoved(heldOf(lane), count, (count ?? 0) + 1)
        else this.#onMoved(lane, from, to)
        return result
      } catch (error) {
        if (!isElsewhere(error)) throw error
        await this.compare()
        // Where it is lower the batch was let go; where it is higher, an answer was lost.
        const now = this.#both(lane)
        const isLower = now.some((value, index) => (value ?? -1) < (before[index] ?? -1))
        const isSame = now.every((value, index) => value === before[index])
        if (isLower || isSame) throw error
      }
    }
  }

  /** Compares what was committed with the database, which may be another one, or have lost its last moments. */
  async compare(): Promise<void> {
    if (this.#isEnded) return
    const { host, lanes } = this.#options
    const before = new Map(this.#committed)
    const stored = await this.#read()
    for (const lane of lanes) {
      const names = [lane, heldOf(lane)] as const
      // What changed meanwhile is judged the next time.
      if (names.some((name) => this.#known(name) !== (before.get(name) ?? null))) continue
      let isLower = false
      for (const name of names) {
        const expected = before.get(name) ?? null
        const actual = stored.get(name) ?? null
        this.#committed.set(name, actual)
        isLower ||= expected !== null && (actual ?? -1) < expected
      }
      if (isLower) host.onBack(lane, this.committed(lane) ?? 0)
    }
  }

  /** Compares and moves idle lanes, again and again until the signal aborts. Never rejects. */
  run(signal: AbortSignal): Promise<void> {
    const work = async (): Promise<number> => {
      await this.beat()
      return BEAT_MS
    }
    return repeat(work, { clock: this.#options.clock, backoff: BACKOFF, signal })
  }

  /** Compares all positions and moves those of lanes of which no batch is being stored. */
  beat(): Promise<void> {
    // Two at once would begin from the same positions, and one of them would move none.
    const beat = this.#lastBeat.catch(() => {}).then(() => this.#beat())
    this.#lastBeat = beat
    return beat
  }

  async #beat(): Promise<void> {
    const { db, host } = this.#options
    await this.compare()
    const moves = this.#dueMoves()
    if (moves.length > 0) {
      const done = host
        .kept()
        .then(() =>
          db.transaction().execute(async (trx) => {
            for (const { lane, from, to } of moves) await this.#move(trx, lane, from, to)
          }),
        )
        .then(() => {
          for (const { lane, from, to } of moves) this.#onMoved(lane, from, to)
        })
        .finally(() => {
          this.#beating = null
        })
      this.#beating = {
        lanes: new Set(moves.map(({ lane }) => lane)),
        done: done.catch(() => {}),
      }
      await done.catch((error: unknown) => {
        // The next beat compares.
        if (!isElsewhere(error)) throw error
      })
    }
    this.#tellCommitted()
  }

  /** From now on idle lanes move no more, and none goes back: their writers give up what they hold. */
  end(): void {
    this.#isEnded = true
  }

  #dueMoves(): { lane: LaneName; from: JournalPosition | null; to: JournalPosition }[] {
    if (this.#isEnded) return []
    return this.#options.lanes.flatMap((lane) => {
      const from = this.committed(lane)
      const to = this.#options.host.settled(lane)
      return to === null || to <= (from ?? -1) ? [] : [{ lane, from, to }]
    })
  }

  async #move(
    trx: Kysely<GridDatabase>,
    lane: LaneName | Held,
    from: JournalPosition | null,
    to: JournalPosition | null,
  ): Promise<void> {
    if (to === null || to === from) return
    const { collector, journalId } = this.#options
    const move = { collector, journalId, channel: lane, from, to }
    if (!(await this.#repository.move(trx, move))) throw new PositionElsewhere(lane)
  }

  /** What was found to be lower meanwhile stays so. */
  #onMoved(lane: LaneName | Held, from: number | null, to: number | null): void {
    if (this.#known(lane) === from) this.#committed.set(lane, to)
  }

  #read(): Promise<ReadonlyMap<string, number>> {
    const { collector, journalId } = this.#options
    return this.#repository.read({ collector, journalId })
  }

  #tellCommitted(): void {
    const positions = this.#options.lanes.map((lane) => this.committed(lane) ?? 0)
    this.#options.host.onCommitted(Math.min(...positions))
  }
}

function heldOf(lane: LaneName): Held {
  return `${lane} held`
}

/** Whether an error says that a position is not where it was: its transaction was undone. */
export function isElsewhere(error: unknown): boolean {
  return (error as { readonly code?: unknown }).code === 'POSITION_ELSEWHERE'
}
