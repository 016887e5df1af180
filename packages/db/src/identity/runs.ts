import type { JsonObject } from '@grid/core-events'
import { type Kysely, type Selectable, sql } from 'kysely'
import { releaseEventsAfter } from '../account-events/attribution.ts'
import { inTransaction } from '../connection/transaction.ts'
import type { GridDatabase } from '../schema/database.ts'
import type { RunStatus, RunsTable, RunType } from '../schema/identity-schema.ts'
import type { TenantScope } from '../schema/tenant-scope.ts'
import { notFound } from './not-found.ts'

/** One session of a strategy, or of a recorder. */
export interface Run {
  /** A UUID. */
  readonly runId: string
  readonly userId: string
  readonly accountId: string
  /** Null for a recorder. */
  readonly strategyId: string | null
  readonly runType: RunType
  readonly gridcoreVersion: string | null
  readonly configSnapshot: JsonObject | null
  /** Epoch milliseconds, inclusive. */
  readonly startTs: number
  /** Epoch milliseconds, exclusive; null while it runs. */
  readonly endTs: number | null
  /** Its last heartbeat, in epoch milliseconds by the database's clock. */
  readonly heartbeatTs: number
  readonly status: RunStatus
}

/** A run to be started. */
export interface NewRun {
  readonly accountId: string
  /** Left out or null for a recorder. */
  readonly strategyId?: string | null
  readonly runType: RunType
  readonly gridcoreVersion?: string | null
  readonly configSnapshot?: JsonObject | null
  /** Epoch milliseconds. Default now, by the database's clock. */
  readonly startTs?: number
  /**
   * A UUID. Default a random one. Never take it from a request of a user, who would learn which ids of
   * others are in use.
   */
  readonly runId?: string
}

/** How a run ended. */
export interface RunEnd {
  /** Default `completed`. */
  readonly status?: Exclude<RunStatus, 'running'>
  /** Epoch milliseconds. Default now, by the database's clock. */
  readonly endTs?: number
}

/** Which runs of a user to list: those that meet all conditions that are given. */
export interface RunFilter {
  readonly accountId?: string
  readonly runType?: RunType
  readonly statuses?: readonly RunStatus[]
  /** Most runs to give. Default 100. */
  readonly limit?: number
}

/** Which runs a crash left running. */
export interface StaleRuns {
  readonly accountId: string
  readonly strategyId: string | null
  readonly runType: RunType
  /** Epoch milliseconds. Default now, by the database's clock. */
  readonly endTs?: number
}

/**
 * Stores runs, table `runs`. A private event belongs to the run of its account and instrument that was
 * going on at its exchange time.
 *
 * @example
 * const { runId } = await runs.start({ userId }, { accountId, strategyId, runType: 'live' })
 * await runs.finish({ userId }, runId)
 */
export class RunRepository {
  readonly #db: Kysely<GridDatabase>

  /** Works on a database or within a transaction. */
  constructor(db: Kysely<GridDatabase>) {
    this.#db = db
  }

  /**
   * Starts a run. Throws `NOT_FOUND` when the user has no such account; a strategy of another
   * account is refused by the foreign key (23503).
   *
   * @example
   * const { runId } = await runs.start({ userId }, { accountId, strategyId, runType: 'live' })
   */
  async start({ userId }: TenantScope, run: NewRun): Promise<Run> {
    const row = await this.#db
      .insertInto('runs')
      .columns([
        'run_id',
        'user_id',
        'account_id',
        'strategy_id',
        'run_type',
        'gridcore_version',
        'config_snapshot',
        'start_ts',
      ])
      .expression((from) =>
        from
          .selectFrom('bybit_accounts')
          .select([
            sql<string>`${run.runId ?? crypto.randomUUID()}::uuid`.as('run_id'),
            'user_id',
            'account_id',
            sql<string | null>`${run.strategyId ?? null}::uuid`.as('strategy_id'),
            sql<RunType>`${run.runType}::text`.as('run_type'),
            sql<string | null>`${run.gridcoreVersion ?? null}::text`.as('gridcore_version'),
            sql<string | null>`${jsonOrNull(run.configSnapshot)}::jsonb`.as('config_snapshot'),
            timeOrNow(run.startTs).as('start_ts'),
          ])
          .where('user_id', '=', userId)
          .where('account_id', '=', run.accountId),
      )
      .returningAll()
      .executeTakeFirst()
    if (!row) throw notFound('account', run.accountId)
    return runOf(row)
  }

  /**
   * Records a heartbeat of a run. False when the run has ended, e.g. because it had no heartbeat for too
   * long, or is not this user's.
   *
   * @example
   * if (!(await runs.heartbeat({ userId }, runId))) startAnother()
   */
  async heartbeat({ userId }: TenantScope, runId: string): Promise<boolean> {
    const { numUpdatedRows } = await this.#db
      .updateTable('runs')
      .set(({ fn }) => ({ heartbeat_ts: fn<Date>('now') }))
      .where('user_id', '=', userId)
      .where('run_id', '=', runId)
      .where('status', '=', 'running')
      .executeTakeFirst()
    return numUpdatedRows > 0n
  }

  /**
   * Ends a run. Events at or after its end no longer belong to it. Throws `NOT_FOUND` when no such run
   * is going on.
   *
   * @example
   * await runs.finish({ userId }, runId, { status: 'failed' })
   */
  finish({ userId }: TenantScope, runId: string, end: RunEnd = {}): Promise<Run> {
    return inTransaction(this.#db, async (trx) => {
      const row = await trx
        .updateTable('runs')
        .set({ status: end.status ?? 'completed', end_ts: endAfterStart(end.endTs) })
        .where('user_id', '=', userId)
        .where('run_id', '=', runId)
        .where('status', '=', 'running')
        .returningAll()
        .executeTakeFirst()
      if (!row) throw notFound('run', runId)
      await releaseEventsAfter(trx, [runId])
      return runOf(row)
    })
  }

  /**
   * Ends the runs of a strategy that a crash left running, as `completed`; gives their number.
   *
   * @example
   * await runs.closeStale({ userId }, { accountId, strategyId, runType: 'live' })
   */
  closeStale({ userId }: TenantScope, stale: StaleRuns): Promise<number> {
    return inTransaction(this.#db, async (trx) => {
      const closed = await trx
        .updateTable('runs')
        .set({ status: 'completed', end_ts: endAfterStart(stale.endTs) })
        .where('user_id', '=', userId)
        .where('account_id', '=', stale.accountId)
        .where('strategy_id', 'is not distinct from', stale.strategyId)
        .where('run_type', '=', stale.runType)
        .where('status', '=', 'running')
        .returning('run_id')
        .execute()
      const ids = closed.map(({ run_id }) => run_id)
      await releaseEventsAfter(trx, ids)
      return ids.length
    })
  }

  /**
   * Gives a run; null when the user has none with this id.
   *
   * @example
   * const run = await runs.get({ userId }, runId)
   */
  async get(scope: TenantScope, runId: string): Promise<Run | null> {
    const row = await this.#ofUser(scope).where('run_id', '=', runId).executeTakeFirst()
    return row ? runOf(row) : null
  }

  /**
   * Gives the user's runs, the newest first.
   *
   * @example
   * const running = await runs.list({ userId }, { statuses: ['running'] })
   */
  async list(
    scope: TenantScope,
    { accountId, runType, statuses, limit = 100 }: RunFilter = {},
  ): Promise<Run[]> {
    let query = this.#ofUser(scope).limit(limit)
    if (accountId !== undefined) query = query.where('account_id', '=', accountId)
    if (runType !== undefined) query = query.where('run_type', '=', runType)
    if (statuses !== undefined) query = query.where('status', 'in', [...statuses])
    return (await query.execute()).map(runOf)
  }

  /**
   * Gives the user's newest run of a type; null when there is none.
   *
   * @example
   * const run = await runs.getLatestByType({ userId }, 'recording')
   */
  async getLatestByType(
    scope: TenantScope,
    runType: RunType,
    statuses: readonly RunStatus[] = ['completed', 'running'],
  ): Promise<Run | null> {
    const [run] = await this.list(scope, { runType, statuses, limit: 1 })
    return run ?? null
  }

  #ofUser({ userId }: TenantScope) {
    return this.#db
      .selectFrom('runs')
      .selectAll()
      .where('user_id', '=', userId)
      .orderBy('start_ts', 'desc')
      .orderBy('run_id')
  }
}

/** Makes a run of a row of `runs`. */
export function runOf(row: Selectable<RunsTable>): Run {
  return {
    runId: row.run_id,
    userId: row.user_id,
    accountId: row.account_id,
    strategyId: row.strategy_id,
    runType: row.run_type,
    gridcoreVersion: row.gridcore_version,
    configSnapshot: row.config_snapshot,
    startTs: row.start_ts.getTime(),
    endTs: row.end_ts?.getTime() ?? null,
    heartbeatTs: row.heartbeat_ts.getTime(),
    status: row.status,
  }
}

function jsonOrNull(value: JsonObject | null | undefined): string | null {
  return value ? JSON.stringify(value) : null
}

function timeOrNow(epochMs: number | undefined) {
  return epochMs === undefined
    ? sql<Date>`now()`
    : sql<Date>`${new Date(epochMs).toISOString()}::timestamptz`
}

/** The end, or the start where that is later, which two clocks may make it. */
function endAfterStart(epochMs: number | undefined) {
  return sql<Date>`greatest(start_ts, ${timeOrNow(epochMs)})`
}
