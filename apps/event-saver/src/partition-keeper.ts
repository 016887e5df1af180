import type { Clock, ClockTimer } from '@grid/core-events'
import { ensureUpcomingPartitions, type GridDatabase } from '@grid/db'
import type { Kysely } from 'kysely'
import { reasonOf } from './database.ts'
import type { Logger } from './log.ts'

const EVERY_MS = 3_600_000

/** Makes the partitions of today and tomorrow, so that no batch has to wait for them at midnight. */
export class PartitionKeeper {
  readonly #db: Kysely<GridDatabase>
  readonly #clock: Clock
  readonly #log: Logger
  #timer: ClockTimer | null = null

  constructor(db: Kysely<GridDatabase>, clock: Clock, log: Logger) {
    this.#db = db
    this.#clock = clock
    this.#log = log
  }

  /** Makes them now and every hour. */
  start(): void {
    ensureUpcomingPartitions(this.#db).catch((error: unknown) => {
      const reason = reasonOf(error)
      this.#log.warn({ code: 'PARTITIONS_NOT_MADE', reason }, 'partitions are made on demand')
    })
    this.#timer = this.#clock.setTimer(() => this.start(), EVERY_MS)
  }

  stop(): void {
    this.#timer?.cancel()
  }
}
