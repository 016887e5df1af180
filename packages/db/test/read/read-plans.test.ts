import { CompiledQuery } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ensureUpcomingPartitions, migrate, PublicTradeRepository } from '../../src/index.ts'
import { collect, trade } from '../support/events.ts'
import { openPlanned, type PlannedDatabase } from '../support/query-plans.ts'

const DAY = 86_400_000
const START = Date.UTC(2025, 9, 9)

describe.each(['before', 'after'])('%s analyze', (when) => {
  let planned: PlannedDatabase
  let trades: PublicTradeRepository
  beforeAll(async () => {
    planned = await openPlanned(/^select .* from public_trades(_wide as public_trades)?\s+where/s)
    const { db } = planned
    await migrate(db)
    await ensureUpcomingPartitions(db)
    trades = new PublicTradeRepository(db)
    const at = (exchangeTs: number) => ({ exchangeTs, localTsUs: exchangeTs * 1000 })
    const events = Array.from({ length: 15_000 }, (_, n) =>
      trade({ symbol: `S${n % 2}`, tradeId: `t${n}`, ...at(START + n * (DAY / 5000)) }),
    )
    await trades.bulkInsert(events)
    // All of one day, at whatever hour: a page of a few rows would be read whole.
    const midnight = Math.floor(Date.now() / DAY) * DAY
    const today = Array.from({ length: 5000 }, (_, n) =>
      trade({ symbol: `S${n % 2}`, tradeId: `t${n}`, ...at(midnight + n * 1000) }),
    )
    await trades.bulkInsert(today)
    if (when === 'after') await db.executeQuery(CompiledQuery.raw('analyze public_trades'))
    planned.take()
  })
  afterAll(() => planned.close())

  it('a page reads few more rows than it gives, all of one partition', async () => {
    const from = START + DAY
    const range = { category: 'linear', symbol: 'S1', from, to: from + DAY, pageSize: 100 } as const
    expect(await collect(trades.range(range))).toHaveLength(2500)
    const pages = planned.take()
    expect(pages.length).toBeLessThan(50)
    let read = 0
    for (const page of pages) {
      for (const scan of await planned.scansOf(page)) {
        expect(scan.relation).toBe('public_trades_y2025m10d10')
        read += scan.rows
      }
    }
    expect(read).toBeLessThan(1.2 * 2500)
  })

  it('the newest times are found without reading other rows or older days', async () => {
    const symbols = ['S0', 'S1']
    expect((await trades.lastTsBySymbol({ category: 'linear', symbols })).size).toBe(2)
    const queries = planned.take()
    expect(queries).toHaveLength(1)
    const touched = await planned.scansOf(queries[0] as CompiledQuery)
    // For each symbol one row to find the second, and the rows of that second.
    expect(touched.reduce((sum, { rows }) => sum + rows, 0)).toBe(4)
    expect(touched.map(({ relation }) => relation).join()).not.toContain('y2025')
  })
})
