import type { PublicTradeEvent } from '@grid/core-events'
import { CompiledQuery, type Kysely, sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  classifyDatabaseError,
  type GridDatabase,
  inspectDatabase,
  migrate,
  PublicTradeRepository,
  readMarket,
} from '../../src/index.ts'
import { partitionName } from '../../src/partitions/partition-day.ts'
import { DATABASES, type OpenedDatabase, START_TIMEOUT_MS } from '../support/databases.ts'
import { collect, decimal, T0, trade } from '../support/events.ts'
import { migrateTo } from '../support/older-schema.ts'

const DAY_MS = 86_400_000
const NOTHING = { inserted: 0, duplicates: 0, merged: 0, conflicts: [] }
/** The version before trades were narrowed. */
const BEFORE = 5

const nameOf = (ms: number): string => partitionName('public_trades', Math.floor(ms / DAY_MS))
const dayText = (ms: number): string => new Date(ms).toISOString().slice(0, 10)

/** Stores trades as that version did, with a column a field. */
async function storeBefore(
  db: Kysely<GridDatabase>,
  events: readonly PublicTradeEvent[],
): Promise<void> {
  for (const day of new Set(events.map(({ exchangeTs }) => Math.floor(exchangeTs / DAY_MS)))) {
    const bounds = [day, day + 1].map((bound) => `('${dayText(bound * DAY_MS)} 00:00:00+00')`)
    const statement = `create table ${partitionName('public_trades', day)} partition of public_trades
      for values from ${bounds.join(' to ')}`
    await db.executeQuery(CompiledQuery.raw(statement))
  }
  await db
    // Sound: the view has the columns that the table had.
    .insertInto('public_trades' as 'public_trades_wide')
    .values(
      events.map((event) => ({
        category: event.category,
        symbol: event.symbol,
        exchange_ts: new Date(event.exchangeTs),
        trade_id: event.tradeId,
        local_ts: instantText(event.localTsUs),
        side: event.side,
        price: event.price,
        size: event.size,
        tick_direction: event.tickDirection,
        is_block_trade: event.isBlockTrade,
        is_rpi_trade: event.isRpiTrade,
        seq: event.seq,
        match_index: event.matchIndex,
        mark_price: event.markPrice,
        index_price: event.indexPrice,
        mark_iv: event.markIv,
        iv: event.iv,
        source: event.source,
      })),
    )
    .execute()
}

function instantText(us: number): string {
  const text = new Date(Math.floor(us / 1000)).toISOString().slice(0, -1)
  return `${text}${String(us % 1000).padStart(3, '0')}Z`
}

const TICK_DIRECTIONS = [
  'PlusTick',
  'ZeroPlusTick',
  'MinusTick',
  'ZeroMinusTick',
  null,
  '',
  'Half"Tick\\{},\'Ü',
]
const MAYBE = [true, false, null]
const unknowns = { tickDirection: null, isBlockTrade: null, isRpiTrade: null }

/** Trades with all values that the columns could have, by time. */
const FULL = [T0, T0 + DAY_MS].flatMap((start) => {
  const flagged = TICK_DIRECTIONS.flatMap((tickDirection) =>
    MAYBE.flatMap((isBlockTrade) =>
      MAYBE.map((isRpiTrade) => trade({ tickDirection, isBlockTrade, isRpiTrade })),
    ),
  )
  const odd: Partial<PublicTradeEvent>[] = [
    { category: 'spot', ...unknowns, seq: -1, matchIndex: -1, source: 'archive' },
    {
      category: 'option',
      symbol: 'BTC-26DEC25-100000-C',
      ...unknowns,
      isBlockTrade: true,
      markPrice: decimal('12345678901234567890.12345678901234567890'),
      indexPrice: decimal('100000.10'),
      markIv: decimal('0.50000'),
      iv: decimal('0'),
    },
    { category: 'option', symbol: 'BTC-26DEC25-100000-C', iv: decimal('-0.000000000000000001') },
    { category: 'inverse', symbol: 'BTCUSD', tradeId: 'b"\\{},', side: 'Ünbekannt' },
  ]
  return [...flagged, ...odd.map((fields) => trade(fields))].map((event, n) => ({
    ...event,
    exchangeTs: start + n,
    localTsUs: (start + n) * 1000 + 999,
  }))
})

describe.each(DATABASES)('narrow trades on %s', { timeout: START_TIMEOUT_MS }, (_name, open) => {
  let opened: OpenedDatabase
  let db: Kysely<GridDatabase>
  let trades: PublicTradeRepository
  beforeAll(async () => {
    opened = await open()
    db = opened.db
    trades = new PublicTradeRepository(db)
    await migrateTo(db, BEFORE)
    await storeBefore(db, FULL)
  }, START_TIMEOUT_MS)
  afterAll(() => opened.close())

  const setLeaving = (name: string, isLeaving: boolean) =>
    db.transaction().execute(async (trx) => {
      await sql`set local allow_system_table_mods = on`.execute(trx)
      await sql`update pg_inherits set inhdetachpending = ${sql.lit(isLeaving)}
        where inhrelid = to_regclass(${name})`.execute(trx)
    })

  it('are refused while a day is being removed, because nobody could tell what is left of it', async () => {
    const name = nameOf(T0 + DAY_MS)
    await setLeaving(name, true)
    await expect(migrate(db)).rejects.toThrow(`partition ${name} is being removed`)
    expect(await inspectDatabase(db)).toMatchObject({ schemaVersion: BEFORE })
    await setLeaving(name, false)
  })

  it('give the trades stored before, and recognise them as duplicates', async () => {
    // Any roles will do that every server has.
    await sql`alter table public_trades owner to pg_database_owner`.execute(db)
    await sql`grant select on public_trades to pg_monitor`.execute(db)
    expect(await migrate(db)).toMatchObject({
      applied: expect.arrayContaining(['0006-narrow-trades']),
    })
    const { rows: kept } = await sql<{ name: string; owner: string; is_granted: boolean }>`
      select relname::text as name, relowner::regrole::text as owner,
        has_table_privilege('pg_monitor', oid, 'select') as is_granted
      from pg_class where relname like 'public_trades%' and relkind in ('r', 'p', 'v')
      order by relname`.execute(db)
    const owner = 'pg_database_owner'
    expect(kept).toEqual([
      { name: 'public_trades', owner, is_granted: true },
      { name: 'public_trades_wide', owner, is_granted: true },
      { name: nameOf(T0), owner, is_granted: false },
      { name: nameOf(T0 + DAY_MS), owner, is_granted: false },
    ])
    for (const { category, symbol } of FULL.slice(-5)) {
      const query = { category, symbol, from: T0, to: T0 + 2 * DAY_MS }
      expect(await collect(trades.range(query))).toEqual(
        FULL.filter((event) => event.category === category && event.symbol === symbol),
      )
    }
    // So few at a time that each is compared.
    for (let start = 0; start < FULL.length; start += 40) {
      const some = FULL.slice(start, start + 40)
      expect(await trades.bulkInsert(some)).toEqual({ ...NOTHING, duplicates: some.length })
    }
    const changed = FULL.slice(0, 3).map((event) => ({ ...event, isRpiTrade: !event.isRpiTrade }))
    expect((await trades.bulkInsert(changed)).conflicts.map(({ field }) => field)).toEqual([
      'isRpiTrade',
      'isRpiTrade',
    ])
    const rows = await sql`select from public_trades`.execute(db)
    expect(rows.rows).toHaveLength(FULL.length)
  })

  it('give trades that are stored now', async () => {
    const now = FULL.map((event) => ({ ...event, exchangeTs: event.exchangeTs + 7 * DAY_MS }))
    expect(await trades.bulkInsert(now)).toEqual({ ...NOTHING, inserted: now.length })
    for (const { category, symbol } of now.slice(-5)) {
      const query = { category, symbol, from: T0 + 7 * DAY_MS, to: T0 + 9 * DAY_MS }
      expect(await collect(trades.range(query))).toEqual(
        now.filter((event) => event.category === category && event.symbol === symbol),
      )
    }
  })

  it('stay apart when two symbols have one hash', async () => {
    const { rows } = await sql<{ a: string; b: string; is_alike: boolean }>`
      select a, b, trade_stream_key('linear', a) = trade_stream_key('linear', b) as is_alike
      from (select min(symbol) as a, max(symbol) as b from
          (select 'C' || n as symbol from generate_series(1, 300000) as n) as tried
        group by hashtext(symbol) having count(*) > 1) as found order by a limit 1`.execute(db)
    const [{ a = '', b = '', is_alike = false } = {}] = rows
    expect(is_alike).toBe(true)
    const start = Date.UTC(2025, 4, 1, 12)
    // Alternately, with more of one at the end, and sometimes both with one id at one instant.
    const batch = Array.from({ length: 120 }, (_, n) => {
      const isOfA = n % 3 > 0 || n > 100
      const price = decimal(`${(isOfA ? 1000 : 5000) + n}`)
      const exchangeTs = start + (n % 5 === 0 ? n * 20 : n * 20 + (isOfA ? 1 : 0))
      return trade({ symbol: isOfA ? 'A' : 'B', tradeId: `t${n}`, price, exchangeTs })
    })
    const shared = [10, 11, 12].flatMap((n) =>
      ['A', 'B'].map((symbol) =>
        trade({ symbol, tradeId: `both${n}`, exchangeTs: start + n, price: decimal(`${n}`) }),
      ),
    )
    const sent = [...batch, ...shared]
    const named = (names: Record<string, string>) =>
      sent.map((event) => ({ ...event, symbol: names[event.symbol] ?? '' }))
    const colliding = named({ A: a, B: b })
    expect(await trades.bulkInsert(colliding)).toEqual({ ...NOTHING, inserted: sent.length })
    // Symbols with hashes of their own, for comparison.
    await trades.bulkInsert(named({ A: 'PLAIN-A', B: 'PLAIN-B' }))
    for (let first = 0; first < sent.length; first += 40) {
      const some = colliding.slice(first, first + 40)
      expect(await trades.bulkInsert(some)).toEqual({ ...NOTHING, duplicates: some.length })
    }

    const readAll = async (symbol: string) => {
      const one = { category: 'linear', symbol } as const
      const many = { category: 'linear', symbols: [symbol, 'NEVER'] } as const
      const query = { ...one, from: start, to: start + DAY_MS / 2 }
      const exists = await Promise.all(
        ['t3', 't4', 'both11', 'none'].map((tradeId) => trades.exists({ ...one, tradeId })),
      )
      const asOf = await Promise.all(
        [start, start + 11, start + 700, start + 701].map((at) => trades.asOf({ ...many, at })),
      )
      const all = [
        await collect(trades.range(query)),
        await collect(trades.range({ ...query, pageSize: 3 })),
        await trades.lastTs(one),
        [...(await trades.endTimes(many)).values()],
        await collect(trades.counts(query, '1s')),
        await collect(trades.bars(query, '1s')),
        [...(await trades.latest(many)).values()],
        asOf.flatMap((found) => [...found.values()]),
        exists,
      ]
      return JSON.parse(JSON.stringify(all).replaceAll(`"${symbol}"`, '"X"'))
    }
    const [ofA, ofB] = [await readAll(a), await readAll(b)]
    expect(ofA).toEqual(await readAll('PLAIN-A'))
    expect(ofB).toEqual(await readAll('PLAIN-B'))
    expect(ofA[0]).toHaveLength(sent.filter(({ symbol }) => symbol === 'A').length)
    expect(ofB[0]).toHaveLength(sent.filter(({ symbol }) => symbol === 'B').length)
    expect([ofA.at(-1), ofB.at(-1)]).toEqual([
      [false, true, true, false],
      [true, false, true, false],
    ])
    const interval = { category: 'linear', from: start, to: start + DAY_MS / 2 } as const
    expect(await trades.symbols(interval)).toEqual([a, b, 'PLAIN-A', 'PLAIN-B'].toSorted())
    const market = readMarket(db, { ...interval, symbols: [a, b], channels: ['publicTrade'] })
    expect(await collect(market)).toHaveLength(sent.length)
    const ofOne = readMarket(db, { ...interval, symbols: [b, 'NEVER'], channels: ['publicTrade'] })
    expect((await collect(ofOne)).map(({ symbol }) => symbol)).toEqual(ofB[0].map(() => b))
  })

  it('stay apart when two categories have a symbol, an id and an instant in common', async () => {
    const twins = (['linear', 'spot', 'inverse', 'option'] as const).map((category, n) =>
      trade({ category, symbol: 'TWIN', price: decimal(`${n + 1}`) }),
    )
    expect(await trades.bulkInsert(twins)).toEqual({ ...NOTHING, inserted: 4 })
    for (const twin of twins) {
      const query = { category: twin.category, symbol: 'TWIN', from: T0, to: T0 + 1 }
      expect(await collect(trades.range(query))).toEqual([twin])
    }
  })

  it('are not written to a day without its unique index', async () => {
    const ms = Date.UTC(2025, 5, 1)
    const name = nameOf(ms)
    const attach = [
      `create table ${name} (like public_trades including all)`,
      `alter table public_trades attach partition ${name}
        for values from ('${dayText(ms)} 00:00:00+00') to ('${dayText(ms + DAY_MS)} 00:00:00+00')`,
    ]
    for (const statement of attach) await db.executeQuery(CompiledQuery.raw(statement))
    const insert = () => trades.bulkInsert([trade({ exchangeTs: ms })])
    await expect(insert()).rejects.toMatchObject({
      code: 'PARTITION_NAME_TAKEN',
      context: { partition: name },
    })
    await db.executeQuery(
      CompiledQuery.raw(`create unique index on ${name} (trade_stream_key(category, symbol),
        trade_second(exchange_ts), trade_id_key(category, symbol, trade_id, exchange_ts))`),
    )
    expect(await insert()).toMatchObject({ inserted: 1 })
    expect(await insert()).toMatchObject({ duplicates: 1 })
  })

  it.each<[string, Record<string, unknown>]>([
    ['details', { markPrice: 'much' }],
    ['details', { iv: 'NaN' }],
    ['details', { tickDirection: 'a\0b' }],
    ['details', { tickDirection: '\ud800' }],
    ['details', { tickDirection: 7 }],
    ['flags', { isBlockTrade: 'yes' }],
    ['flags', { isRpiTrade: 1 }],
    ['category', { category: 'perpetual' }],
  ])('are refused for garbage, naming column %s: %j', async (column, fault) => {
    const [sound, garbage] = [trade({ tradeId: 'sound' }), { ...trade(), ...fault }]
    for (const batch of [[garbage], [sound, garbage], [sound, sound, garbage]]) {
      const error = await trades
        .bulkInsert(batch as PublicTradeEvent[])
        .catch((cause: unknown) => cause)
      expect(error).toMatchObject({ code: 'NOT_ENCODABLE', context: { column } })
      expect(classifyDatabaseError(error)).toBe('poison')
    }
  })

  it('are read in SQL by the index, of one instrument', async () => {
    const start = Date.UTC(2025, 6, 1)
    const batch = Array.from({ length: 6000 }, (_, n) =>
      trade({ symbol: `S${n % 20}`, tradeId: `t${n}`, exchangeTs: start + n * 10_000 }),
    )
    await trades.bulkInsert(batch)
    await sql`analyze public_trades`.execute(db)
    const [from, to] = [start + 3 * 3_600_000, start + 6 * 3_600_000]
    const times = [from, to].map((ms) => `'${new Date(ms).toISOString()}'`).join(', ')
    const idsOf = async (call: string) => {
      const query = `select trade_id from public_trades_of(${call}) order by exchange_ts`
      const { rows } = await db.executeQuery<{ trade_id: string }>(CompiledQuery.raw(query))
      return rows.map(({ trade_id }) => trade_id)
    }
    const ranged = async (interval: { readonly from: number; readonly to: number }) =>
      (await collect(trades.range({ category: 'linear', symbol: 'S7', ...interval }))).map(
        ({ tradeId }) => tradeId,
      )
    const within = await ranged({ from, to })
    expect(within).toHaveLength(54)
    expect(await idsOf(`'linear', 'S7', ${times}`)).toEqual(within)
    const all = await ranged({ from: 0, to: Date.now() })
    expect(all).toHaveLength(300)
    expect(await idsOf("'linear', 'S7'")).toEqual(all)
    expect(await idsOf("'linear', 'S7', to_timestamp(0)")).toEqual(all)
    expect(await idsOf("'linear', 'S7', '-infinity', 'infinity'")).toEqual(all)
    expect(await idsOf("'spot', 'S7'")).toEqual([])
    const { rows } = await db.executeQuery<{ 'QUERY PLAN': string }>(
      CompiledQuery.raw(`explain select * from public_trades_of('linear', 'S7', ${times})
        where price > 5 order by exchange_ts`),
    )
    const plan = rows.map((row) => row['QUERY PLAN']).join('\n')
    expect(plan).toContain(`${nameOf(start)}_key`)
    expect(plan).not.toMatch(/Seq Scan|Function Scan/)
  })
})
