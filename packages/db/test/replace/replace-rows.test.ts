import type { TickerEvent } from '@grid/core-events'
import fc from 'fast-check'
import { type Kysely, sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  ExecutionRepository,
  type GridDatabase,
  migrate,
  OrderRepository,
  PublicTradeRepository,
  type ReplacedFrame,
  replaceRows,
  TickerSnapshotRepository,
} from '../../src/index.ts'
import { DATABASES, type OpenedDatabase, START_TIMEOUT_MS } from '../support/databases.ts'
import { collect, decimal, T0, trade } from '../support/events.ts'
import { addTenant, execution, order } from '../support/private-events.ts'
import { TICKER_BATCHES } from '../support/ticker-streams.ts'

const MIDNIGHT = Date.UTC(2025, 9, 10)
const ALL = { from: MIDNIGHT - 86_400_000, to: MIDNIGHT + 86_400_000 * 3 }

function frameOf(event: { readonly localTsUs: number }): ReplacedFrame {
  const {
    channel,
    category = null,
    symbol = null,
    accountId = null,
    localTsUs,
  } = event as never as ReplacedFrame
  return accountId === null
    ? { channel, category, symbol, accountId, localTsUs }
    : { channel, category: null, symbol: null, accountId, localTsUs }
}

describe.each(DATABASES)('rows that are replaced on %s', (_name, open) => {
  let opened: OpenedDatabase
  beforeAll(async () => {
    opened = await open()
    await migrate(opened.db)
  }, START_TIMEOUT_MS)
  afterAll(() => opened.close())

  it('leave tickers that build on them as they read before', { timeout: 600_000 }, async () => {
    let run = 0
    const readAll = async (db: Kysely<GridDatabase>, symbols: readonly string[]) => {
      const tickers = new TickerSnapshotRepository(db)
      const read = await Promise.all(
        symbols.map((symbol) => collect(tickers.range({ category: 'linear', symbol, ...ALL }))),
      )
      return read.flat()
    }
    await fc.assert(
      fc.asyncProperty(
        TICKER_BATCHES,
        fc.array(fc.boolean(), { minLength: 5, maxLength: 40 }),
        async (batches, goes) => {
          run += 1
          const symbols = [`${run} S0`, `${run} S1`]
          const tickers = new TickerSnapshotRepository(opened.db)
          let place = 0
          for (const batch of batches) {
            await tickers.bulkInsert(
              batch.map((event) => {
                place += 1
                const exchangeTs = MIDNIGHT + event.exchangeTs
                return {
                  ...event,
                  symbol: `${run} ${event.symbol}`,
                  exchangeTs,
                  localTsUs: exchangeTs * 1000 + place,
                }
              }),
            )
          }
          const before = await readAll(opened.db, symbols)
          const isGone = (_: TickerEvent, index: number) => goes[index % goes.length] === true
          const gone = before.filter(isGone)
          await replaceRows(opened.db, async (replacement, trx) => {
            await replacement.note(gone.map(frameOf))
            const removed = await replacement.remove()
            expect(removed.get('ticker') ?? 0).toBe(gone.length)
            const kept = before.filter((event, index) => !isGone(event, index))
            expect(await readAll(trx, symbols)).toEqual(kept)
            const result = await new TickerSnapshotRepository(trx).bulkInsert(gone)
            expect(result).toMatchObject({ inserted: gone.length, duplicates: 0 })
          })
          expect(await readAll(opened.db, symbols)).toEqual(before)
          // As a saver goes on beside it: what it stores next still reads as offered.
          const last = before.at(-1)
          if (last === undefined) return
          const next = { ...last, exchangeTs: last.exchangeTs + 1, isSnapshot: false, changed: 0 }
          await tickers.bulkInsert([next])
          expect((await readAll(opened.db, symbols)).at(-1)).toEqual(next)
        },
      ),
      { numRuns: 25 },
    )
  })

  it('are those of a socket, of the frames’ own streams and times', {
    timeout: 300_000,
  }, async () => {
    const trades = new PublicTradeRepository(opened.db)
    const at = (n: number) => T0 * 1000 + n
    const mine = trade({ tradeId: 'mine', localTsUs: at(1), price: decimal('2') })
    const others = [
      trade({ tradeId: 'of a reply', localTsUs: at(1), source: 'rest' }),
      trade({ tradeId: 'of another collector', localTsUs: at(2) }),
      trade({ tradeId: 'of another symbol', localTsUs: at(1), symbol: 'ETHUSDT' }),
      trade({ tradeId: 'of another category', localTsUs: at(1), category: 'spot' }),
    ]
    await trades.bulkInsert([mine, ...others])
    const taken = trade({ tradeId: 'of another collector', localTsUs: at(1), price: decimal('3') })
    await replaceRows(opened.db, async (replacement, trx) => {
      await replacement.note([frameOf(mine)])
      expect(await replacement.remove()).toEqual(new Map([['publicTrade', 1]]))
      const again = new PublicTradeRepository(trx)
      const { conflicts } = await again.bulkInsert([{ ...mine, price: decimal('1') }, taken])
      expect(conflicts).toMatchObject([{ event: taken, field: 'price' }])
      expect(await replacement.removeOthers('publicTrade', [taken])).toBe(1)
      expect(await again.bulkInsert([taken])).toMatchObject({ inserted: 1 })
      // What the frames themselves gave is not taken for another collector's.
      expect(await replacement.removeOthers('publicTrade', [taken])).toBe(0)
    })
    const { rows } = await sql<{ id: string; price: string }>`
      select trade_id as id, price::float8::text as price from public_trades order by id`.execute(
      opened.db,
    )
    expect(rows.map(({ id, price }) => `${id} ${price}`)).toEqual([
      'mine 1',
      'of a reply 100000.1',
      'of another category 100000.1',
      'of another collector 3',
      'of another symbol 100000.1',
    ])
  })

  it('of accounts take what follows from them along, and keep what REST filled in', {
    timeout: 300_000,
  }, async () => {
    const { scope, accountId } = await addTenant(opened.db, 'alice')
    const orders = new OrderRepository(opened.db)
    const executions = new ExecutionRepository(opened.db)
    const states = [1, 2, 3].map((n) =>
      order({
        accountId,
        exchangeTs: T0 + n,
        localTsUs: (T0 + n) * 1000,
        cumExecQty: decimal(`${n}`),
      }),
    )
    await orders.bulkInsert(states)
    const socket = execution({ accountId, execFee: decimal('9'), orderType: 'UNKNOWN' })
    await executions.bulkInsert([socket])
    const told = { execFeeV2: decimal('7'), orderType: 'Limit' }
    const reply = { ...socket, source: 'rest' as const, ...told }
    expect(await executions.bulkInsert([reply])).toMatchObject({ merged: 1 })
    const newest = () => orders.states(scope, { accountId, orderId: 'o1' })
    expect(await newest()).toMatchObject([{ exchangeTs: T0 + 3 }])

    await replaceRows(opened.db, async (replacement, trx) => {
      await replacement.note([...states.slice(1), socket].map(frameOf))
      expect(await replacement.remove()).toEqual(
        new Map([
          ['order', 2],
          ['execution', 1],
        ]),
      )
      expect(await new OrderRepository(trx).states(scope, { accountId })).toMatchObject([
        { exchangeTs: T0 + 1 },
      ])
      await new OrderRepository(trx).bulkInsert(states.slice(1, 2))
      await new ExecutionRepository(trx).bulkInsert([{ ...socket, execFee: decimal('8') }])
    })
    expect(await newest()).toMatchObject([{ exchangeTs: T0 + 2, cumExecQty: '2' }])
    expect(
      await collect(executions.range(scope, { accountId, from: T0, to: T0 + 1 })),
    ).toMatchObject([{ execFee: '8', ...told, source: 'ws' }])
  })

  it('stay as they were when the work fails', { timeout: 300_000 }, async () => {
    const trades = new PublicTradeRepository(opened.db)
    const event = trade({ tradeId: 'kept', symbol: 'KEPT' })
    await trades.bulkInsert([event])
    const failed = replaceRows(opened.db, async (replacement) => {
      await replacement.note([frameOf(event)])
      await replacement.remove()
      throw new Error('planted')
    })
    await expect(failed).rejects.toThrow('planted')
    const range = { category: 'linear', symbol: 'KEPT', from: T0, to: T0 + 1 } as const
    expect(await collect(trades.range(range))).toEqual([event])
  })
})
