import type { Category, JsonObject } from '@grid/core-events'
import type { Kysely, Selectable } from 'kysely'
import { DatabaseError } from '../errors.ts'
import type { GridDatabase } from '../schema/database.ts'
import type { StrategiesTable } from '../schema/identity-schema.ts'
import type { TenantScope } from '../schema/tenant-scope.ts'
import { notFound } from './not-found.ts'

/** A strategy that trades one instrument of an account. */
export interface Strategy {
  /** A UUID. */
  readonly strategyId: string
  readonly accountId: string
  /** E.g. `GridStrategy`. */
  readonly strategyType: string
  readonly category: Category
  readonly symbol: string
  readonly config: JsonObject
  readonly isEnabled: boolean
  /** Epoch milliseconds, by the database's clock. */
  readonly createdAt: number
}

/** A strategy to be added. */
export interface NewStrategy {
  readonly accountId: string
  readonly strategyType: string
  /** Default `linear`. */
  readonly category?: Category
  readonly symbol: string
  readonly config: JsonObject
  /**
   * Default a random one; `strategyIdOf(accountId, name)` makes one from a name. Never take it from a
   * request of a user, who would learn which ids of others are in use, or take one that another needs.
   */
  readonly strategyId?: string
}

/** One instrument of one account. */
export interface StrategyQuery {
  readonly accountId: string
  /** Default `linear`. */
  readonly category?: Category
  readonly symbol: string
}

/**
 * Stores the strategies of accounts, table `strategies`, at most one an instrument.
 *
 * @example
 * const strategy = await new StrategyRepository(db).getBySymbol({ userId }, { accountId, symbol: 'BTCUSDT' })
 */
export class StrategyRepository {
  readonly #db: Kysely<GridDatabase>

  /** Works on a database or within a transaction. */
  constructor(db: Kysely<GridDatabase>) {
    this.#db = db
  }

  /**
   * Adds an enabled strategy.
   *
   * Throws `NOT_FOUND` when the user has no such account, and `ALREADY_EXISTS` when the instrument has a
   * strategy or the id is in use.
   *
   * @example
   * await strategies.add({ userId }, { accountId, strategyType: 'GridStrategy', symbol: 'BTCUSDT', config })
   */
  async add({ userId }: TenantScope, strategy: NewStrategy): Promise<Strategy> {
    const { accountId, strategyType, category = 'linear', symbol, config } = strategy
    const account = await this.#db
      .selectFrom('bybit_accounts')
      .select('account_id')
      .where('account_id', '=', accountId)
      .where('user_id', '=', userId)
      .executeTakeFirst()
    if (!account) throw notFound('account', accountId)
    const row = await this.#db
      .insertInto('strategies')
      .values({
        strategy_id: strategy.strategyId ?? crypto.randomUUID(),
        account_id: accountId,
        strategy_type: strategyType,
        category,
        symbol,
        config_json: JSON.stringify(config),
      })
      .onConflict((conflict) => conflict.doNothing())
      .returningAll()
      .executeTakeFirst()
    if (row) return strategyOf(row)
    const orId = strategy.strategyId === undefined ? '' : ', or the given id is in use'
    throw new DatabaseError(
      'ALREADY_EXISTS',
      `${category} ${symbol} of account ${accountId} has a strategy already${orId}`,
      { context: { accountId, category, symbol } },
    )
  }

  /**
   * Lists an account's strategies by instrument.
   *
   * @example
   * const strategies = await repository.listByAccount({ userId }, accountId)
   */
  async listByAccount(scope: TenantScope, accountId: string): Promise<Strategy[]> {
    return (await this.#ofAccount(scope, accountId).execute()).map(strategyOf)
  }

  /**
   * Lists an account's enabled strategies by instrument.
   *
   * @example
   * const strategies = await repository.listEnabled({ userId }, accountId)
   */
  async listEnabled(scope: TenantScope, accountId: string): Promise<Strategy[]> {
    const rows = await this.#ofAccount(scope, accountId).where('is_enabled', '=', true).execute()
    return rows.map(strategyOf)
  }

  /**
   * Gives an instrument's strategy; null when it has none.
   *
   * @example
   * const strategy = await repository.getBySymbol({ userId }, { accountId, symbol: 'BTCUSDT' })
   */
  async getBySymbol(
    scope: TenantScope,
    { accountId, category = 'linear', symbol }: StrategyQuery,
  ): Promise<Strategy | null> {
    const row = await this.#ofAccount(scope, accountId)
      .where('category', '=', category)
      .where('symbol', '=', symbol)
      .executeTakeFirst()
    return row ? strategyOf(row) : null
  }

  /**
   * Enables or disables a strategy. Throws `NOT_FOUND`.
   *
   * @example
   * await repository.setEnabled({ userId }, strategyId, false)
   */
  async setEnabled(scope: TenantScope, strategyId: string, isEnabled: boolean): Promise<Strategy> {
    const row = await this.#db
      .updateTable('strategies')
      .from('bybit_accounts')
      .set({ is_enabled: isEnabled })
      .whereRef('bybit_accounts.account_id', '=', 'strategies.account_id')
      .where('bybit_accounts.user_id', '=', scope.userId)
      .where('strategy_id', '=', strategyId)
      .returningAll('strategies')
      .executeTakeFirst()
    if (!row) throw notFound('strategy', strategyId)
    return strategyOf(row)
  }

  #ofAccount({ userId }: TenantScope, accountId: string) {
    return this.#db
      .selectFrom('strategies')
      .innerJoin('bybit_accounts', 'bybit_accounts.account_id', 'strategies.account_id')
      .where('bybit_accounts.user_id', '=', userId)
      .where('strategies.account_id', '=', accountId)
      .orderBy('category')
      .orderBy('symbol')
      .selectAll('strategies')
  }
}

function strategyOf(row: Selectable<StrategiesTable>): Strategy {
  return {
    strategyId: row.strategy_id,
    accountId: row.account_id,
    strategyType: row.strategy_type,
    category: row.category,
    symbol: row.symbol,
    config: row.config_json,
    isEnabled: row.is_enabled,
    createdAt: row.created_at.getTime(),
  }
}
