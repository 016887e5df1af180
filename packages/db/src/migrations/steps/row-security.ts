const USER = `nullif(current_setting('grid.user_id', true), '')::uuid`
/** Read once a statement, however many rows it looks at. */
const ACCOUNTS = `array(select own.account_id from bybit_accounts own where own.user_id = ${USER})`

const IS_OWN: Readonly<Record<'user' | 'account' | 'account or none', string>> = {
  user: `user_id = ${USER}`,
  account: `account_id = any (${ACCOUNTS})`,
  'account or none': `account_id is null or account_id = any (${ACCOUNTS})`,
}

/**
 * SQL that shows a table's rows to whom they belong, by their user or by their account's: to the user
 * that the transaction names (`grid.user_id`), and to members of `grid_writer`. Every table with a
 * `user_id` or an `account_id` needs it.
 */
export function rowSecurity(table: string, belongsTo: keyof typeof IS_OWN): readonly string[] {
  const policies = { tenant: IS_OWN[belongsTo], ingest: '(select grid_ingests())' }
  return [
    `alter table ${table} enable row level security`,
    ...Object.entries(policies).map(
      ([name, sees]) =>
        `create policy ${table}_${name} on ${table} using (${sees}) with check (${sees})`,
    ),
  ]
}
