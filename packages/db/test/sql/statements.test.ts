import type { DeadLetter } from '@grid/core-events'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { readAccountRange } from '../../src/account-events/account-range.ts'
import {
  CaptureGapRepository,
  CollectorRepository,
  coverage,
  DeadLetterRepository,
  ExecutionRepository,
  ensurePartitions,
  JournalPositionRepository,
  keepCoverageDays,
  LineRepository,
  LossRepository,
  marketRepository,
  migrate,
  OperatorRepository,
  OrderRepository,
  PositionSnapshotRepository,
  PublicTradeRepository,
  percent,
  readMarket,
  SpanRepository,
  WalletSnapshotRepository,
  WantedRepository,
} from '../../src/index.ts'
import { bulkInsert } from '../../src/insert/bulk-insert.ts'
import { ACCOUNT_TABLES } from '../../src/tables/account-tables.ts'
import { DAILY_TABLES } from '../../src/tables/daily-tables.ts'
import type { EventTable, StoredRow } from '../../src/tables/shape/event-table.ts'
import { START_TIMEOUT_MS } from '../support/databases.ts'
import { collect, T0 } from '../support/events.ts'
import { fillTenant, type Tenant } from '../support/private-events.ts'
import { openPlanned, type PlannedDatabase } from '../support/query-plans.ts'
import { sampleRow } from '../support/sample-rows.ts'

// The statements that are generated from descriptors, as PostgreSQL was sent them: kept to be read, to
// be pasted into psql, and so that a change of one shows in the change that made it.

const ONE = { category: 'linear', symbol: 'BTCUSDT' } as const
const MANY = { category: 'linear', symbols: ['BTCUSDT', 'ETHUSDT'] } as const
const INTERVAL = { from: T0, to: T0 + 1 }
const LETTER: DeadLetter = {
  code: 'ITEM_MALFORMED',
  reason: 'price is empty',
  field: 'p',
  ...ONE,
  channel: 'publicTrade',
  topic: 'publicTrade.BTCUSDT',
  source: 'ws',
  localTsUs: T0 * 1000,
  raw: new Uint8Array([7]),
}
const PARAMETERS = {
  arrays: 'one array a column, in the order of the columns',
  conflicts: 'one array a column; then the first and the last exchange time',
  symbol: '$1 category, $2 symbol, $3 from, $4 to',
  symbols: '$1 category, $2 symbols, $3 from, $4 to',
  bins: '$1 category, $2 symbol, $3 from, $4 to, $5 length of a bin',
}

let planned: PlannedDatabase
let tenant: Tenant
beforeAll(async () => {
  planned = await openPlanned(/./s)
  await migrate(planned.db)
  tenant = await fillTenant(planned.db, 'alice')
}, START_TIMEOUT_MS)
afterAll(() => planned.close())

/** Compares the statements that a call sends and that match a pattern with those of a file. */
async function expectSent(
  file: string,
  parameters: string,
  call: () => Promise<unknown>,
  pattern: RegExp,
): Promise<void> {
  planned.take()
  await call()
  const texts = planned.take().map(({ sql }) => sql)
  const sent = [...new Set(texts.filter((text) => pattern.test(text)))]
  expect(sent, file).not.toEqual([])
  const text = sent.map((statement) => `${statement};\n`).join('\n')
  await expect(`-- ${parameters}\n${text}`).toMatchFileSnapshot(`./${file}.sql`)
}

const tables = <Table extends { readonly table: string }>(list: readonly Table[]) =>
  list.map((target): [string, Table] => [target.table, target])

it.each(tables(DAILY_TABLES))('%s: partitions, insert and reads', async (table, target) => {
  const { db } = planned
  // Sound: the rows are made from the descriptor.
  const anyTarget = target as unknown as EventTable<StoredRow>
  const rows = [T0, T0 + 1].map((exchangeTs) => sampleRow(anyTarget, { exchangeTs }))
  const events = marketRepository(db, target.channel)
  const keep = (
    name: string,
    parameters: string,
    call: () => Promise<unknown>,
    pattern: RegExp = new RegExp(`^select .*from ${table}`, 's'),
  ) => expectSent(`${table}/${name}`, parameters, call, pattern)
  await keep(
    'partition',
    'no parameters',
    () => ensurePartitions(db, target.table, [T0]),
    /^(create|alter)/,
  )
  const insert = () => bulkInsert(db, anyTarget, rows)
  await keep('insert', PARAMETERS.arrays, insert, /^insert/)
  await keep('conflicts', PARAMETERS.conflicts, insert, /as is_missing/)
  await keep('range', `${PARAMETERS.symbol}, $5 most rows`, () =>
    collect(events.range({ ...ONE, ...INTERVAL })),
  )
  await keep('range-of-many', `${PARAMETERS.symbols}, $5 most rows`, () =>
    collect(readMarket(db, { ...MANY, channels: [target.channel], ...INTERVAL })),
  )
  await keep('newest', PARAMETERS.symbols, () => events.latest(MANY))
  await keep('end-times', PARAMETERS.symbols, () => events.endTimes(MANY))
  await keep(
    'symbols',
    '$1 category, $2 from, $3 to',
    () => events.symbols({ category: 'linear', ...INTERVAL }),
    /^(select distinct|with recursive)/,
  )
  await keep('counts', PARAMETERS.bins, () => collect(events.counts({ ...ONE, ...INTERVAL })))
})

it('public_trades: bars, and the search for an id', async () => {
  const trades = new PublicTradeRepository(planned.db)
  const isOfTrades = /^select .*from public_trades/s
  await expectSent(
    'public_trades/bars',
    PARAMETERS.bins,
    () => collect(trades.bars({ ...ONE, ...INTERVAL }, '1m')),
    isOfTrades,
  )
  await expectSent(
    'public_trades/exists',
    `${PARAMETERS.symbol}, $5 trade id`,
    () => trades.exists({ ...ONE, tradeId: 't', ...INTERVAL }),
    isOfTrades,
  )
})

it.each(tables(Object.values(ACCOUNT_TABLES)))('%s: insert and range', async (table, target) => {
  const { accountId } = tenant
  // Sound: the rows are made from the descriptor.
  const anyTarget = target as unknown as EventTable<StoredRow>
  const rows = [T0, T0 + 1].map((exchangeTs) =>
    sampleRow(anyTarget, { accountId, exchangeTs, execId: String(exchangeTs) }),
  )
  const insert = () => bulkInsert(planned.db, anyTarget, rows)
  await expectSent(`${table}/insert`, PARAMETERS.arrays, insert, /insert into/)
  await expectSent(`${table}/conflicts`, PARAMETERS.arrays, insert, /as is_missing/)
  const conditions = [{ column: 'account_id', type: 'uuid', value: accountId } as const]
  await expectSent(
    `${table}/range`,
    '$1 user, $2 account, $3 from, $4 to',
    () => collect(readAccountRange(planned.db, anyTarget, tenant, conditions, INTERVAL)),
    /^select/,
  )
})

it('the other reads of account tables', async () => {
  const { db } = planned
  const { accountId, runId } = tenant
  const executions = new ExecutionRepository(db)
  await expectSent(
    'private_executions/exists',
    '$1 user, $2 account, $3 id of the execution',
    () => executions.exists(tenant, { accountId, execId: 'e1' }),
    /./,
  )
  await expectSent(
    'private_executions/of-order-link',
    "$1 user, $2 run, $3 the client's id of the order",
    () => executions.listByOrderLinkId(tenant, { runId, orderLinkId: 'link' }),
    /./,
  )
  const orders = new OrderRepository(db)
  await expectSent(
    'orders/active-at',
    '$1 user, $2 run, $3 account, $4 symbol, $5 time',
    () => orders.activeAt(tenant, { runId, accountId, symbol: 'BTCUSDT', at: T0 }),
    /./,
  )
  await expectSent(
    'order_states/open',
    '$1 user, $2 account',
    () => orders.listOpen(tenant, { accountId }),
    /./,
  )
  await expectSent(
    'position_snapshots/newest',
    '$1 user, $2 symbol, $3 time, $4 account',
    () =>
      new PositionSnapshotRepository(db).latest(tenant, { accountId, symbol: 'BTCUSDT', at: T0 }),
    /./,
  )
  await expectSent(
    'wallet_snapshots/newest',
    '$1 user, $2 coin, $3 account',
    () => new WalletSnapshotRepository(db).latest(tenant, { accountId, coin: 'USDT' }),
    /./,
  )
  await expectSent(
    'attribution',
    '$1 since',
    () => new OperatorRepository(db).attributeEvents({ since: T0 }),
    /^update/,
  )
})

it('gaps and dead letters', async () => {
  const gaps = new CaptureGapRepository(planned.db)
  const gap = { ...ONE, channel: 'ticker', startTs: T0, endTs: T0, reason: 'stale' } as const
  const insertGap = () => gaps.insert([gap], { collector: 'c' })
  await expectSent('capture_gaps/insert', PARAMETERS.arrays, insertGap, /./)
  await expectSent(
    'capture_gaps/list',
    '$1 states, $2 account, $3 from, $4 to, $5 to $8 stream: each may be null; $9 user',
    () => gaps.list({ of: tenant }),
    /./,
  )
  const fill = () => gaps.fill(tenant.accountId, { startTs: T0, endTs: T0 })
  await expectSent('capture_gaps/fill', '$1 gap, $2 start, $3 end, exclusive', fill, /./)
  const letters = new DeadLetterRepository(planned.db)
  const insertLetter = () => letters.bulkInsert([LETTER])
  await expectSent('dead_letters/insert', PARAMETERS.arrays, insertLetter, /./)
  await expectSent(
    'dead_letters/list',
    '$1 the id before the first, $2 most rows, $3 to $8 conditions: each may be null; $9 user',
    () => letters.list({ of: tenant }),
    /./,
  )
  await expectSent('dead_letters/retried', '$1 ids', () => letters.markRetried(tenant, ['1']), /./)
  const reasons = new Map([['1', 'price is empty']])
  await expectSent(
    'dead_letters/left',
    '$1 ids, $2 reasons',
    () => letters.setReasons(tenant, reasons),
    /./,
  )
})

it('positions of journals', async () => {
  const { db } = planned
  const positions = new JournalPositionRepository(db)
  const owner = { collector: 'c', journalId: tenant.accountId }
  const move = (from: number | null) =>
    positions.move(db, { ...owner, channel: 'ticker', from, to: 1 })
  await expectSent(
    'journal_positions/read',
    '$1 collector, $2 journal',
    () => positions.read(owner),
    /./,
  )
  const names = '$1 collector, $2 channel, $3 journal'
  const until = 'stored until, which may be null'
  await expectSent('journal_positions/begin', `${names}, $4 to, $5 ${until}`, () => move(null), /./)
  await expectSent(
    'journal_positions/move',
    `${names}, $4 from, $5 to, $6 ${until}`,
    () => move(0),
    /./,
  )
})

it('the ledger of what is covered', async () => {
  const { db } = planned
  const stream = { ...ONE, channel: 'ticker' } as const
  const keep = (name: string, parameters: string, call: () => Promise<unknown>) =>
    expectSent(`coverage/${name}`, parameters, call, /./)
  const owner = { collector: 'c', journalId: tenant.accountId }
  const collectors = new CollectorRepository(db)
  const collectorId = await collectors.register(owner)
  await keep('register', '$1 name, $2 journal', () => collectors.register(owner))
  const wanted = new WantedRepository(db)
  const span = { stream, from: T0, to: T0 + 1 }
  const rows = '$1 rows as JSON'
  await keep('want', `${rows}, $2 collector`, () => wanted.begin('c', [span]))
  await keep('want-no-more', `${rows}, $2 collector`, () => wanted.end('c', [span]))
  await keep('wanted', '$1 collector', () => wanted.list('c'))
  await keep('retire', '$1 collector, $2 time', () => collectors.retire({ collector: 'c', to: T0 }))
  const lines = new LineRepository(db)
  const opening = { collectorId, position: 1, openedAt: T0 }
  const { lineId, slot } = await lines.open(opening)
  await keep('open-line', '$1 collector, $2 position, $3 time, $4 account or null', () =>
    lines.open(opening),
  )
  await keep('open-lines', '$1 collector', () => lines.listOpen(collectorId))
  await keep(
    'beat',
    'first, of quiet lines only: $1 lines, $2 times; then: $1 collector, $2 time, $3 hundredths of a second by slot',
    () => lines.beat({ collectorId, at: T0 + 400_000, lines: [{ lineId, slot, until: T0 }] }),
  )
  const spans = new SpanRepository(db)
  await keep('claim', `${rows}, $2 line`, () => spans.claim(lineId, [span]))
  await keep('end-claim', `${rows}, $2 line`, () => spans.end(lineId, [span]))
  await keep('begin-proof', 'no parameters', () => spans.beginProof())
  await keep('prove', `${rows}, $2 number, $3 evidence`, () =>
    spans.prove({ id: '1', evidence: 'archive', spans: [span] }),
  )
  const losses = new LossRepository(db)
  const loss = { ...span, collectorId, position: 1, reason: 'dead_letter' }
  await keep('add-loss', rows, () => losses.add([loss]))
  await keep('end-loss', '$1 collector, $2 position, $3 time', () =>
    losses.end({ collectorId, position: 1, to: T0 }),
  )
  await keep('end-line', '$1 line, $2 time, $3 cause', () =>
    lines.end({ lineId, until: T0, cause: 'closed' }),
  )
  await keep('coverage', '$1 to $5 stream, $6 from, $7 to; $8 user', () =>
    coverage(db, { ...span, of: tenant }),
  )
  await keep('percent', '$1 first day, $2 last day; $3 user', () =>
    percent(db, { day: '2025-10-09', of: tenant }),
  )
  await keep('keep-days', 'first: $1 most days; then of each: $1 day', () =>
    keepCoverageDays(db, { limit: 1 }),
  )
})
