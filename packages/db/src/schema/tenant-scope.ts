/** Whose rows a query may see: the first argument of every method that reads or changes a tenant's rows. */
export interface TenantScope {
  /** A user's id, a UUID. */
  readonly userId: string
}

/**
 * Who reads records of accounts beside those of market data: one user, or `everyone` for collectors
 * and operators.
 */
export type Viewer = TenantScope | 'everyone'

/**
 * SQL condition of the rows that a viewer may see: rows without an account, and those of its accounts.
 * `$first` is the number of its one parameter; `parameters` is empty for `everyone`.
 */
export function visibleSql(
  table: string,
  viewer: Viewer | undefined,
  first: number,
): { readonly sql: string; readonly parameters: readonly unknown[] } {
  const own = ownSql(table, viewer, first)
  if (viewer === 'everyone') return own
  return { ...own, sql: `(${table}.account_id is null or ${own.sql})` }
}

/** {@link visibleSql} of the rows that a viewer may change: those without an account only for `everyone`. */
export function ownSql(
  table: string,
  viewer: Viewer | undefined,
  first: number,
): { readonly sql: string; readonly parameters: readonly unknown[] } {
  if (viewer === 'everyone') return { sql: 'true', parameters: [] }
  const own = `select account_id from bybit_accounts where user_id = $${first}::uuid`
  return { sql: `${table}.account_id in (${own})`, parameters: [viewer?.userId ?? null] }
}
