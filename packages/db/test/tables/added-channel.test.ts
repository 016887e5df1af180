import type { EventBase, PublicChannel, PublicEvent } from '@grid/core-events'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import {
  CaptureGapRepository,
  ensureUpcomingPartitions,
  findDueDays,
  freezeClosedDays,
  listPartitions,
  listRemovedDays,
  MARKET_TABLES,
  type MarketRepository,
  marketRepository,
  migrate,
  PARTITIONED_TABLES,
  type PartitionedTable,
  pruneDays,
  readMarket,
} from '../../src/index.ts'
import type { DailyTable } from '../../src/tables/shape/event-table.ts'
import { DATABASES, type OpenedDatabase, START_TIMEOUT_MS } from '../support/databases.ts'
import { collect, T0, ticker, trade } from '../support/events.ts'

/** An event of a channel that exists in this test alone. */
interface Ping extends EventBase {
  readonly channel: 'ping'
  readonly pingId: string
  readonly note: string | null
}

vi.mock('../../src/tables/market-tables.ts', async (importOriginal) => {
  const original = await importOriginal<typeof import('../../src/tables/market-tables.ts')>()
  const { compareValues } = await import('../../src/tables/shape/event-table.ts')
  const { PlainLookup } = await import('../../src/tables/shape/plain-lookup.ts')
  const pings: DailyTable<Ping> = {
    channel: 'ping',
    table: 'pings' as PartitionedTable,
    columns: [
      { name: 'category', field: 'category', kind: 'text' },
      { name: 'symbol', field: 'symbol', kind: 'text' },
      { name: 'exchange_ts', field: 'exchangeTs', kind: 'ms' },
      { name: 'ping_id', field: 'pingId', kind: 'text' },
      { name: 'local_ts', field: 'localTsUs', kind: 'us' },
      { name: 'note', field: 'note', kind: 'text' },
      { name: 'source', field: 'source', kind: 'text' },
    ],
    key: ['category', 'symbol', 'exchangeTs', 'pingId'],
    lookup: new PlainLookup(),
    compare: (a, b) =>
      compareValues(a.category, b.category) ||
      compareValues(a.symbol, b.symbol) ||
      a.exchangeTs - b.exchangeTs ||
      compareValues(a.pingId, b.pingId),
    order: ['pings.ping_id'],
    immutable: [{ field: 'note' }],
    grants: { writer: 'select, insert', reader: 'select' },
    // Between trades and tickers.
    rank: 15,
  }
  return { MARKET_TABLES: { ...original.MARKET_TABLES, ping: pings } }
})

const PING = 'ping' as PublicChannel
const PINGS = 'pings' as PartitionedTable
const DAY = 86_400_000

const ping = (overrides: Partial<Ping> = {}): Ping => ({
  channel: 'ping',
  category: 'linear',
  symbol: 'BTCUSDT',
  exchangeTs: T0,
  localTsUs: T0 * 1000,
  source: 'ws',
  pingId: 'p1',
  note: null,
  ...overrides,
})

describe.each(DATABASES)('a channel that is only added to the registry, on %s', (_name, open) => {
  let opened: OpenedDatabase
  let pings: MarketRepository<PublicEvent>
  const insert = (...events: readonly Ping[]) =>
    // Sound: the channel is known in this test alone.
    pings.bulkInsert(events as unknown as readonly PublicEvent[])
  beforeAll(async () => {
    opened = await open()
    // What a migration of its own would do.
    await sql`create table pings (
      category text collate "C" not null, symbol text collate "C" not null,
      exchange_ts timestamptz not null, ping_id text collate "C" not null,
      local_ts timestamptz not null, note text, source text not null,
      primary key (category, symbol, exchange_ts, ping_id)
    ) partition by range (exchange_ts)`.execute(opened.db)
    await migrate(opened.db)
    pings = marketRepository(opened.db, PING)
  }, START_TIMEOUT_MS)
  afterAll(() => opened.close())

  it('is listed with the others', () => {
    expect(Object.keys(MARKET_TABLES)).toContain('ping')
    expect(PARTITIONED_TABLES).toContain('pings')
    expect(pings.columns.map(({ name }) => name)).toContain('ping_id')
  })

  it('is granted to the roles', async () => {
    const { rows } = await sql<{ may: boolean }>`
      select has_table_privilege('grid_writer', 'pings', 'insert')
        and has_table_privilege('grid_reader', 'pings', 'select') as may`.execute(opened.db)
    expect(rows).toEqual([{ may: true }])
  })

  it('gets partitions, and stores each event once', async () => {
    await ensureUpcomingPartitions(opened.db)
    expect(await listPartitions(opened.db, { table: PINGS })).toHaveLength(2)
    const first = ping()
    expect(await insert(first, first, ping({ pingId: 'p2' }))).toMatchObject({
      inserted: 2,
      duplicates: 1,
      conflicts: [],
    })
    const changed = await insert(ping({ note: 'other' }))
    // Unknown before, so not a conflict; a stored row never changes.
    expect(changed).toMatchObject({ inserted: 0, duplicates: 1 })
  })

  it('is read by every method of a repository', async () => {
    const market = { category: 'linear', symbol: 'BTCUSDT', from: T0, to: T0 + 1 } as const
    const ids = (await collect(pings.range(market))).map((event) => event as unknown as Ping)
    expect(ids.map(({ pingId }) => pingId)).toEqual(['p1', 'p2'])
    const latest = await pings.latest({ category: 'linear', symbols: ['BTCUSDT'] })
    expect(latest.get('BTCUSDT')).toEqual(ping({ pingId: 'p2' }))
    expect(await pings.lastTs(market)).toBe(T0)
    expect(await pings.symbols(market)).toEqual(['BTCUSDT'])
    expect(await collect(pings.counts(market))).toMatchObject([{ count: 2 }])
  })

  it('takes its place in the order of a market, by rank', async () => {
    await marketRepository(opened.db, 'ticker').bulkInsert([ticker()])
    await marketRepository(opened.db, 'publicTrade').bulkInsert([trade()])
    const channels: readonly PublicChannel[] = ['ticker', PING, 'publicTrade']
    const symbols = ['BTCUSDT']
    const query = { category: 'linear', symbols, channels, from: T0, to: T0 + 1 } as const
    const order = (await collect(readMarket(opened.db, query))).map(({ channel }) => channel)
    expect(order).toEqual(['publicTrade', 'ping', 'ping', 'ticker'])
  })

  it('is frozen, kept for repairs and removed by day', async () => {
    const day = new Date(T0).toISOString().slice(0, 10)
    const { frozen } = await freezeClosedDays(opened.db, { table: PINGS })
    expect(frozen.map((partition) => partition.day)).toContain(day)
    const policy = { table: PINGS, olderThanMs: DAY }
    const isOld = ({ day: each }: { readonly day: string }) => each === day
    expect((await findDueDays(opened.db, policy)).due.filter(isOld)).toMatchObject([
      { repairOverdue: false },
    ])
    await new CaptureGapRepository(opened.db).insert(
      [
        {
          category: 'linear',
          channel: PING,
          symbol: 'BTCUSDT',
          startTs: T0,
          endTs: T0 + 1,
          reason: 'stale',
        },
      ],
      { collector: 'c' },
    )
    // The gap is the channel's, and its time for repairs is over.
    expect((await findDueDays(opened.db, policy)).due.filter(isOld)).toMatchObject([
      { repairOverdue: true },
    ])
    const { removed } = await pruneDays(opened.db, { ...policy, requestedBy: 'test' })
    expect(removed.filter(isOld)).toMatchObject([{ table: 'pings', rows: 2 }])
    expect(await listRemovedDays(opened.db, { table: PINGS })).not.toEqual([])
  })
})
