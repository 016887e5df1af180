import { believableSql } from '../../columns/believable-sql.ts'
import { listText, sqlText } from '../../columns/sql-text.ts'

/**
 * SQL terms that make a state the newest: the first that differs decides.
 *
 * Time leads, so that no absurd value of one state holds its place against the later ones: a quantity
 * decides within a millisecond only. A final status comes before all, as an order never leaves it. A time
 * that is ahead of its own receipt is no time of the order, and its receipt counts for it.
 */
function newness(row: string): readonly string[] {
  return [
    `order_status_rank(${row}.status) = ${FINAL_RANK}`,
    believableSql(row),
    `order_status_rank(${row}.status)`,
    `coalesce(${row}.cum_exec_qty, 0)`,
    // Its arrival: the collector's clock, and then its place in the message.
    `${row}.local_ts`,
  ]
}

/** The rank of statuses that nothing follows. */
const FINAL_RANK = '4'

/** SQL terms that order the states of an order, the newest first. */
export function newestOrderFirst(row: string): readonly string[] {
  return [...newness(row), `${row}.arrival`].map((value) => `${value} desc`)
}

/**
 * SQL that brings `order_states` up to date with the rows that were just inserted into `orders`,
 * called `written`.
 *
 * Only new rows count: a state that is delivered again, by another collector or by REST, does not
 * become the newest by its later arrival. A row that is equal to the stored state in all terms arrived
 * with it and after it, because batches keep the order of arrival, so it replaces it.
 */
export function orderStatesSql(columns: readonly string[]): string {
  const stored = [...columns, 'run_id']
  return sqlText`
    insert into order_states as state (
      ${listText(stored)}
    )
    select distinct on (account_id, category, order_id)
      ${listText(stored)}
    from written
    order by account_id, category, order_id,
      ${newestOrderFirst('written').join(', ')}
    on conflict (account_id, category, order_id) do update set
      ${listText(stored.map((name) => `${name} = excluded.${name}`))}
    where (${newness('excluded').join(', ')})
      >= (${newness('state').join(', ')})`
}
