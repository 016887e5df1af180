import type { Kysely } from 'kysely'
import { isBelievableSql, isReceivedBeforeSql } from '../columns/believable-sql.ts'
import { type BulkInsertOptions, type BulkInsertResult, bulkInsert } from '../insert/bulk-insert.ts'
import type { GridDatabase } from '../schema/database.ts'
import type { TenantScope } from '../schema/tenant-scope.ts'
import type { EventTable, StoredRow } from '../tables/shape/event-table.ts'
import { readAccountRange, type TimeRange } from './account-range.ts'
import { type Attributed, type Condition, readAccountRows } from './account-rows.ts'

/** What an account's events are about: instruments, or coins. */
export type Subject = 'symbol' | 'coin'

/** An account, or one of its instruments or coins. */
export type AccountQuery<About extends Subject = 'symbol'> = {
  readonly accountId: string
} & { readonly [Name in About]?: string }

/** An account, or one of its instruments or coins, and an interval. */
export type AccountRange<About extends Subject = 'symbol'> = AccountQuery<About> & TimeRange

/** A run and an interval. */
export interface RunRange extends TimeRange {
  readonly runId: string
}

/** A row that says when it was received, in epoch microseconds. */
type ReceivedRow = StoredRow & { readonly localTsUs: number }

/** The methods that the repositories of all private events share. */
export class AccountEventRepository<Event extends ReceivedRow, About extends Subject = 'symbol'> {
  readonly #db: Kysely<GridDatabase>
  readonly #target: EventTable<Event>
  readonly #about: About

  protected constructor(db: Kysely<GridDatabase>, target: EventTable<Event>, about: About) {
    this.#db = db
    this.#target = target
    this.#about = about
  }

  /**
   * Stores the events that are not stored yet, any number of any accounts: a method for collectors. A
   * trigger gives each the run of its account and instrument that is going on at its time.
   *
   * All duplicates are compared with the stored rows. An error concerns the whole batch:
   * `classifyDatabaseError` tells whether to try again or to look for the row at fault, such as one of
   * an account that does not exist.
   *
   * @example
   * const { inserted, duplicates, merged, conflicts } = await repository.bulkInsert(events)
   */
  bulkInsert(
    events: readonly Event[],
    options?: BulkInsertOptions<Event>,
  ): Promise<BulkInsertResult<Event>> {
    return bulkInsert(this.#db, this.#target, events, options)
  }

  /**
   * Reads an account's events in total order, exchange time first, page by page, however many there are.
   *
   * @example
   * for await (const event of repository.range({ userId }, { accountId, from, to })) {}
   */
  range(
    scope: TenantScope,
    query: AccountRange<About>,
  ): AsyncGenerator<Attributed<Event>, void, undefined> {
    return readAccountRange(this.#db, this.#target, scope, this.#conditions(query), query)
  }

  /**
   * Reads a run's events in total order, like `range`.
   *
   * @example
   * for await (const event of repository.rangeByRun({ userId }, { runId, from, to })) {}
   */
  rangeByRun(
    scope: TenantScope,
    query: RunRange,
  ): AsyncGenerator<Attributed<Event>, void, undefined> {
    const conditions: Condition[] = [{ column: 'run_id', type: 'uuid', value: query.runId }]
    return readAccountRange(this.#db, this.#target, scope, conditions, query)
  }

  /**
   * Gives the exchange time of an account's newest stored event, in epoch milliseconds; null when
   * none is stored. With `receivedBeforeUs`, in epoch microseconds, only those count that were received before that time.
   * Events whose time is ahead of their receipt by more than a minute count only when
   * there are no others, and then by their receipt: one absurd time must not hide what came after it.
   *
   * @example
   * const ts = await repository.lastTs({ userId }, { accountId })
   */
  async lastTs(
    scope: TenantScope,
    query: AccountQuery<About> & { readonly receivedBeforeUs?: number | undefined },
  ): Promise<number | null> {
    const { table } = this.#target
    const { receivedBeforeUs } = query
    const isOfTime =
      receivedBeforeUs === undefined ? 'true' : isReceivedBeforeSql(table, receivedBeforeUs)
    const isWanted = `${isBelievableSql(table)} and ${isOfTime}`
    const newest = await this.#newest(scope, query, 'exchange_ts', isWanted)
    if (newest !== undefined) return newest.exchangeTs
    const received = await this.#newest(scope, query, 'local_ts', isOfTime)
    return received === undefined ? null : Math.floor(received.localTsUs / 1000)
  }

  async #newest(
    scope: TenantScope,
    query: AccountQuery<About>,
    by: 'exchange_ts' | 'local_ts',
    where: string,
  ): Promise<Event | undefined> {
    const [row] = await readAccountRows(this.#db, this.#target, scope, {
      conditions: this.#conditions(query),
      where,
      orderBy: [`${this.#target.table}.${by} desc`],
      limit: 1,
    })
    return row
  }

  #conditions(query: AccountQuery<About>): readonly Condition[] {
    const about: Readonly<Record<string, string | undefined>> = query
    return [
      { column: 'account_id', type: 'uuid', value: query.accountId },
      { column: this.#about, type: 'text', value: about[this.#about] },
    ]
  }
}
