import { type Kysely, sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CaptureGapRepository, type GridDatabase, migrate } from '../../src/index.ts'
import { MIGRATIONS } from '../../src/migrations/all.ts'
import { DATABASES, type OpenedDatabase, START_TIMEOUT_MS } from '../support/databases.ts'
import { T0 } from '../support/events.ts'
import { migrateTo } from '../support/older-schema.ts'

/** The version before gaps had variants. */
const BEFORE = 6
const GAP = {
  category: 'linear',
  channel: 'ticker',
  symbol: 'BTCUSDT',
  startTs: T0,
  endTs: T0 + 5000,
  reason: 'disconnect',
} as const

/** Records the gap as version 6 did; gives how many rows that made. */
async function insertBefore(db: Kysely<GridDatabase>): Promise<number> {
  const { numAffectedRows } = await sql`
    insert into capture_gaps as stored
      (category, channel, symbol, account_id, start_ts, end_ts, reason, state, collector)
    select ${GAP.category}, ${GAP.channel}, ${GAP.symbol}, null,
      ${new Date(GAP.startTs).toISOString()}::timestamptz,
      ${new Date(GAP.endTs).toISOString()}::timestamptz, ${GAP.reason}, 'open', 'c1'
    on conflict do nothing`.execute(db)
  return Number(numAffectedRows)
}

describe.each(DATABASES)('variants of gaps on %s', { timeout: START_TIMEOUT_MS }, (_name, open) => {
  let opened: OpenedDatabase
  beforeAll(async () => {
    opened = await open()
    await migrateTo(opened.db, BEFORE)
    await insertBefore(opened.db)
    expect(await migrate(opened.db)).toMatchObject({
      applied: expect.arrayContaining(['0007-gap-variants']),
    })
  }, START_TIMEOUT_MS)
  afterAll(() => opened.close())

  it('are null in the gaps stored before, which stay as they were', async () => {
    const gaps = new CaptureGapRepository(opened.db)
    expect(await gaps.list()).toMatchObject([{ ...GAP, variant: null, state: 'open' }])
    expect(await gaps.insert([GAP], { collector: 'c1' })).toEqual({ inserted: 0 })
  })

  it('do not stop version 6 from recording gaps', async () => {
    expect(MIGRATIONS[BEFORE]).toMatchObject({ minReader: 6, minWriter: 6 })
    expect(await insertBefore(opened.db)).toBe(0)
  })

  it('tell two gaps of one time apart', async () => {
    const gaps = new CaptureGapRepository(opened.db)
    const candles = { ...GAP, variant: '60' }
    expect(await gaps.insert([candles, candles], { collector: 'c1' })).toEqual({ inserted: 1 })
    expect((await gaps.list()).map(({ variant }) => variant).toSorted()).toEqual(['60', null])
  })
})
