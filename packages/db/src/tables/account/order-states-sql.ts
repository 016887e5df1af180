const KEY = ['account_id', 'category', 'order_id']

/** What makes a state the newest: the first that differs decides. */
const NEWNESS = [
  (row: string) => `coalesce(${row}.cum_exec_qty, 0)`,
  (row: string) => `order_status_rank(${row}.status)`,
  (row: string) => `${row}.exchange_ts`,
  // When it arrived: by the collector's clock, then by its place in the message.
  (row: string) => `${row}.local_ts`,
]

/** SQL that orders states of an order from the newest on. */
export function newestOrderFirst(row: string): readonly string[] {
  return [...NEWNESS.map((value) => `${value(row)} desc`), `${row}.arrival desc`]
}

/**
 * SQL of a statement that brings `order_states` up to date with new rows of `orders`, called
 * `written`.
 *
 * Only new rows count: a state that is delivered again, by another collector or by REST, is not the
 * newest for having arrived again. What is as new as the stored state was received with it, and came
 * after it, because batches keep the order of arrival.
 */
export function orderStatesSql(columns: readonly string[]): string {
  const stored = [...columns, 'run_id']
  const values = (row: string) => NEWNESS.map((value) => value(row)).join(', ')
  return (
    `insert into order_states as state (${stored.join(', ')}) ` +
    `select distinct on (${KEY.join(', ')}) ${stored.join(', ')} from written ` +
    `order by ${[...KEY, ...newestOrderFirst('written')].join(', ')} ` +
    `on conflict (${KEY.join(', ')}) do update set ` +
    `${stored.map((name) => `${name} = excluded.${name}`).join(', ')} ` +
    `where (${values('excluded')}) >= (${values('state')})`
  )
}
