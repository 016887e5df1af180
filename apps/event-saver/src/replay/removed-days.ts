import type { GridEvent } from '@grid/core-events'
import { type GridDatabase, listPartitions, listRemovedDays, MARKET_TABLES } from '@grid/db'
import type { Kysely } from 'kysely'

const DAY_MS = 86_400_000

/** The days that were stored and then removed, as their retention says: a replay does not bring them back. */
export class RemovedDays {
  readonly #days: ReadonlySet<string>

  private constructor(days: ReadonlySet<string>) {
    this.#days = days
  }

  static async read(db: Kysely<GridDatabase>): Promise<RemovedDays> {
    const days = new Set((await listRemovedDays(db)).map(({ day, table }) => `${table} ${day}`))
    if (days.size > 0) {
      for (const { day, table } of await listPartitions(db)) days.delete(`${table} ${day}`)
    }
    return new RemovedDays(days)
  }

  has(event: GridEvent): boolean {
    if (this.#days.size === 0) return false
    const { [event.channel]: target }: Readonly<Record<string, { readonly table: string }>> =
      MARKET_TABLES
    if (target === undefined) return false
    const day = new Date(Math.floor(event.exchangeTs / DAY_MS) * DAY_MS).toISOString().slice(0, 10)
    return this.#days.has(`${target.table} ${day}`)
  }
}
