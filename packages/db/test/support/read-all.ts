import { instrumentFromJson } from '@grid/core-events'
import { type Kysely, sql } from 'kysely'
import {
  type GridDatabase,
  InstrumentRepository,
  inspectDatabase,
  listPartitions,
  listRemovedDays,
  OperatorRepository,
  PublicTradeRepository,
  readMarket,
  TickerSnapshotRepository,
} from '../../src/index.ts'
import { collect, T0, ticker, trade } from './events.ts'
import { fillTenant, KEYS, type Tenant } from './private-events.ts'
import { callsOn } from './tenant-calls.ts'

/** Methods that change something: they are called, and what they give is not compared. */
const CHANGES = /^(set|mark|add|start|finish|heartbeat|closeStale|enable|disable|rotate|remove)/

/** A day that a test may remove. */
const OLD = Date.UTC(2023, 0, 1)
const MARKET = { category: 'linear', from: 0, to: T0 + 1 } as const

/** What a database gives by every method that reads. */
export async function readAll(
  db: Kysely<GridDatabase>,
  tenant: Tenant,
): Promise<ReadonlyMap<string, unknown>> {
  const read = new Map<string, unknown>()
  for (const [repository, methods] of callsOn(db)) {
    for (const [method, call] of Object.entries(methods)) {
      if (CHANGES.test(method)) continue
      const { name } = repository as { readonly name: string }
      read.set(`${name}.${method}`, await call(tenant, tenant))
    }
  }
  const trades = new PublicTradeRepository(db)
  const tickers = new TickerSnapshotRepository(db)
  const operator = new OperatorRepository(db, { keys: KEYS })
  const symbols = ['BTCUSDT']
  const ofOne = { ...MARKET, symbol: 'BTCUSDT' }
  const others: Readonly<Record<string, () => Promise<unknown>>> = {
    'trades.range': () => collect(trades.range(ofOne)),
    'trades.bars': () => collect(trades.bars(ofOne, '1m')),
    'trades.counts': () => collect(trades.counts(ofOne, '1m')),
    'trades.latest': () => trades.latest({ category: 'linear', symbols }),
    'trades.endTimes': () => trades.endTimes({ category: 'linear', symbols }),
    'trades.symbols': () => trades.symbols(MARKET),
    'tickers.range': () => collect(tickers.range(ofOne)),
    'tickers.asOf': () => tickers.asOf({ category: 'linear', symbols, at: T0, maxAgeMs: 1000 }),
    readMarket: () =>
      collect(readMarket(db, { ...MARKET, symbols, channels: ['ticker', 'publicTrade'] })),
    'instruments.asOf': () => new InstrumentRepository(db).asOf(T0),
    'instruments.history': () => new InstrumentRepository(db).history(),
    'instruments.listings': () => new InstrumentRepository(db).listings(),
    'instruments.lastLists': () => new InstrumentRepository(db).lastLists(),
    allEnabledAccounts: () => operator.allEnabledAccounts(),
    getUserByName: () => operator.getUserByName(tenant.name),
    listUsers: () => operator.listUsers(),
    latestRunByType: () => operator.latestRunByType('live'),
    inspectDatabase: () => inspectDatabase(db),
    listPartitions: () => listPartitions(db, { exact: true }),
    listRemovedDays: () => listRemovedDays(db),
    isolation: () => sql`show transaction_isolation`.execute(db),
    isolationOfTransaction: () =>
      db.transaction().execute((trx) => sql`show transaction_isolation`.execute(trx)),
    isolationAsked: () =>
      db
        .transaction()
        .setIsolationLevel('serializable')
        .execute((trx) => sql`show transaction_isolation`.execute(trx)),
    // What a user of the package reads by Kysely itself.
    runs: () => db.selectFrom('runs').selectAll().execute(),
    bytes: () => db.selectFrom('dead_letters').select('raw').execute(),
  }
  for (const [name, call] of Object.entries(others)) read.set(name, await call())
  return read
}

/** Fills a migrated database by every method that changes something. */
export async function fill(db: Kysely<GridDatabase>, name: string): Promise<Tenant> {
  const spare = await fillTenant(db, `${name} spare`)
  for (const [, methods] of callsOn(db)) {
    for (const [method, call] of Object.entries(methods)) {
      if (CHANGES.test(method)) await call(spare, spare)
    }
  }
  const trades = new PublicTradeRepository(db)
  await trades.bulkInsert([trade(), trade({ exchangeTs: T0 - 60_000 }), trade({ exchangeTs: OLD })])
  await new TickerSnapshotRepository(db).bulkInsert([
    ticker(),
    ticker({ seq: 2, extra: { note: 'naïve \\ 日本' } }),
  ])
  const instruments = ['BTCUSDT', name.replaceAll(/\W/g, '')].map((symbol) =>
    instrumentFromJson({ symbol, status: 'Trading', baseCoin: 'BTC', quoteCoin: 'USDT' }),
  )
  await new InstrumentRepository(db).record(
    { category: 'linear', instruments, isComplete: true },
    { exchangeTs: T0, localTsUs: T0 * 1000, collector: 'saver-1' },
  )
  return fillTenant(db, name)
}
