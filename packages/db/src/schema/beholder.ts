import type { TenantScope } from './tenant-scope.ts'

/**
 * Whose records to give beside those of market data, which are everybody's: a user's, or everyone's,
 * for collectors and operators.
 */
export type Beholder = TenantScope | 'everyone'

/** SQL that is true of a row that a beholder may see, and its parameters from `$first` on. */
export function visibleSql(
  table: string,
  beholder: Beholder | undefined,
  first: number,
): { readonly sql: string; readonly parameters: readonly unknown[] } {
  if (beholder === 'everyone') return { sql: 'true', parameters: [] }
  const own = `select account_id from bybit_accounts where user_id = $${first}::uuid`
  return {
    sql: `(${table}.account_id is null or ${table}.account_id in (${own}))`,
    parameters: [beholder?.userId ?? null],
  }
}
