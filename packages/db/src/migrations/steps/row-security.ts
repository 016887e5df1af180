const USER = `nullif(current_setting('grid.user_id', true), '')::uuid`
/** An array, so that it is read once a statement and not for every row. */
const ACCOUNTS = `array(select own.account_id from bybit_accounts own where own.user_id = ${USER})`

const IS_OWN: Readonly<Record<'user' | 'account' | 'account or none', string>> = {
  user: `user_id = ${USER}`,
  account: `account_id = any (${ACCOUNTS})`,
  'account or none': `account_id is null or account_id = any (${ACCOUNTS})`,
}

/**
 * SQL that lets row security show a table's rows to the user that the transaction names
 * (`grid.user_id`), where they belong to that user or its accounts, and to members of `grid_writer`.
 * Every table with a `user_id` or an `account_id` needs it.
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
