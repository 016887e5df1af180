import { randomUUID } from 'node:crypto'
import { type Kysely, sql } from 'kysely'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import {
  AccountTransactionRepository,
  type BulkInsertResult,
  ExecutionRepository,
  type GridDatabase,
  JournalPositionRepository,
  migrate,
  OrderRepository,
  PositionSnapshotRepository,
  PublicTradeRepository,
  TickerSnapshotRepository,
  WalletSnapshotRepository,
} from '../../src/index.ts'
import { DATABASES, type OpenedDatabase, START_TIMEOUT_MS } from '../support/databases.ts'
import { collect, decimal, T0, ticker, trade } from '../support/events.ts'
import {
  addTenant,
  execution,
  order,
  position,
  transaction,
  wallet,
} from '../support/private-events.ts'

/** An event of each table, its repository, and a change that makes it conflict with itself. */
interface Case {
  readonly table: keyof GridDatabase
  readonly store: (
    events: readonly object[],
    beside: (trx: Kysely<GridDatabase>, result: BulkInsertResult<unknown>) => Promise<void>,
  ) => Promise<BulkInsertResult<unknown>>
  readonly event: object
  readonly conflict: object
}

interface Storing<Event> {
  bulkInsert(
    events: readonly Event[],
    options: {
      beside: (trx: Kysely<GridDatabase>, result: BulkInsertResult<Event>) => Promise<void>
    },
  ): Promise<BulkInsertResult<Event>>
}

function caseOf<Event extends object>(
  table: keyof GridDatabase,
  repository: Storing<Event>,
  event: Event,
  changes: Partial<Event>,
): Case {
  return {
    table,
    store: (events, beside) => repository.bulkInsert(events as Event[], { beside }),
    event,
    conflict: { ...event, ...changes },
  }
}

describe.each(DATABASES)('beside a batch on %s', { timeout: START_TIMEOUT_MS }, (_name, open) => {
  let opened: OpenedDatabase
  let db: Kysely<GridDatabase>
  let cases: readonly Case[]
  let collector = 0
  beforeAll(async () => {
    opened = await open()
    db = opened.db
    await migrate(db)
    const { accountId } = await addTenant(db, 'alice')
    cases = [
      caseOf('public_trades', new PublicTradeRepository(db), trade(), { price: decimal('1') }),
      caseOf('ticker_snapshots', new TickerSnapshotRepository(db), ticker(), {
        markPrice: decimal('1'),
      }),
      caseOf('private_executions', new ExecutionRepository(db), execution({ accountId }), {
        execPrice: decimal('1'),
      }),
      caseOf('orders', new OrderRepository(db), order({ accountId }), { side: 'Sell' }),
      caseOf('position_snapshots', new PositionSnapshotRepository(db), position({ accountId }), {
        symbol: 'BTCUSDT',
      }),
      caseOf('wallet_snapshots', new WalletSnapshotRepository(db), wallet({ accountId }), {
        coin: 'USDT',
      }),
      caseOf(
        'account_transactions',
        new AccountTransactionRepository(db),
        transaction({ accountId }),
        {
          change: decimal('1'),
        },
      ),
    ]
  }, START_TIMEOUT_MS)
  afterAll(() => opened.close())

  let positions: JournalPositionRepository
  let owner: { readonly collector: string; readonly journalId: string; readonly channel: string }
  beforeEach(() => {
    positions = new JournalPositionRepository(db)
    owner = { collector: `c${++collector}`, journalId: randomUUID(), channel: 'any' }
  })
  const countOf = async (table: string): Promise<number> => {
    const { rows } = await sql<{ rows: number }>`
      select count(*)::integer as rows from ${sql.table(table)}`.execute(db)
    return rows[0]?.rows ?? -1
  }
  const storedPosition = async () => (await positions.read(owner)).get('any') ?? null

  it('work of the caller is committed with the rows of every repository, or undone with them', async () => {
    for (const { table, store, event } of cases) {
      const before = await countOf(table)
      const at = await storedPosition()
      const to = (at ?? 0) + 1
      const undone = store([event], async (trx, result) => {
        expect(result, table).toMatchObject({ inserted: 1 })
        expect(await positions.move(trx, { ...owner, from: at, to })).toBe(true)
        throw new Error('elsewhere')
      })
      await expect(undone).rejects.toThrow('elsewhere')
      expect(await countOf(table), table).toBe(before)
      expect(await storedPosition(), table).toBe(at)

      let told: unknown
      const result = await store([event], async (trx, outcome) => {
        told = outcome
        await positions.move(trx, { ...owner, from: at, to })
      })
      expect(result, table).toMatchObject({ inserted: 1, duplicates: 0, conflicts: [] })
      expect(told, table).toEqual(result)
      expect(await countOf(table), table).toBe(before + 1)
      expect(await storedPosition(), table).toBe(to)
    }
  })

  it('it learns what became of the batch, and runs also for an empty one', async () => {
    for (const { table, store, event, conflict } of cases) {
      await store([event], async () => {})
      const told: unknown[] = []
      const tell = async (_trx: unknown, outcome: unknown) => {
        told.push(outcome)
      }
      const results = [
        await store([event, event], tell),
        await store([conflict, event], tell),
        await store([], tell),
      ]
      expect(told, table).toEqual(results)
      expect(results[0], table).toMatchObject({ inserted: 0, duplicates: 2, conflicts: [] })
      expect(results[2], table).toEqual({ inserted: 0, duplicates: 0, merged: 0, conflicts: [] })
      const [found] = results[1]?.conflicts ?? []
      // Some events hold nothing outside their identity that must agree.
      if (found !== undefined) expect(found.event, table).toBe(conflict)
    }
  })

  it('tickers stay narrow from batch to batch', async () => {
    const symbol = 'NARROW'
    const tickers = new TickerSnapshotRepository(db)
    const sent = tickersOf(symbol)
    for (const [to, event] of sent.entries()) {
      const from = to === 0 ? null : to - 1
      await tickers.bulkInsert([event], {
        beside: async (trx) => {
          expect(await positions.move(trx, { ...owner, from, to })).toBe(true)
        },
      })
    }
    expect(await formsOf(symbol)).toBe('01111111')
    expect(await readBack(symbol)).toEqual(sent)
    // In a transaction of the caller they cannot be.
    const other = 'WHOLE'
    for (const event of tickersOf(other)) {
      await db.transaction().execute((trx) => new TickerSnapshotRepository(trx).bulkInsert([event]))
    }
    expect(await formsOf(other)).toBe('00000000')
  })

  it('what is undone is not remembered, in whichever way the work fails', async () => {
    const symbol = 'UNDONE'
    const tickers = new TickerSnapshotRepository(db)
    const sent = tickersOf(symbol)
    const [first, second, third, ...rest] = sent.map((event) => [event])
    await tickers.bulkInsert(first ?? [], { beside: async () => {} })
    const thrown = tickers.bulkInsert(second ?? [], {
      beside: async () => {
        throw new Error('undone')
      },
    })
    await expect(thrown).rejects.toThrow('undone')
    const refused = tickers.bulkInsert(second ?? [], {
      beside: async (trx) => {
        await sql`insert into grid_meta (schema_version, min_reader, min_writer) values (0, 0, 0)`.execute(
          trx,
        )
      },
    })
    await expect(refused).rejects.toMatchObject({ code: '23505' })
    // Refused at the commit only, when the rows were sent and the work was done.
    await sql`create table late (id integer unique deferrable initially deferred)`.execute(db)
    const late = tickers.bulkInsert(second ?? [], {
      beside: async (trx) => {
        await sql`insert into late values (1), (1)`.execute(trx)
      },
    })
    await expect(late).rejects.toMatchObject({ code: '23505' })
    await sql`drop table late`.execute(db)
    await tickers.bulkInsert(third ?? [], { beside: async () => {} })
    for (const events of rest) await tickers.bulkInsert(events, { beside: async () => {} })
    // Built on the first, the third would read with the second's values.
    expect(await readBack(symbol)).toEqual(sent.filter((_, place) => place !== 1))
    expect(await formsOf(symbol)).toBe('0011111')
  })

  it('a partition that vanished is made again, and the work runs once', async () => {
    const exchangeTs = Date.UTC(2022, 0, 1)
    const trades = new PublicTradeRepository(db)
    const event = trade({ symbol: 'DROPPED', exchangeTs })
    await trades.bulkInsert([event])
    await db.schema.dropTable('public_trades_y2022m01d01').execute()
    let runs = 0
    const result = await trades.bulkInsert([event], {
      beside: async () => {
        runs += 1
      },
    })
    expect(result).toMatchObject({ inserted: 1 })
    expect(runs).toBe(1)
  })

  it('within a transaction of the caller it is a part of that', async () => {
    const symbol = 'WITHIN'
    const undone = db.transaction().execute(async (trx) => {
      await new PublicTradeRepository(trx).bulkInsert([trade({ symbol })], {
        beside: async (same) => {
          expect(same).toBe(trx)
          await positions.move(same, { ...owner, from: null, to: 1 })
        },
      })
      throw new Error('undone')
    })
    await expect(undone).rejects.toThrow('undone')
    expect(await storedPosition()).toBeNull()
  })

  async function formsOf(symbol: string): Promise<string> {
    const { rows } = await sql<{ forms: string }>`
      select string_agg(form::text, '' order by exchange_ts) as forms
      from ticker_snapshots where symbol = ${symbol}`.execute(db)
    return rows[0]?.forms ?? ''
  }

  function readBack(symbol: string) {
    const interval = { from: T0 - 1000, to: T0 + 1000 }
    return collect(
      new TickerSnapshotRepository(db).range({ category: 'linear', symbol, ...interval }),
    )
  }
})

/** Eight tickers, of which each carries one price and has the others of those before. */
function tickersOf(symbol: string) {
  return Array.from({ length: 8 }, (_, n) =>
    ticker({
      symbol,
      exchangeTs: T0 + n,
      seq: n,
      bid1Price: decimal('1'),
      lastPrice: decimal(`${n}`),
      changed: 2,
    }),
  )
}
