import { type Kysely, sql } from 'kysely'
import { attributeEvents, releaseEventsAfter } from '../account-events/attribution.ts'
import { inTransaction } from '../connection/transaction.ts'
import { DatabaseError } from '../errors.ts'
import type { GridDatabase } from '../schema/database.ts'
import type { RunStatus, RunType } from '../schema/identity-schema.ts'
import { assertSeesAll } from './assert-sees-all.ts'
import { requireKeys, type SecretOptions } from './credentials.ts'
import { userIdOf } from './deterministic-id.ts'
import { type EnabledAccount, readAllEnabledAccounts } from './enabled-accounts.ts'
import { reencryptSecrets } from './reencrypt.ts'
import { type Run, runOf } from './runs.ts'
import { type User, userOf } from './users.ts'

/** A tenant to be added. */
export interface NewUser {
  readonly username: string
  readonly email?: string | null
  /** Default `userIdOf(username)`. */
  readonly userId?: string
}

/** A page of users. */
export interface UserPage {
  /** Most to give. Default 100. */
  readonly limit?: number
  /** How many to pass over, by name. Default 0. */
  readonly offset?: number
}

/** Runs that are taken for dead. */
export interface OrphanedRuns {
  /** How long they were silent, in milliseconds. */
  readonly silentForMs: number
}

/**
 * What collectors and operators do across all tenants, on purpose: never for a tenant's request.
 * Every other repository of private data works for one user.
 *
 * Every method throws `TENANTS_HIDDEN` for a login that row security binds and that is no member of
 * `grid_writer`: it would find too little without a sign.
 *
 * @example
 * const accounts = await new OperatorRepository(db, { keys }).allEnabledAccounts()
 */
export class OperatorRepository {
  readonly #db: Kysely<GridDatabase>
  readonly #secrets: SecretOptions

  /** Works on a database or within a transaction. */
  constructor(db: Kysely<GridDatabase>, secrets: SecretOptions = {}) {
    this.#db = db
    this.#secrets = secrets
  }

  /**
   * Gives every enabled account of every active user, with its key or with the fault that keeps it
   * from being read: no encryption keys, none of its id, a changed ciphertext, no active key.
   *
   * @example
   * for (const account of await operator.allEnabledAccounts()) if (account.fault === null) capture(account)
   */
  async allEnabledAccounts(): Promise<EnabledAccount[]> {
    await assertSeesAll(this.#db)
    return readAllEnabledAccounts(this.#db, this.#secrets.keys ?? null)
  }

  /**
   * Adds a user, active. Throws `ALREADY_EXISTS` when the name, the email or the id is in use.
   *
   * @example
   * const { userId } = await operator.addUser({ username: 'alice' })
   */
  async addUser({ username, email = null, userId }: NewUser): Promise<User> {
    await assertSeesAll(this.#db)
    const row = await this.#db
      .insertInto('users')
      .values({ user_id: userId ?? userIdOf(username), username, email })
      .onConflict((conflict) => conflict.doNothing())
      .returningAll()
      .executeTakeFirst()
    if (row) return userOf(row)
    throw new DatabaseError(
      'ALREADY_EXISTS',
      `user ${username} exists already, or another has its email or id`,
      { context: { username } },
    )
  }

  /**
   * Gives the user of a name; null when there is none.
   *
   * @example
   * const user = await operator.getUserByName('alice')
   */
  async getUserByName(username: string): Promise<User | null> {
    await assertSeesAll(this.#db)
    const row = await this.#db
      .selectFrom('users')
      .selectAll()
      .where('username', '=', username)
      .executeTakeFirst()
    return row ? userOf(row) : null
  }

  /**
   * Gives users by name.
   *
   * @example
   * const users = await operator.listUsers({ limit: 50 })
   */
  async listUsers({ limit = 100, offset = 0 }: UserPage = {}): Promise<User[]> {
    await assertSeesAll(this.#db)
    const rows = await this.#users().limit(limit).offset(offset).execute()
    return rows.map(userOf)
  }

  /**
   * Gives the active users by name.
   *
   * @example
   * const users = await operator.listActiveUsers()
   */
  async listActiveUsers(): Promise<User[]> {
    await assertSeesAll(this.#db)
    return (await this.#users().where('status', '=', 'active').execute()).map(userOf)
  }

  /**
   * Encrypts anew, with the first key, every secret that an older key encrypts; gives their number.
   * After it the older keys may be left out. All or none.
   *
   * @example
   * await new OperatorRepository(db, { keys }).reencryptSecrets()
   */
  async reencryptSecrets(): Promise<number> {
    const keys = requireKeys(this.#secrets.keys ?? null)
    await assertSeesAll(this.#db)
    return reencryptSecrets(this.#db, keys)
  }

  /**
   * Gives the newest run of a type, whosever; null when there is none.
   *
   * @example
   * const run = await operator.latestRunByType('recording')
   */
  async latestRunByType(
    runType: RunType,
    statuses: readonly RunStatus[] = ['completed', 'running'],
  ): Promise<Run | null> {
    await assertSeesAll(this.#db)
    const row = await this.#db
      .selectFrom('runs')
      .selectAll()
      .where('run_type', '=', runType)
      .where('status', 'in', [...statuses])
      .orderBy('start_ts', 'desc')
      .orderBy('run_id')
      .executeTakeFirst()
    return row ? runOf(row) : null
  }

  /**
   * Fails the runs that were silent for so long, as of their last heartbeat; gives them.
   *
   * @example
   * await operator.closeOrphanedRuns({ silentForMs: 120_000 })
   */
  async closeOrphanedRuns({ silentForMs }: OrphanedRuns): Promise<Run[]> {
    await assertSeesAll(this.#db)
    return inTransaction(this.#db, async (trx) => {
      const rows = await trx
        .updateTable('runs')
        .set({ status: 'failed', end_ts: sql<Date>`greatest(start_ts, heartbeat_ts)` })
        .where('status', '=', 'running')
        .where('heartbeat_ts', '<', sql<Date>`now() - ${silentForMs} * interval '1 millisecond'`)
        .returningAll()
        .execute()
      await releaseEventsAfter(
        trx,
        rows.map(({ run_id }) => run_id),
      )
      return rows.map(runOf)
    })
  }

  /**
   * Gives stored private events that have no run the run that was going on at their time, those
   * from a time on in epoch milliseconds; gives their number. Events find a run that is known as
   * they are stored: this is for those that became known later.
   *
   * @example
   * await operator.attributeEvents({ since: Date.now() - 86_400_000 })
   */
  async attributeEvents({ since }: { readonly since: number }): Promise<number> {
    await assertSeesAll(this.#db)
    return attributeEvents(this.#db, since)
  }

  #users() {
    return this.#db.selectFrom('users').selectAll().orderBy('username')
  }
}
