import type { ExecutionEvent } from '@grid/core-events'
import type { Kysely } from 'kysely'
import { columnsOf } from '../columns/column.ts'
import type { GridDatabase } from '../schema/database.ts'
import type { TenantScope } from '../schema/tenant-scope.ts'
import { compareValues, type EventTable } from '../tables/event-table.ts'
import { AccountEventRepository } from './account-event-repository.ts'
import { type Attributed, readAccountRows } from './account-rows.ts'

/** The values of an execution, which a message may leave out and a later one tell. */
const VALUES = {
  orderId: 'text',
  orderLinkId: 'text',
  execType: 'text',
  orderType: 'text',
  orderPrice: 'numeric',
  orderQty: 'numeric',
  leavesQty: 'numeric',
  execValue: 'numeric',
  execFee: 'numeric',
  execFeeV2: 'numeric',
  feeRate: 'numeric',
  feeCurrency: 'text',
  execPnl: 'numeric',
  closedSize: 'numeric',
  isMaker: 'boolean',
  isLeverage: 'text',
  createType: 'text',
  stopOrderType: 'text',
  blockTradeId: 'text',
  marketUnit: 'text',
  markPrice: 'numeric',
  indexPrice: 'numeric',
  underlyingPrice: 'numeric',
  tradeIv: 'numeric',
  markIv: 'numeric',
  extraFees: 'jsonb',
} as const

/** Where and how executions are stored. */
export const EXECUTIONS: EventTable<ExecutionEvent> = {
  channel: 'execution',
  table: 'private_executions',
  columns: columnsOf<'private_executions', ExecutionEvent, 'channel'>({
    accountId: 'uuid',
    category: 'text',
    symbol: 'text',
    execId: 'text',
    exchangeTs: 'ms',
    localTsUs: 'us',
    source: 'text',
    side: 'text',
    execPrice: 'numeric',
    execQty: 'numeric',
    seq: 'bigint',
    ...VALUES,
    extra: 'jsonb',
  }),
  key: ['accountId', 'category', 'symbol', 'execId'],
  compare: (a, b) =>
    compareValues(a.accountId, b.accountId) ||
    compareValues(a.category, b.category) ||
    compareValues(a.symbol, b.symbol) ||
    compareValues(a.execId, b.execId),
  order: ['private_executions.seq', 'private_executions.exec_id'],
  // What socket and REST tell alike; not what one of them calls UNKNOWN.
  immutable: [
    { field: 'exchangeTs' },
    { field: 'side' },
    { field: 'execPrice' },
    { field: 'execQty' },
    { field: 'execValue' },
    { field: 'execFee' },
    { field: 'feeRate' },
    { field: 'feeCurrency' },
    { field: 'execPnl' },
    { field: 'closedSize' },
    { field: 'leavesQty' },
    { field: 'execType' },
    { field: 'orderId' },
    { field: 'orderLinkId' },
    { field: 'blockTradeId' },
    { field: 'isMaker' },
    { field: 'seq', bothKnow: (stored, offered) => `${stored}.seq >= 0 and ${offered}.seq >= 0` },
  ],
  fills: [...(Object.keys(VALUES) as (keyof typeof VALUES)[]), 'extra'],
  comparison: 'each',
}

/** One execution, or those of one id on several instruments. */
export interface ExecutionQuery {
  readonly accountId: string
  readonly execId: string
}

/** The executions of orders with one id of the client's, within a run. */
export interface OrderLinkQuery {
  readonly runId: string
  readonly orderLinkId: string
}

/**
 * Stores and reads executions of accounts, table `private_executions`, in the order of exchange time,
 * seq and id.
 *
 * A later delivery fills what the stored one did not know (`merged`) and overwrites nothing.
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
   * Gives the executions of a run's orders that carry one id of the client's, in order.
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
