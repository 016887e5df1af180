import { startSimulator } from '@grid/bybit-sim'
import { CaptureGapRepository, marketRepository } from '@grid/db'
import { sql } from 'kysely'
import { expect, it } from 'vitest'
import { makeSaver, ownDatabase } from '../support/rig.ts'

const LONG = { timeout: 300_000 }
const BTC = { category: 'linear', symbol: 'BTCUSDT' } as const

it(
  'has a gap between a backup that is put back and the oldest record of the journal',
  LONG,
  async () => {
    await using database = await ownDatabase()
    const { db, url } = database
    await using sim = await startSimulator({ seed: 91, symbols: ['BTCUSDT'], tradesPerSecond: 50 })
    const start = async () => {
      const { saver } = makeSaver(sim.wsUrl, url, { EVENTSAVER_SYMBOLS: 'BTCUSDT' })
      await saver.start()
      const trades = () =>
        saver.pipeline.sample().find(({ channel }) => channel === 'publicTrade')?.persisted
      await expect.poll(trades, LONG).toBeGreaterThan(50)
      return saver
    }
    const before = await start()
    await before.stop(AbortSignal.timeout(60_000))
    const lastTs = await marketRepository(db, 'publicTrade').lastTs(BTC)
    // Of another data directory: its journal knows nothing of the saver before it.
    const saver = await start()
    await db.transaction().execute(async (trx) => {
      await sql`lock table public_trades, capture_gaps in access exclusive mode`.execute(trx)
      const last = new Date(lastTs ?? 0).toISOString()
      await sql`delete from public_trades where exchange_ts > ${last}::timestamptz`.execute(trx)
      await sql`delete from capture_gaps`.execute(trx)
      await sql`update journal_positions set position = 1`.execute(trx)
    })
    const gaps = async () => {
      const all = await new CaptureGapRepository(db).list({
        stream: { ...BTC, channel: 'publicTrade' },
      })
      return all.filter(({ startTs }) => startTs === lastTs).map(({ reason }) => reason)
    }
    await expect.poll(gaps, LONG).toContain('queue_full')
    await saver.stop(AbortSignal.timeout(60_000))
  },
)
