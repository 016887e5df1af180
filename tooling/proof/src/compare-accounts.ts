import type { AccountBooks, WireRow } from '@grid/bybit-sim'
import type { GridDatabase } from '@grid/db'
import { type Kysely, type RawBuilder, sql } from 'kysely'
import { Findings } from './findings.ts'

/** An account in the database, and the truth about it at the exchange. */
export interface AccountTruth {
  readonly accountId: string
  readonly books: AccountBooks
}

/** The result of comparing stored accounts with their books. */
export interface AccountsProof {
  /** Executions in the books. */
  readonly executions: number
  /** States of orders in the books. */
  readonly orderStates: number
  /** Rows of the books that are not stored. */
  readonly missing: number
  /** Stored rows that are not in the books. */
  readonly unexpected: number
  /** Columns that hold something else than the books. */
  readonly different: number
  /** The first findings, as sentences. */
  readonly samples: readonly string[]
}

type Row = Readonly<Record<string, unknown>>

/** How one list of the books compares with a table. Keys and columns have the names of the wire. */
interface Comparison {
  /** What findings call a row. */
  readonly what: string
  readonly rowsOf: (books: AccountBooks) => readonly WireRow[]
  readonly table: keyof GridDatabase
  /** Which of an account's rows to compare. Default: all. */
  readonly where?: (accountId: string) => RawBuilder<unknown>
  /** The columns that identify a row. */
  readonly key: readonly string[]
  /** The columns to compare. Default: all that the books have. */
  readonly columns?: readonly string[]
  /** Whether several of the newest rows may have one time; any of them may then match. */
  readonly mayTie?: boolean
  /**
   * Whether REST may have brought a row first, and may word it differently: its columns are not compared then, and what
   * it brings beside is not unexpected.
   */
  readonly mayComeByRest?: boolean
  /** Columns that a row of REST does not tell. */
  readonly unknownToRest?: readonly string[]
  /** Columns of the table whose name is not that of the wire in snake case. */
  readonly renamed?: Readonly<Record<string, string>>
}

const EXECUTIONS: Comparison = {
  what: 'execution',
  rowsOf: ({ executions }) => executions,
  table: 'private_executions',
  key: ['category', 'symbol', 'execId'],
  renamed: { execTime: 'exchange_ts', execPnl: 'closed_pnl' },
  unknownToRest: ['isLeverage', 'execPnl'],
}

/** The fields that distinguish states of one order with the same time. */
const ORDER_STATE = ['orderStatus', 'cancelType', 'rejectReason', 'price', 'qty', 'triggerPrice']
const ORDER_NAMES = { updatedTime: 'exchange_ts', orderStatus: 'status' }

const ORDER_HISTORY: Comparison = {
  what: 'state of order',
  rowsOf: ({ orderHistory }) => orderHistory,
  table: 'orders',
  mayComeByRest: true,
  key: ['category', 'orderId', 'updatedTime', 'cumExecQty', 'leavesQty', ...ORDER_STATE],
  renamed: ORDER_NAMES,
}

const ORDER_STATES: Comparison = {
  what: 'order',
  rowsOf: ({ orders }) => orders,
  table: 'order_states',
  key: ['category', 'orderId'],
  columns: [
    'symbol',
    'side',
    'cumExecQty',
    'cumExecValue',
    'avgPrice',
    'leavesQty',
    ...ORDER_STATE,
  ],
  renamed: ORDER_NAMES,
}

const POSITIONS: Comparison = {
  what: 'leg',
  rowsOf: ({ positions }) => positions,
  table: 'position_snapshots',
  where: (accountId) => sql`(category, symbol, position_idx, exchange_ts, local_ts, seq) in (
    select distinct on (category, symbol, position_idx)
      category, symbol, position_idx, exchange_ts, local_ts, seq
    from position_snapshots where account_id = ${accountId}::uuid
    order by category, symbol, position_idx, exchange_ts desc, seq desc, local_ts desc)`,
  mayTie: true,
  key: ['category', 'symbol', 'positionIdx'],
  columns: ['side', 'size', 'entryPrice', 'cumRealisedPnl'],
}

const WALLETS: Comparison = {
  what: 'coin',
  rowsOf: ({ wallet }) => (wallet['coin'] ?? []) as readonly WireRow[],
  table: 'wallet_snapshots',
  where: (accountId) => sql`(coin, exchange_ts, local_ts) in (
    select distinct on (coin) coin, exchange_ts, local_ts
    from wallet_snapshots where account_id = ${accountId}::uuid
    order by coin, exchange_ts desc, local_ts desc)`,
  mayTie: true,
  key: ['coin'],
  columns: ['walletBalance', 'cumRealisedPnl'],
}

/** All comparisons of an account. A new private channel adds its line here. */
const COMPARISONS: readonly Comparison[] = [
  EXECUTIONS,
  ORDER_HISTORY,
  ORDER_STATES,
  POSITIONS,
  WALLETS,
]

/** What a comparison of accounts takes for complete. */
export interface AccountsComparison {
  /**
   * Whether nobody may have heard of the state that an order took at a time, in epoch milliseconds. Executions and
   * final states can be read again, so they are always wanted. Default: never.
   */
  readonly isUnheard?: (accountId: string, updatedTime: number) => boolean
}

/**
 * Compares stored accounts with their books: every execution column by column, every state of every
 * order, and the final orders, legs and coins.
 *
 * @example
 * const proof = await compareAccounts(db, [{ accountId, books: sim.exchange.books(uid) }])
 */
export async function compareAccounts(
  db: Kysely<GridDatabase>,
  accounts: readonly AccountTruth[],
  { isUnheard = () => false }: AccountsComparison = {},
): Promise<AccountsProof> {
  const findings = new Findings()
  const mayLack = (accountId: string, { what }: Comparison, row: WireRow): boolean =>
    what === ORDER_HISTORY.what && isUnheard(accountId, Number(row['updatedTime']))
  let executions = 0
  let orderStates = 0
  for (const { accountId, books } of accounts) {
    for (const comparison of COMPARISONS) {
      const rows = comparison.rowsOf(books)
      await compareRows(db, { accountId, rows }, comparison, { findings, mayLack })
    }
    executions += books.executions.length
    orderStates += books.orderHistory.length
  }
  const { missing, unexpected, different, samples } = findings
  return { executions, orderStates, missing, unexpected, different, samples }
}

interface Verdicts {
  readonly findings: Findings
  readonly mayLack: (accountId: string, comparison: Comparison, row: WireRow) => boolean
}

async function compareRows(
  db: Kysely<GridDatabase>,
  { accountId, rows }: { readonly accountId: string; readonly rows: readonly WireRow[] },
  comparison: Comparison,
  { findings, mayLack }: Verdicts,
): Promise<void> {
  const { what, table, where, mayTie = false, key, columns, renamed = {} } = comparison
  const { unknownToRest = [], mayComeByRest = false } = comparison
  const { rows: stored } = await sql<Row>`select * from ${sql.table(table)}
    where account_id = ${accountId}::uuid and ${where?.(accountId) ?? sql`true`}`.execute(db)
  const columnOf = (name: string): string => renamed[name] ?? snakeCase(name)
  const keyOf = (text: (name: string) => string): string => key.map(text).join(' ')
  const byKey = new Map<string, Row>()
  const byRest = new Set<string>()
  for (const row of stored) {
    const id = keyOf((name) => storedText(row[columnOf(name)]))
    if (mayComeByRest && row['source'] === 'rest') {
      byRest.add(id)
      continue
    }
    if (byKey.has(id) && !mayTie) findings.addUnexpected(`another ${what} ${id}`)
    byKey.set(id, row)
  }
  const found = new Set<string>()
  for (const row of rows) {
    const id = keyOf((name) => wireText(row[name]))
    const match = byKey.get(id)
    const named = `${what} ${id} of account ${accountId}`
    if (match === undefined) {
      if (!byRest.has(id) && !mayLack(accountId, comparison, row)) findings.addMissing(named)
      continue
    }
    found.add(id)
    for (const name of columns ?? Object.keys(row)) {
      const wanted = wireText(row[name])
      const value = storedText(match[columnOf(name)])
      // On the wire, a time of zero means that there is none.
      const isNone = name.endsWith('Time') && wanted === '0' && value === ''
      const isUntold = match['source'] === 'rest' && value === '' && unknownToRest.includes(name)
      if (wanted !== value && !isNone && !isUntold)
        findings.addDifferent(named, name, wanted, value)
    }
  }
  for (const id of byKey.keys()) {
    if (!found.has(id)) findings.addUnexpected(`${what} ${id} of account ${accountId}`)
  }
}

/** `positionIMByMp` as `position_im_by_mp`. */
function snakeCase(name: string): string {
  return name
    .replace(/([a-z\d])([A-Z])/g, '$1_$2')
    .replace(/([A-Z])([A-Z][a-z])/g, '$1_$2')
    .toLowerCase()
}

function wireText(value: unknown): string {
  if (value === null || value === undefined) return ''
  return typeof value === 'object' ? JSON.stringify(value) : canonical(String(value))
}

function storedText(value: unknown): string {
  if (value === null || value === undefined) return ''
  if (value instanceof Date) return String(value.getTime())
  return typeof value === 'object' ? JSON.stringify(value) : canonical(String(value))
}

/** The database keeps digits as they came, except for the sign of a negative zero. */
function canonical(text: string): string {
  return /^-0(\.0*)?$/.test(text) ? text.slice(1) : text
}
