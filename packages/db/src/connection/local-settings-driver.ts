import {
  CompiledQuery,
  type DatabaseConnection,
  type Driver,
  type QueryResult,
  type TransactionSettings,
} from 'kysely'
import { READ_COMMITTED } from './session-forms.ts'
import type { SessionSettings } from './session-settings.ts'
import { isOutsideTransaction } from './transaction.ts'

type Savepoint = NonNullable<Driver['savepoint']>
type AcquireOptions = Parameters<Driver['acquireConnection']>[0]

/**
 * Sets the session's limits in each transaction by `SET LOCAL`, where sessions do not keep them. There a
 * statement outside of a transaction gets one of its own. Where sessions keep them it changes nothing.
 */
export class LocalSettingsDriver implements Driver {
  readonly #driver: Driver
  readonly #settings: SessionSettings

  constructor(driver: Driver, settings: SessionSettings) {
    this.#driver = driver
    this.#settings = settings
  }

  init(options?: AcquireOptions): Promise<void> {
    return this.#driver.init(options)
  }

  async acquireConnection(options?: AcquireOptions): Promise<DatabaseConnection> {
    const connection = await this.#driver.acquireConnection(options)
    if (!this.#settings.areLocal) return connection
    return new LocalConnection(connection, this.#driver, this.#settings.localSql)
  }

  async beginTransaction(
    connection: DatabaseConnection,
    settings: TransactionSettings,
  ): Promise<void> {
    if (!(connection instanceof LocalConnection)) {
      return this.#driver.beginTransaction(connection, settings)
    }
    // The default of a session's transactions is the only form that can no longer be set within one.
    const levels = { isolationLevel: READ_COMMITTED, ...settings }
    await this.#driver.beginTransaction(connection.inner, levels)
    await connection.begun()
  }

  commitTransaction(connection: DatabaseConnection): Promise<void> {
    if (connection instanceof LocalConnection) connection.ended()
    return this.#driver.commitTransaction(inner(connection))
  }

  rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    if (connection instanceof LocalConnection) connection.ended()
    return this.#driver.rollbackTransaction(inner(connection))
  }

  async savepoint(...[connection, name, compile]: Parameters<Savepoint>): Promise<void> {
    await this.#driver.savepoint?.(inner(connection), name, compile)
  }

  async rollbackToSavepoint(...[connection, name, compile]: Parameters<Savepoint>): Promise<void> {
    await this.#driver.rollbackToSavepoint?.(inner(connection), name, compile)
  }

  async releaseSavepoint(...[connection, name, compile]: Parameters<Savepoint>): Promise<void> {
    await this.#driver.releaseSavepoint?.(inner(connection), name, compile)
  }

  releaseConnection(connection: DatabaseConnection): Promise<void> {
    return this.#driver.releaseConnection(inner(connection))
  }

  destroy(): Promise<void> {
    return this.#driver.destroy()
  }
}

class LocalConnection implements DatabaseConnection {
  readonly inner: DatabaseConnection
  readonly #driver: Driver
  readonly #localSql: string
  #isInTransaction = false

  constructor(connection: DatabaseConnection, driver: Driver, localSql: string) {
    this.inner = connection
    this.#driver = driver
    this.#localSql = localSql
  }

  /** Sets the limits in a transaction that was just begun. */
  async begun(): Promise<void> {
    this.#isInTransaction = true
    await this.#orRollBack(() => this.inner.executeQuery(CompiledQuery.raw(this.#localSql)))
  }

  ended(): void {
    this.#isInTransaction = false
  }

  async executeQuery<Row>(query: CompiledQuery): Promise<QueryResult<Row>> {
    if (this.#isInTransaction || isOutsideTransaction(query)) {
      return this.inner.executeQuery<Row>(query)
    }
    return this.#orRollBack(async () => {
      await this.inner.executeQuery(
        CompiledQuery.raw(`begin isolation level ${READ_COMMITTED}; ${this.#localSql}`),
      )
      const result = await this.inner.executeQuery<Row>(query)
      await this.#driver.commitTransaction(this.inner)
      return result
    })
  }

  streamQuery<Row>(
    query: CompiledQuery,
    chunkSize: number,
  ): AsyncIterableIterator<QueryResult<Row>> {
    return this.inner.streamQuery(query, chunkSize)
  }

  /** Rolls back on failure, so that no connection returns to the pool with an open transaction. */
  async #orRollBack<Result>(work: () => Promise<Result>): Promise<Result> {
    try {
      return await work()
    } catch (error) {
      this.#isInTransaction = false
      // The first error is the one to report; when the rollback fails too, the driver discards the
      // connection.
      await this.#driver.rollbackTransaction(this.inner).catch(() => {})
      throw error
    }
  }
}

function inner(connection: DatabaseConnection): DatabaseConnection {
  return connection instanceof LocalConnection ? connection.inner : connection
}
