import type { AccountBooks, WireRow } from '@grid/bybit-sim'
import type { GridDatabase } from '@grid/db'
import { type Kysely, sql } from 'kysely'
import { Findings } from './findings.ts'

/** An account of ours, and what is true of it at the exchange. */
export interface AccountTruth {
  readonly accountId: string
  readonly books: AccountBooks
}

/** What the comparison of stored accounts with their books found. */
export interface AccountsProof {
  readonly executions: number
  readonly orderStates: number
  readonly missing: number
  readonly unexpected: number
  /** Columns that hold something else than the books. */
  readonly different: number
  /** The first findings, as sentences. */
  readonly samples: readonly string[]
}

type Row = Readonly<Record<string, unknown>>

interface Comparison {
  readonly what: string
  readonly table: keyof GridDatabase
  /** SQL after `where account_id = …`. */
  readonly where?: string
  /** What tells rows apart, by the names of the wire. */
  readonly key: readonly string[]
  /** Compared columns by the names of the wire; default all that the books have. */
  readonly columns?: readonly string[]
  /** Several of the newest rows may be of one instant, and any of them will do. */
  readonly mayTie?: boolean
  /** Columns whose name is not the wire's in snake case. */
  readonly renamed?: Readonly<Record<string, string>>
}

const EXECUTIONS: Comparison = {
  what: 'execution',
  table: 'private_executions',
  key: ['category', 'symbol', 'execId'],
  renamed: { execTime: 'exchange_ts', execPnl: 'closed_pnl' },
}

/** Fields that a message changes, and by which states of one order and instant are told apart. */
const ORDER_STATE = ['orderStatus', 'cancelType', 'rejectReason', 'price', 'qty', 'triggerPrice']
const ORDER_NAMES = { updatedTime: 'exchange_ts', orderStatus: 'status' }

const ORDER_HISTORY: Comparison = {
  what: 'state of order',
  table: 'orders',
  // A row that REST gave beside may word the same state otherwise.
  where: "source = 'ws'",
  key: ['category', 'orderId', 'updatedTime', 'cumExecQty', 'leavesQty', ...ORDER_STATE],
  renamed: ORDER_NAMES,
}

const ORDER_STATES: Comparison = {
  what: 'order',
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
  table: 'position_snapshots',
  where: `(category, symbol, position_idx, exchange_ts, local_ts, seq) in (
    select distinct on (category, symbol, position_idx)
      category, symbol, position_idx, exchange_ts, local_ts, seq
    from position_snapshots newest where newest.account_id = position_snapshots.account_id
    order by category, symbol, position_idx, exchange_ts desc, seq desc, local_ts desc)`,
  mayTie: true,
  key: ['category', 'symbol', 'positionIdx'],
  columns: ['side', 'size', 'entryPrice', 'cumRealisedPnl'],
}

const WALLETS: Comparison = {
  what: 'coin',
  table: 'wallet_snapshots',
  where: `(coin, exchange_ts, local_ts) in (
    select distinct on (coin) coin, exchange_ts, local_ts
    from wallet_snapshots newest where newest.account_id = wallet_snapshots.account_id
    order by coin, exchange_ts desc, local_ts desc)`,
  mayTie: true,
  key: ['coin'],
  columns: ['walletBalance', 'cumRealisedPnl'],
}

/**
 * Compares what is stored of accounts with their books: executions one by one and column by column,
 * every state of every order, and how orders, legs and coins stand in the end.
 *
 * @example
 * const proof = await compareAccounts(db, [{ accountId, books: sim.exchange.books(uid) }])
 */
export async function compareAccounts(
  db: Kysely<GridDatabase>,
  accounts: readonly AccountTruth[],
): Promise<AccountsProof> {
  const findings = new Findings()
  let executions = 0
  let orderStates = 0
  for (const { accountId, books } of accounts) {
    const compare = (rows: readonly WireRow[], comparison: Comparison): Promise<void> =>
      compareRows(db, accountId, rows, comparison, findings)
    const { coin = [] } = books.wallet as { coin?: readonly WireRow[] }
    await compare(books.executions, EXECUTIONS)
    await compare(books.orderHistory, ORDER_HISTORY)
    await compare(books.orders, ORDER_STATES)
    await compare(books.positions, POSITIONS)
    await compare(coin, WALLETS)
    executions += books.executions.length
    orderStates += books.orderHistory.length
  }
  const { missing, unexpected, different, samples } = findings
  return { executions, orderStates, missing, unexpected, different, samples }
}

async function compareRows(
  db: Kysely<GridDatabase>,
  accountId: string,
  rows: readonly WireRow[],
  { what, table, where = 'true', mayTie = false, key, columns, renamed = {} }: Comparison,
  findings: Findings,
): Promise<void> {
  const { rows: stored } = await sql<Row>`select * from ${sql.table(table)}
    where account_id = ${accountId}::uuid and ${sql.raw(where)}`.execute(db)
  const columnOf = (name: string): string => renamed[name] ?? snakeCase(name)
  const keyOf = (text: (name: string) => string): string => key.map(text).join(' ')
  const byKey = new Map<string, Row>()
  for (const row of stored) {
    const id = keyOf((name) => storedText(row[columnOf(name)]))
    if (byKey.has(id) && !mayTie) findings.addUnexpected(`another ${what} ${id}`)
    byKey.set(id, row)
  }
  const found = new Set<string>()
  for (const row of rows) {
    const id = keyOf((name) => wireText(row[name]))
    const match = byKey.get(id)
    const named = `${what} ${id} of account ${accountId}`
    if (match === undefined) {
      findings.addMissing(named)
      continue
    }
    found.add(id)
    for (const name of columns ?? Object.keys(row)) {
      const wanted = wireText(row[name])
      const value = storedText(match[columnOf(name)])
      // A time that is zero says that there is none.
      const isNone = name.endsWith('Time') && wanted === '0' && value === ''
      if (wanted !== value && !isNone) findings.addDifferent(named, name, wanted, value)
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

/** The database keeps digits as they came; only a minus before zero has no meaning. */
function canonical(text: string): string {
  return /^-0(\.0*)?$/.test(text) ? text.slice(1) : text
}
