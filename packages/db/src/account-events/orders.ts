import type { OrderEvent } from '@grid/core-events'
import type { Kysely } from 'kysely'
import { type BulkInsertOptions, type BulkInsertResult, bulkInsert } from '../insert/bulk-insert.ts'
import type { GridDatabase } from '../schema/database.ts'
import type { TenantScope } from '../schema/tenant-scope.ts'
import { newestOrderFirst } from '../tables/account/order-states-sql.ts'
import { ARRIVED_ORDERS, type ArrivedOrder, ORDERS } from '../tables/account/orders.ts'
import { AccountEventRepository } from './account-event-repository.ts'
import { type Attributed, type Condition, instant, readAccountRows } from './account-rows.ts'

/** An account's orders, or those that meet all conditions that are given. */
export interface OrderQuery {
  readonly accountId: string
  readonly category?: string
  readonly symbol?: string
  readonly orderId?: string
  readonly orderLinkId?: string
}

/** A run's orders on one instrument at a time. */
export interface ActiveOrderQuery {
  readonly runId: string
  readonly accountId: string
  readonly symbol: string
  /** Epoch milliseconds, inclusive. */
  readonly at: number
}

const IN_BOOK: ReadonlySet<string> = new Set(['New', 'PartiallyFilled'])
/** A status that this version does not know does not say that an order has ended. */
const MAY_CHANGE = 'order_status_rank(order_states.status) < 4'

/**
 * Stores and reads orders of accounts: every state of an order in table `orders`, its newest state in
 * `order_states`. One statement writes both.
 *
 * The newest state is the final one, and otherwise the one with the largest (exchange time, rank of
 * status, `cumExecQty`, arrival).
 *
 * @example
 * const { inserted } = await new OrderRepository(db).bulkInsert(events)
 */
export class OrderRepository extends AccountEventRepository<OrderEvent> {
  readonly #db: Kysely<GridDatabase>

  /** Works on a database or within a transaction. */
  constructor(db: Kysely<GridDatabase>) {
    super(db, ORDERS, 'symbol')
    this.#db = db
  }

  /**
   * Stores states of orders, given in the order of their arrival, and updates `order_states` with those
   * that are new. Otherwise as for all private events.
   *
   * @example
   * const { inserted, duplicates, conflicts } = await orders.bulkInsert(events)
   */
  override async bulkInsert(
    events: readonly OrderEvent[],
    { beside }: BulkInsertOptions<OrderEvent> = {},
  ): Promise<BulkInsertResult<OrderEvent>> {
    const arrived = events.map((event, arrival): ArrivedOrder => ({ ...event, arrival }))
    const asSent = (result: BulkInsertResult<ArrivedOrder>): BulkInsertResult<OrderEvent> => ({
      ...result,
      conflicts: result.conflicts.map((conflict) => ({
        ...conflict,
        event: events[conflict.event.arrival] ?? conflict.event,
      })),
    })
    return asSent(
      await bulkInsert(this.#db, ARRIVED_ORDERS, arrived, {
        beside: beside && ((trx, result) => beside(trx, asSent(result))),
      }),
    )
  }

  /**
   * Gives the newest state of each order that meets the conditions, by exchange time.
   *
   * @example
   * const [state] = await orders.states({ userId }, { accountId, orderId })
   */
  states(scope: TenantScope, query: OrderQuery): Promise<Attributed<OrderEvent>[]> {
    return this.#states(scope, query)
  }

  /**
   * Gives the newest state of each order that may still change: one that is new, partly filled, waits for its
   * trigger, or has a status that this version does not know.
   *
   * @example
   * const open = await orders.listOpen({ userId }, { accountId, symbol: 'BTCUSDT' })
   */
  listOpen(scope: TenantScope, query: OrderQuery): Promise<Attributed<OrderEvent>[]> {
    return this.#states(scope, query, MAY_CHANGE)
  }

  /**
   * Gives a run's orders on an instrument that were in the book at a time (new or partly filled), each
   * in its state of then.
   *
   * @example
   * const resting = await orders.activeAt({ userId }, { runId, accountId, symbol, at })
   */
  async activeAt(
    scope: TenantScope,
    { runId, accountId, symbol, at }: ActiveOrderQuery,
  ): Promise<Attributed<OrderEvent>[]> {
    const order = ['orders.category', 'orders.order_id']
    const states = await readAccountRows(this.#db, ORDERS, scope, {
      conditions: [
        { column: 'run_id', type: 'uuid', value: runId },
        { column: 'account_id', type: 'uuid', value: accountId },
        { column: 'symbol', type: 'text', value: symbol },
        { column: 'exchange_ts', type: 'timestamptz', operator: '<=', value: instant(at) },
      ],
      distinctOn: order,
      orderBy: [...order, ...newestOrderFirst('orders')],
    })
    return states.filter(
      ({ orderStatus, leavesQty }) => IN_BOOK.has(orderStatus) && Number(leavesQty ?? 0) > 0,
    )
  }

  #states(
    scope: TenantScope,
    { accountId, category, symbol, orderId, orderLinkId }: OrderQuery,
    where?: string,
  ): Promise<Attributed<OrderEvent>[]> {
    const conditions: Condition[] = [
      { column: 'account_id', type: 'uuid', value: accountId },
      { column: 'category', type: 'text', value: category },
      { column: 'symbol', type: 'text', value: symbol },
      { column: 'order_id', type: 'text', value: orderId },
      { column: 'order_link_id', type: 'text', value: orderLinkId },
    ]
    return readAccountRows(this.#db, ORDERS, scope, {
      table: 'order_states',
      conditions,
      ...(where === undefined ? {} : { where }),
      orderBy: ['order_states.exchange_ts', 'order_states.category', 'order_states.order_id'],
    })
  }
}
