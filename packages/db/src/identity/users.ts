import type { Kysely, Selectable } from 'kysely'
import type { GridDatabase } from '../schema/database.ts'
import type { UserStatus, UsersTable } from '../schema/identity-schema.ts'
import type { TenantScope } from '../schema/tenant-scope.ts'

/** A user: the owner of accounts. */
export interface User {
  /** A UUID. */
  readonly userId: string
  readonly username: string
  readonly email: string | null
  readonly status: UserStatus
  /** Epoch milliseconds, by the database's clock. */
  readonly createdAt: number
}

/**
 * Reads and changes one user, table `users`. `OperatorRepository` adds users and finds them by name.
 *
 * @example
 * const user = await new UserRepository(db).get({ userId })
 */
export class UserRepository {
  readonly #db: Kysely<GridDatabase>

  /** Works on a database or within a transaction. */
  constructor(db: Kysely<GridDatabase>) {
    this.#db = db
  }

  /**
   * Gives the user; null when there is none.
   *
   * @example
   * const user = await users.get({ userId: userIdOf('alice') })
   */
  async get({ userId }: TenantScope): Promise<User | null> {
    const row = await this.#db
      .selectFrom('users')
      .selectAll()
      .where('user_id', '=', userId)
      .executeTakeFirst()
    return row ? userOf(row) : null
  }

  /**
   * Changes the user's status; gives the user, or null when there is none. Only accounts of active
   * users are captured.
   *
   * @example
   * await users.setStatus({ userId }, 'suspended')
   */
  async setStatus({ userId }: TenantScope, status: UserStatus): Promise<User | null> {
    const row = await this.#db
      .updateTable('users')
      .set(({ fn }) => ({ status, updated_at: fn<Date>('now') }))
      .where('user_id', '=', userId)
      .returningAll()
      .executeTakeFirst()
    return row ? userOf(row) : null
  }
}

/** Makes a user of a row of `users`. */
export function userOf(row: Selectable<UsersTable>): User {
  return {
    userId: row.user_id,
    username: row.username,
    email: row.email,
    status: row.status,
    createdAt: row.created_at.getTime(),
  }
}
