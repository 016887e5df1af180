const USER = `nullif(current_setting('grid.user_id', true), '')::uuid`
/** An array, so that it is read once a statement and not for every row. */
const ACCOUNTS = `array(select own.account_id from bybit_accounts own where own.user_id = ${USER})`

/** The row security of `streams` and of `coverage_lines` decides which of them are found. */
const OF_STREAM = 'stream_id in (select id from streams)'

type Belonging = 'user' | 'account' | 'account or none' | 'stream' | 'stream, line or none'

const IS_OWN: Readonly<Record<Belonging, string>> = {
  user: `user_id = ${USER}`,
  account: `account_id = any (${ACCOUNTS})`,
  'account or none': `account_id is null or account_id = any (${ACCOUNTS})`,
  stream: OF_STREAM,
  'stream, line or none': `stream_id is null and line_id is null or ${OF_STREAM}
    or line_id in (select id from coverage_lines)`,
}

/**
 * SQL that lets row security show a table's rows to the user that the transaction names
 * (`grid.user_id`), where they belong to that user or its accounts, and to members of `grid_writer`.
 * Every table with a `user_id`, an `account_id` or a
 * `stream_id` needs it.
 */
export function rowSecurity(table: string, belongsTo: Belonging): readonly string[] {
  const policies = { tenant: IS_OWN[belongsTo], ingest: '(select grid_ingests())' }
  return [
    `alter table ${table} enable row level security`,
    ...Object.entries(policies).map(
      ([name, sees]) =>
        `create policy ${table}_${name} on ${table} using (${sees}) with check (${sees})`,
    ),
  ]
}
