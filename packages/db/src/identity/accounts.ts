import type { Kysely, Selectable } from 'kysely'
import { inTransaction } from '../connection/transaction.ts'
import { DatabaseError } from '../errors.ts'
import { assertEnvironment } from '../migrations/assert-usable.ts'
import type { GridDatabase } from '../schema/database.ts'
import type { AccountStatus, BybitAccountsTable } from '../schema/identity-schema.ts'
import type { TenantScope } from '../schema/tenant-scope.ts'
import type { EncryptionKeys } from '../secrets/encryption-keys.ts'
import {
  type CredentialInfo,
  CredentialRepository,
  insertCredential,
  type NewCredential,
  requireKeys,
  type SecretOptions,
} from './credentials.ts'
import { accountIdOf } from './deterministic-id.ts'
import { notFound } from './not-found.ts'
import { isOfThisEnvironment } from './this-environment.ts'

/** An account of the exchange. */
export interface Account {
  /** A UUID. */
  readonly accountId: string
  readonly userId: string
  readonly accountName: string
  readonly environment: string
  readonly status: AccountStatus
  /** Epoch milliseconds, by the database's clock. */
  readonly createdAt: number
  /** When it was removed, likewise; null when it was not. */
  readonly removedAt: number | null
}

/** An account with its API keys, without their secrets. */
export interface AccountDetails extends Account {
  /** The newest first. */
  readonly credentials: readonly CredentialInfo[]
}

/** An account to be added. */
export interface NewAccount {
  /** Unique among the user's accounts. */
  readonly accountName: string
  readonly credential: NewCredential
  /** Default the environment of the database; another one is refused. */
  readonly environment?: string
  /**
   * Default `accountIdOf(userId, accountName)`. Never take it from a request of a user, who would learn
   * which ids of others are in use.
   */
  readonly accountId?: string
}

/**
 * Stores the accounts of users, tables `bybit_accounts` and `api_credentials`.
 *
 * Every change notifies the channel `grid_accounts`, a hint for collectors to read the accounts again.
 * Methods that change an account throw `NOT_FOUND` when the user has no such account or has removed it.
 *
 * @example
 * const accounts = new AccountRepository(db, { keys })
 * await accounts.add({ userId }, { accountName: 'main', credential: { apiKey, secret } })
 */
export class AccountRepository {
  readonly #db: Kysely<GridDatabase>
  readonly #keys: EncryptionKeys | null

  /** Works on a database or within a transaction. */
  constructor(db: Kysely<GridDatabase>, { keys = null }: SecretOptions = {}) {
    this.#db = db
    this.#keys = keys
  }

  /**
   * Adds an account with its API key, enabled. A removed account of the same name is restored, with its
   * old id and its history.
   *
   * Throws `ALREADY_EXISTS` when the user has an account with this name or the id is in use;
   * `ENVIRONMENT_MISMATCH`; `NOT_FOUND` when there is no such user.
   *
   * @example
   * await accounts.add({ userId }, { accountName: 'main', credential: { apiKey, secret } })
   */
  async add(scope: TenantScope, account: NewAccount): Promise<Account> {
    requireKeys(this.#keys)
    const { accountName } = account
    return inTransaction(this.#db, async (trx) => {
      const environment = await environmentFor(trx, account.environment)
      await assertUserExists(trx, scope)
      const row =
        (await trx
          .updateTable('bybit_accounts')
          .set(({ fn }) => ({
            status: 'enabled',
            environment,
            removed_at: null,
            updated_at: fn<Date>('now'),
          }))
          .where('user_id', '=', scope.userId)
          .where('account_name', '=', accountName)
          .where('status', '=', 'removed')
          .returningAll()
          .executeTakeFirst()) ?? (await insertAccount(trx, scope, { ...account, environment }))
      if (!row) throw alreadyExists(account)
      await insertCredential(trx, this.#keys, row, account.credential)
      return accountOf(row)
    })
  }

  /**
   * Gives an account; null when the user has none with this id.
   *
   * @example
   * const account = await accounts.get({ userId }, accountId)
   */
  async get(scope: TenantScope, accountId: string): Promise<Account | null> {
    const row = await this.#ofUser(scope).where('account_id', '=', accountId).executeTakeFirst()
    return row ? accountOf(row) : null
  }

  /**
   * Gives an account by its name; null when the user has none with this name.
   *
   * @example
   * const account = await accounts.getByName({ userId }, 'main')
   */
  async getByName(scope: TenantScope, accountName: string): Promise<Account | null> {
    const row = await this.#ofUser(scope).where('account_name', '=', accountName).executeTakeFirst()
    return row ? accountOf(row) : null
  }

  /**
   * Lists the user's accounts of the database's environment by name, removed ones included.
   *
   * @example
   * for (const { accountName, status } of await accounts.list({ userId })) print(accountName, status)
   */
  async list(scope: TenantScope): Promise<Account[]> {
    const rows = await this.#ofUser(scope).where(isOfThisEnvironment()).execute()
    return rows.map(accountOf)
  }

  /**
   * Lists the user's enabled accounts of the database's environment by name.
   *
   * @example
   * const captured = await accounts.listEnabled({ userId })
   */
  async listEnabled(scope: TenantScope): Promise<Account[]> {
    const rows = await this.#ofUser(scope)
      .where(isOfThisEnvironment())
      .where('status', '=', 'enabled')
      .execute()
    return rows.map(accountOf)
  }

  /**
   * Gives an account with its API keys, without their secrets; null when the user has none with this id.
   *
   * @example
   * const details = await accounts.show({ userId }, accountId)
   */
  async show(scope: TenantScope, accountId: string): Promise<AccountDetails | null> {
    const account = await this.get(scope, accountId)
    if (!account) return null
    const credentials = await new CredentialRepository(this.#db).list(scope, accountId)
    return { ...account, credentials }
  }

  /**
   * Enables an account, so that it is captured.
   *
   * @example
   * await accounts.enable({ userId }, accountId)
   */
  enable(scope: TenantScope, accountId: string): Promise<Account> {
    return this.#setStatus(this.#db, scope, accountId, 'enabled')
  }

  /**
   * Disables an account, so that it is no longer captured. Its key stays.
   *
   * @example
   * await accounts.disable({ userId }, accountId)
   */
  disable(scope: TenantScope, accountId: string): Promise<Account> {
    return this.#setStatus(this.#db, scope, accountId, 'disabled')
  }

  /**
   * Replaces an account's API key and erases the secret of the old one.
   *
   * @example
   * await accounts.rotate({ userId }, accountId, { apiKey, secret })
   */
  async rotate(
    scope: TenantScope,
    accountId: string,
    credential: NewCredential,
  ): Promise<CredentialInfo> {
    requireKeys(this.#keys)
    return inTransaction(this.#db, async (trx) => {
      const account = await this.#lock(trx, scope, accountId)
      await trx
        .updateTable('api_credentials')
        .set(({ fn }) => ({
          is_active: false,
          api_secret: null,
          encryption_key_id: null,
          rotated_at: fn<Date>('now'),
        }))
        .where('account_id', '=', accountId)
        .where('is_active', '=', true)
        .execute()
      return insertCredential(trx, this.#keys, account, credential)
    })
  }

  /**
   * Removes an account: erases its keys and keeps its row as a tombstone. Captured data stays.
   *
   * @example
   * await accounts.remove({ userId }, accountId)
   */
  remove(scope: TenantScope, accountId: string): Promise<Account> {
    return inTransaction(this.#db, async (trx) => {
      const account = await this.#setStatus(trx, scope, accountId, 'removed')
      await trx.deleteFrom('api_credentials').where('account_id', '=', accountId).execute()
      return account
    })
  }

  #ofUser({ userId }: TenantScope) {
    return this.#db
      .selectFrom('bybit_accounts')
      .selectAll()
      .where('user_id', '=', userId)
      .orderBy('account_name')
  }

  /** Locks the account's row, so that of two rotations one waits for the other. */
  async #lock(
    trx: Kysely<GridDatabase>,
    { userId }: TenantScope,
    accountId: string,
  ): Promise<Selectable<BybitAccountsTable>> {
    const row = await trx
      .selectFrom('bybit_accounts')
      .selectAll()
      .where('user_id', '=', userId)
      .where('account_id', '=', accountId)
      .where('status', '<>', 'removed')
      .forNoKeyUpdate()
      .executeTakeFirst()
    if (!row) throw notFound('account', accountId)
    return row
  }

  async #setStatus(
    db: Kysely<GridDatabase>,
    { userId }: TenantScope,
    accountId: string,
    status: AccountStatus,
  ): Promise<Account> {
    const row = await db
      .updateTable('bybit_accounts')
      .set(({ fn }) => ({
        status,
        updated_at: fn<Date>('now'),
        ...(status === 'removed' ? { removed_at: fn<Date>('now') } : {}),
      }))
      .where('user_id', '=', userId)
      .where('account_id', '=', accountId)
      .where('status', '<>', 'removed')
      .returningAll()
      .executeTakeFirst()
    if (!row) throw notFound('account', accountId)
    return accountOf(row)
  }
}

/** Makes an account of a row of `bybit_accounts`. */
export function accountOf(row: Selectable<BybitAccountsTable>): Account {
  return {
    accountId: row.account_id,
    userId: row.user_id,
    accountName: row.account_name,
    environment: row.environment,
    status: row.status,
    createdAt: row.created_at.getTime(),
    removedAt: row.removed_at?.getTime() ?? null,
  }
}

async function environmentFor(
  trx: Kysely<GridDatabase>,
  wanted: string | undefined,
): Promise<string> {
  const meta = await trx.selectFrom('grid_meta').select('environment').executeTakeFirst()
  const stamped = meta?.environment ?? null
  if (wanted !== undefined && stamped !== null) assertEnvironment(stamped, wanted)
  const environment = wanted ?? stamped
  if (environment !== null) return environment
  throw new DatabaseError(
    'ENVIRONMENT_MISMATCH',
    'the database is not stamped with an environment: give the account its environment',
    { context: { environment: null } },
  )
}

async function assertUserExists(trx: Kysely<GridDatabase>, { userId }: TenantScope): Promise<void> {
  const user = await trx
    .selectFrom('users')
    .select('user_id')
    .where('user_id', '=', userId)
    .executeTakeFirst()
  if (!user) throw notFound('user', userId)
}

/** Adds the row of an account; undefined when the user has one of this name, or the given id is in use. */
async function insertAccount(
  trx: Kysely<GridDatabase>,
  { userId }: TenantScope,
  { accountName, accountId, environment }: NewAccount & { readonly environment: string },
): Promise<Selectable<BybitAccountsTable> | undefined> {
  // Somebody else may have taken the default id by giving it: that must not hinder this user.
  const ids = accountId ? [accountId] : [accountIdOf(userId, accountName), crypto.randomUUID()]
  for (const account_id of ids) {
    const row = await trx
      .insertInto('bybit_accounts')
      .values({ account_id, user_id: userId, account_name: accountName, environment })
      .onConflict((conflict) => conflict.doNothing())
      .returningAll()
      .executeTakeFirst()
    if (row) return row
  }
  return undefined
}

function alreadyExists({ accountName, accountId }: NewAccount): DatabaseError {
  const orId = accountId === undefined ? '' : `, or its id ${accountId} is in use`
  return new DatabaseError(
    'ALREADY_EXISTS',
    `account ${accountName} exists already${orId}: choose another name`,
    { context: { accountName, accountId: accountId ?? null } },
  )
}
