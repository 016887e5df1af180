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
  if (viewer === 'everyone') return { sql: 'true', parameters: [] }
  const own = `select account_id from bybit_accounts where user_id = $${first}::uuid`
  return {
    sql: `(${table}.account_id is null or ${table}.account_id in (${own}))`,
    parameters: [viewer?.userId ?? null],
  }
}
