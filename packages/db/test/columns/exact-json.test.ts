import { type JsonObject, parseExactJson } from '@grid/core-events'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { migrate, PositionSnapshotRepository, TickerSnapshotRepository } from '../../src/index.ts'
import { DATABASES, type OpenedDatabase, START_TIMEOUT_MS } from '../support/databases.ts'
import { collect, T0, ticker } from '../support/events.ts'
import { addTenant, position } from '../support/private-events.ts'

// As PostgreSQL writes it: without exponents.
const TINY = `0.${'0'.repeat(399)}1`
const TEXT = `{"big":12345678901234567891,"tiny":${TINY},"zeros":[1.10,1]}`

describe.each(DATABASES)('numbers in JSON, on %s,', (_kind, open) => {
  let opened: OpenedDatabase
  beforeAll(async () => {
    opened = await open()
    await migrate(opened.db, { environment: 'testnet' })
  }, START_TIMEOUT_MS)
  afterAll(() => opened.close())

  it('are stored and read with every digit', async () => {
    const extra = parseExactJson(TEXT.replace(TINY, '1e-400')) as JsonObject
    const tickers = new TickerSnapshotRepository(opened.db)
    await tickers.bulkInsert([ticker({ extra })])
    const { scope, accountId } = await addTenant(opened.db, 'exact')
    const positions = new PositionSnapshotRepository(opened.db)
    await positions.bulkInsert([position({ accountId, extra })])
    const all = { category: 'linear', symbol: 'BTCUSDT', from: T0, to: T0 + 1 } as const
    const read = [
      ...(await collect(tickers.range(all))),
      ...(await collect(positions.range(scope, { accountId, from: T0, to: T0 + 1 }))),
      ...(await positions.latest(scope, { accountId })),
    ]
    expect(read).toHaveLength(3)
    for (const event of read) {
      const { big, tiny, zeros } = event.extra ?? {}
      expect(JSON.stringify({ big, tiny, zeros })).toBe(TEXT)
    }
  })
})
