import { type RawBuilder, type SqlBool, sql } from 'kysely'

/**
 * SQL condition of the accounts that belong to the database's environment, so that no key is sent to
 * an exchange that it was not given for. All accounts do while the database has no stamp.
 */
export function isOfThisEnvironment(): RawBuilder<SqlBool> {
  return sql<SqlBool>`bybit_accounts.environment =
    coalesce((select grid_meta.environment from grid_meta), bybit_accounts.environment)`
}
