import type { ExecutionEvent } from '@grid/core-events'
import type { Kysely } from 'kysely'
import type { GridDatabase } from '../schema/database.ts'
import type { TenantScope } from '../schema/tenant-scope.ts'
import { EXECUTIONS } from '../tables/account/executions.ts'
import { AccountEventRepository } from './account-event-repository.ts'
import { type Attributed, readAccountRows } from './account-rows.ts'

/** One execution, or those of one id on several instruments. */
export interface ExecutionQuery {
  readonly accountId: string
  readonly execId: string
}

/** A run, and the id that the client gave to orders of it. */
export interface OrderLinkQuery {
  readonly runId: string
  readonly orderLinkId: string
}

/**
 * Stores and reads executions of accounts, table `private_executions`, in the order of exchange time,
 * seq and id.
 *
 * A later delivery fills values that the stored row lacks, or of which it says nothing (`UNKNOWN`, a price of zero), and
 * overwrites no others (`merged`).
 *
 * @example
 * const { inserted, merged } = await new ExecutionRepository(db).bulkInsert(events)
 */
export class ExecutionRepository extends AccountEventRepository<ExecutionEvent> {
  readonly #db: Kysely<GridDatabase>

  /** Works on a database or within a transaction. */
  constructor(db: Kysely<GridDatabase>) {
    super(db, EXECUTIONS, 'symbol')
    this.#db = db
  }

  /**
   * Whether an execution is stored.
   *
   * @example
   * if (await executions.exists({ userId }, { accountId, execId })) return
   */
  async exists(scope: TenantScope, { accountId, execId }: ExecutionQuery): Promise<boolean> {
    const rows = await readAccountRows(this.#db, EXECUTIONS, scope, {
      conditions: [
        { column: 'account_id', type: 'uuid', value: accountId },
        { column: 'exec_id', type: 'text', value: execId },
      ],
      orderBy: ['private_executions.exchange_ts'],
      limit: 1,
    })
    return rows.length > 0
  }

  /**
   * Lists the executions of a run's orders that have one `orderLinkId`, in order.
   *
   * @example
   * const fills = await executions.listByOrderLinkId({ userId }, { runId, orderLinkId })
   */
  listByOrderLinkId(
    scope: TenantScope,
    { runId, orderLinkId }: OrderLinkQuery,
  ): Promise<Attributed<ExecutionEvent>[]> {
    return readAccountRows(this.#db, EXECUTIONS, scope, {
      conditions: [
        { column: 'run_id', type: 'uuid', value: runId },
        { column: 'order_link_id', type: 'text', value: orderLinkId },
      ],
      orderBy: ['private_executions.exchange_ts', ...EXECUTIONS.order],
    })
  }
}
