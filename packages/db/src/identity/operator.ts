import { type Kysely, sql } from 'kysely'
import { attributeEvents, releaseEventsAfter } from '../account-events/attribution.ts'
import { inTransaction } from '../connection/transaction.ts'
import { DatabaseError } from '../errors.ts'
import { assertSeesAll } from '../migrations/assert-sees-all.ts'
import type { GridDatabase } from '../schema/database.ts'
import type { RunStatus, RunType } from '../schema/identity-schema.ts'
import type { Account } from './accounts.ts'
import { requireKeys, type SecretOptions } from './credentials.ts'
import { userIdOf } from './deterministic-id.ts'
import {
  type EnabledAccount,
  openAccount,
  readRemovedAccounts,
  readSealedAccounts,
  readStrayAccounts,
  type SealedAccount,
} from './enabled-accounts.ts'
import { type RebindReport, rebindSecrets, reencryptSecrets } from './reencrypt.ts'
import { type Run, runOf } from './runs.ts'
import { type User, userOf } from './users.ts'

/** A user to be added. */
export interface NewUser {
  readonly username: string
  readonly email?: string | null
  /** Default `userIdOf(username)`. */
  readonly userId?: string
}

/** A page of users. */
export interface UserPage {
  /** Most users to give. Default 100. */
  readonly limit?: number
  /** Users to skip, in the order of names. Default 0. */
  readonly offset?: number
}

/** Which runs count as orphaned. */
export interface OrphanedRuns {
  /** Time without a heartbeat, in milliseconds. */
  readonly silentForMs: number
}

/**
 * The work of collectors and operators across all users. Never use it for a request of one user: every
 * other repository of private data works for one.
 *
 * Every method throws `TENANTS_HIDDEN` for a login that row security binds and that is no member of
 * `grid_writer`, because row security would silently hide rows.
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
   * Gives every enabled account of every active user in the database's environment, with its API key,
   * or with the error why the key cannot be used: no encryption keys, an unknown one, a changed
   * ciphertext or binding, or no active key.
   *
   * @example
   * for (const account of await operator.allEnabledAccounts()) if (account.fault === null) capture(account)
   */
  async allEnabledAccounts(): Promise<EnabledAccount[]> {
    return this.openAccounts(await this.allSealedAccounts())
  }

  /**
   * Gives the same accounts as `allEnabledAccounts` with nothing decrypted, as they are stored. They can be
   * kept as JSON and given to `openAccounts` while the database is away.
   *
   * @example
   * await writeFile('accounts.json', JSON.stringify(await operator.allSealedAccounts()))
   */
  async allSealedAccounts(): Promise<SealedAccount[]> {
    await assertSeesAll(this.#db)
    return readSealedAccounts(this.#db)
  }

  /**
   * Decrypts the keys of accounts, without the database. A key that cannot be used makes a `fault` of its
   * account, as in `allEnabledAccounts`.
   *
   * @example
   * const accounts = operator.openAccounts(JSON.parse(await readFile('accounts.json', 'utf8')))
   */
  openAccounts(accounts: readonly SealedAccount[]): EnabledAccount[] {
    return accounts.map((account) => openAccount(account, this.#secrets.keys ?? null))
  }

  /**
   * Gives the accounts, other than removed ones, whose environment is not the database's: somebody
   * changed their rows. They are in no list and are not captured.
   *
   * @example
   * for (const { accountName, environment } of await operator.strayAccounts()) warn(accountName, environment)
   */
  async strayAccounts(): Promise<Account[]> {
    await assertSeesAll(this.#db)
    return readStrayAccounts(this.#db)
  }

  /**
   * Gives the accounts that were removed, of whichever environment: what others still have of them is to go.
   *
   * @example
   * for (const { accountId } of await operator.removedAccounts()) await forget(accountId)
   */
  async removedAccounts(): Promise<Account[]> {
    await assertSeesAll(this.#db)
    return readRemovedAccounts(this.#db)
  }

  /**
   * Adds an active user. Throws `ALREADY_EXISTS` when the name, the email or the id is in use.
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
   * Gives the user with a name; null when there is none.
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
   * Lists users by name.
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
   * Lists the active users by name.
   *
   * @example
   * const users = await operator.listActiveUsers()
   */
  async listActiveUsers(): Promise<User[]> {
    await assertSeesAll(this.#db)
    return (await this.#users().where('status', '=', 'active').execute()).map(userOf)
  }

  /**
   * Encrypts all secrets of older encryption keys, or with associated data of an older version, with
   * the first key, all or none; gives their number. Afterwards the older keys are no longer needed.
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
   * Writes the secrets anew whose associated data are of an older version, so that each is bound to its
   * user, account, environment, API key and key type. Each keeps its encryption key. Those that cannot
   * be decrypted stay as they are.
   *
   * @example
   * const { rebound, unreadable } = await operator.rebindSecrets()
   */
  async rebindSecrets(): Promise<RebindReport> {
    const keys = requireKeys(this.#secrets.keys ?? null)
    await assertSeesAll(this.#db)
    return rebindSecrets(this.#db, keys)
  }

  /**
   * Gives the newest run of a type, of any user; null when there is none.
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
   * Ends the runs that had no heartbeat for some time as `failed`, at their last heartbeat; gives them.
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
   * Finds the run of stored private events that have none, from `since` on, in epoch milliseconds;
   * gives the number of events that got one. A trigger finds an event's run when it is stored: this is
   * for runs that became known later.
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
