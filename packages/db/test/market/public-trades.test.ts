import { clearOfMidnight } from '@grid/testing'
import { CompiledQuery, sql } from 'kysely'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import {
  classifyDatabaseError,
  ensurePartitions,
  migrate,
  PublicTradeRepository,
} from '../../src/index.ts'
import { DATABASES, type OpenedDatabase, START_TIMEOUT_MS } from '../support/databases.ts'
import { collect, decimal, T0, trade } from '../support/events.ts'

describe.each(DATABASES)('public trades on %s', (_name, open) => {
  let opened: OpenedDatabase
  let trades: PublicTradeRepository
  beforeAll(async () => {
    opened = await open()
    await migrate(opened.db)
    trades = new PublicTradeRepository(opened.db)
  }, START_TIMEOUT_MS)
  beforeEach(clearOfMidnight)
  afterAll(() => opened.close())

  const range = (symbol: string, from = T0 - 1000, to = T0 + 1000, pageSize = 1000) =>
    collect(trades.range({ category: 'linear', symbol, from, to, pageSize }))

  it('stores each trade once, however often and by whomever it is sent', async () => {
    const symbol = 'ONCE'
    const batch = Array.from({ length: 40 }, (_, n) => trade({ symbol, tradeId: `t${n % 30}` }))
    expect(await trades.bulkInsert(batch)).toEqual({
      inserted: 30,
      duplicates: 10,
      merged: 0,
      conflicts: [],
    })
    const again = batch.map((event) => ({ ...event, source: 'rest' as const, localTsUs: 1 }))
    expect(await trades.bulkInsert(again)).toEqual({
      inserted: 0,
      duplicates: 40,
      merged: 0,
      conflicts: [],
    })
    expect(await range(symbol)).toHaveLength(30)
  })

  it('does nothing for an empty batch', async () => {
    expect(await trades.bulkInsert([])).toEqual({
      inserted: 0,
      duplicates: 0,
      merged: 0,
      conflicts: [],
    })
  })

  it('stores a batch of more values than the 65,535 parameters of one statement', async () => {
    const symbol = 'LARGE'
    const batch = Array.from({ length: 6000 }, (_, n) => trade({ symbol, tradeId: `t${n}` }))
    expect((await trades.bulkInsert(batch)).inserted).toBe(6000)
    expect(await range(symbol)).toHaveLength(6000)
  })

  it('gives back what was stored: digits, microseconds, nulls and odd texts', async () => {
    const symbol = 'EXACT'
    const sent = [
      trade({ symbol, price: decimal('0.00000010'), localTsUs: T0 * 1000 + 999_999 }),
      trade({ symbol, tradeId: 'b"\\{},', tickDirection: null, isBlockTrade: null, seq: -1 }),
      trade({
        symbol,
        tradeId: 'NULL',
        side: 'Ünbekannt',
        size: decimal('12345678901234567890.1'),
      }),
      trade({ symbol, tradeId: 'max', seq: Number.MAX_SAFE_INTEGER, matchIndex: 2_147_483_647 }),
    ]
    await trades.bulkInsert(sent)
    const key = ({ tradeId }: { tradeId: string }) => tradeId
    const byKey = (list: typeof sent) => list.toSorted((a, b) => (key(a) < key(b) ? -1 : 1))
    expect(byKey(await range(symbol))).toEqual(byKey(sent))
  })

  it('reads in total order, over pages that split one instant, across days', async () => {
    const symbol = 'ORDER'
    const midnight = Date.UTC(2025, 9, 10)
    const sent = [midnight - 1, midnight, midnight + 1].flatMap((exchangeTs) =>
      [9, 10, 100].flatMap((seq) =>
        [2, 10].flatMap((matchIndex) =>
          ['B', 'a'].map((tradeId) =>
            trade({
              symbol,
              exchangeTs,
              seq,
              matchIndex,
              tradeId: `${tradeId}${seq}.${matchIndex}`,
            }),
          ),
        ),
      ),
    )
    await trades.bulkInsert(sent.toReversed())
    for (const pageSize of [1, 5, 36, 1000]) {
      expect(await range(symbol, midnight - 1, midnight + 2, pageSize)).toEqual(sent)
    }
    expect(await range(symbol, midnight, midnight + 1)).toEqual(
      sent.filter((event) => event.exchangeTs === midnight),
    )
    expect(await range(symbol, 0, Number.MAX_SAFE_INTEGER)).toEqual(sent)
  })

  it('tells a conflict from a duplicate', async () => {
    const symbol = 'CONFLICT'
    const stored = ['a', 'b', 'c', 'd', 'e'].map((tradeId) => trade({ symbol, tradeId }))
    await trades.bulkInsert(stored)
    const [same, priced, unknown, recovered, elsewhere] = [
      trade({ symbol, tradeId: 'a', price: decimal('100000.1') }),
      trade({ symbol, tradeId: 'b', price: decimal('100000.2') }),
      trade({ symbol, tradeId: 'c', isBlockTrade: null, isRpiTrade: true }),
      trade({ symbol, tradeId: 'd', seq: -1, matchIndex: -1, source: 'archive' }),
      trade({ symbol, tradeId: 'e', seq: 7, matchIndex: 5 }),
    ]
    const result = await trades.bulkInsert([same, priced, unknown, recovered, elsewhere])
    expect(result).toEqual({
      inserted: 0,
      duplicates: 3,
      merged: 0,
      conflicts: [
        { event: priced, field: 'price', stored: '100000.10', offered: '100000.2' },
        { event: elsewhere, field: 'seq', stored: `${stored[4]?.seq}`, offered: '7' },
      ],
    })
    expect(await range(symbol)).toEqual(stored)
  })

  it('a trade that differs in any value is a conflict, and one that lacks a value is none', async () => {
    const symbol = 'DIFFERING'
    const values = {
      tickDirection: 'PlusTick',
      isBlockTrade: false,
      isRpiTrade: true,
      markPrice: decimal('1'),
      indexPrice: decimal('2'),
      markIv: decimal('3'),
      iv: decimal('4'),
    } as const
    const stored = trade({ symbol, category: 'option', ...values })
    await trades.bulkInsert([stored])
    for (const [field, value] of Object.entries(values)) {
      const other = value === 'PlusTick' ? 'MinusTick' : typeof value === 'boolean' ? !value : '9'
      const { conflicts } = await trades.bulkInsert([{ ...stored, [field]: other }])
      expect(conflicts.map((conflict) => conflict.field)).toEqual([field])
      const lacking = { ...stored, source: 'rest' as const, [field]: null }
      expect(await trades.bulkInsert([lacking])).toMatchObject({ duplicates: 1, conflicts: [] })
    }
  })

  it('finds a conflict within one batch, and one among many new rows', async () => {
    const symbol = 'WITHIN'
    const batch = Array.from({ length: 500 }, (_, n) => trade({ symbol, tradeId: `t${n}` }))
    const twin = trade({ symbol, tradeId: 't7', size: decimal('9') })
    const first = await trades.bulkInsert([...batch, twin])
    expect(first.inserted).toBe(500)
    expect(first.conflicts.map(({ event }) => event)).toEqual([twin])
    const next = batch.map((event) => ({ ...event, tradeId: `n${event.tradeId}` }))
    const second = await trades.bulkInsert([...next, twin])
    expect(second).toMatchObject({ inserted: 500, duplicates: 0 })
    expect(second.conflicts.map(({ field }) => field)).toEqual(['size'])
  })

  it('finds every conflict among any number of duplicates', async () => {
    const symbol = 'MANY'
    const batch = Array.from({ length: 999 }, (_, n) => trade({ symbol, tradeId: `t${n}` }))
    await trades.bulkInsert(batch)
    const isWrong = (n: number): boolean => n % 20 === 7
    const offered = batch.map((event, n) =>
      isWrong(n) ? { ...event, price: decimal('100000.2') } : event,
    )
    const { inserted, duplicates, conflicts } = await trades.bulkInsert(offered)
    expect([inserted, duplicates]).toEqual([0, 949])
    expect(new Set(conflicts.map(({ event }) => event))).toEqual(
      new Set(offered.filter((_, n) => isWrong(n))),
    )
  })

  it('throws when a trigger swallowed or changed a row, and does not count it as a duplicate', async () => {
    const rule = async (statement: string) => {
      const body = `create or replace function meddle() returns trigger language plpgsql
        as $$ begin ${statement} return new; end $$`
      await opened.db.executeQuery(CompiledQuery.raw(body))
    }
    const symbol = 'MEDDLED'
    const events = ['a', 'b', 'c'].map((tradeId) => trade({ symbol, tradeId }))
    await rule("if new.trade_id = 'b' then return null; end if;")
    await sql`create trigger meddle before insert on public_trades for each row
      when (new.symbol = ${sql.lit(symbol)}) execute function meddle()`.execute(opened.db)
    const swallowed = await trades.bulkInsert(events).catch((error: unknown) => error)
    expect(swallowed).toMatchObject({
      code: 'ROW_SWALLOWED',
      message: expect.stringContaining('tradeId b'),
    })
    expect(classifyDatabaseError(swallowed)).toBe('poison')
    await rule('new.price := new.price + 1;')
    const more = ['d', 'e'].map((tradeId) => trade({ symbol, tradeId }))
    await expect(trades.bulkInsert([...events, ...more])).rejects.toMatchObject({
      code: 'COUNTS_DISAGREE',
    })
    await sql`drop trigger meddle on public_trades`.execute(opened.db)
    expect(await trades.bulkInsert(events)).toMatchObject({ inserted: 0, duplicates: 2 })
  })

  it('refuses an absurd time with its own code, and makes no partition for it', async () => {
    const day = 86_400_000
    for (const exchangeTs of [
      Date.UTC(2018, 11, 31, 23),
      Date.now() + 2 * day,
      8.64e15 + 1,
      5e15,
    ]) {
      await expect(trades.bulkInsert([trade({ exchangeTs })])).rejects.toMatchObject({
        code: 'TIME_OUT_OF_RANGE',
        message: expect.stringContaining(String(exchangeTs)),
      })
    }
    const tomorrow = Date.now() + day
    await ensurePartitions(opened.db, 'public_trades', [tomorrow])
    expect(await ensurePartitions(opened.db, 'public_trades', [tomorrow])).toBe(0)
  })

  it('takes part in a transaction, partitions included, and leaves nothing after a rollback', async () => {
    const symbol = 'ROLLBACK'
    const exchangeTs = Date.UTC(2024, 1, 29)
    const event = trade({ symbol, exchangeTs })
    const insertAnd = (finish: () => void) =>
      opened.db.transaction().execute(async (trx) => {
        const result = await new PublicTradeRepository(trx).bulkInsert([event])
        expect(result).toMatchObject({ inserted: 1 })
        finish()
      })
    const fail = () => {
      throw new Error('rolled back')
    }
    await expect(insertAnd(fail)).rejects.toThrow('rolled back')
    expect(await range(symbol, exchangeTs, exchangeTs + 1)).toEqual([])
    await insertAnd(() => {})
    expect(await range(symbol, exchangeTs, exchangeTs + 1)).toEqual([event])
  })

  it('makes a dropped partition again', async () => {
    const symbol = 'DROPPED'
    const event = trade({ symbol, exchangeTs: Date.UTC(2023, 0, 1) })
    const drop = () => opened.db.schema.dropTable('public_trades_y2023m01d01').execute()
    await trades.bulkInsert([event])
    await drop()
    expect(await trades.bulkInsert([event])).toMatchObject({ inserted: 1 })
    await drop()
    const inTransaction = () =>
      opened.db.transaction().execute((trx) => new PublicTradeRepository(trx).bulkInsert([event]))
    await expect(inTransaction()).rejects.toMatchObject({
      code: 'PARTITION_MISSING',
      retryable: true,
    })
    expect(await inTransaction()).toMatchObject({ inserted: 1 })
  })

  it('gives the newest time of each instrument of a category, however old', async () => {
    const today = Date.now()
    const localTsUs = today * 1000
    const times = { NEW: today, OLD: Date.UTC(2019, 0, 1), AMID: Date.UTC(2024, 6, 1) }
    const events = Object.entries(times).flatMap(([symbol, exchangeTs]) => [
      trade({ symbol, localTsUs, exchangeTs }),
      trade({ symbol, localTsUs, exchangeTs: Math.max(exchangeTs - 500 * 86_400_000, times.OLD) }),
      trade({ symbol, localTsUs, exchangeTs: today + 1, category: 'inverse' }),
    ])
    await trades.bulkInsert(events)
    const symbols = ['NEVER', 'a"\\{},', 'NEW', 'OLD', 'AMID', 'NEW']
    const last = await trades.lastTsBySymbol({ category: 'linear', symbols })
    expect(Object.fromEntries(last)).toEqual(times)
    expect(await trades.lastTsBySymbol({ category: 'linear', symbols: [] })).toEqual(new Map())
    expect(await trades.lastTs({ category: 'linear', symbol: 'OLD' })).toBe(times.OLD)
    expect(await trades.lastTs({ category: 'linear', symbol: 'NEVER' })).toBeNull()
  })

  it('stops reading when aborted', async () => {
    const symbol = 'ABORT'
    await trades.bulkInsert(['a', 'b', 'c'].map((tradeId) => trade({ symbol, tradeId })))
    const controller = new AbortController()
    const seen: string[] = []
    const reading = (async () => {
      const query = { category: 'linear', symbol, from: T0, to: T0 + 1 } as const
      for await (const event of trades.range({ ...query, signal: controller.signal })) {
        seen.push(event.tradeId)
        controller.abort(new Error('enough'))
      }
    })()
    await expect(reading).rejects.toThrow('enough')
    expect(seen).toEqual(['a'])
  })
})
