import { startSimulator } from '@grid/bybit-sim'
import { sql } from 'kysely'
import { expect, it } from 'vitest'
import { makeSaver, ownDatabase } from '../support/rig.ts'

const TIMEOUT = { timeout: 120_000 }

it('a write that a lock keeps waiting is told of while it lasts, and when it is over', {
  timeout: 300_000,
}, async () => {
  await using database = await ownDatabase()
  await using sim = await startSimulator({ seed: 79, symbols: ['BTCUSDT'], tradesPerSecond: 50 })
  const { saver, log } = makeSaver(sim.wsUrl, database.url, { EVENTSAVER_SYMBOLS: 'BTCUSDT' })
  await saver.start()
  await expect.poll(() => saver.status().ready, TIMEOUT).toBe(true)
  const told = () =>
    log
      .filter(
        (line) => line.code === 'WRITE_SLOW' && 'writer' in line && line.writer === 'publicTrade',
      )
      .map(({ level }) => level)
  await database.db.transaction().execute(async (locking) => {
    await sql`lock table public_trades in access exclusive mode`.execute(locking)
    await expect.poll(told, TIMEOUT).toEqual([40])
  })
  await expect.poll(told, TIMEOUT).toEqual([40, 30])
  await saver.stop(AbortSignal.timeout(30_000))
})
