import { startSimulator } from '@grid/bybit-sim'
import { TickerSnapshotRepository } from '@grid/db'
import { sql } from 'kysely'
import { expect, it } from 'vitest'
import { imbalances, makeSaver, ownDatabase, quiet } from '../support/rig.ts'

it('stores at most one ticker an interval, the last one whole, and counts the others as merged', async () => {
  await using database = await ownDatabase()
  await using sim = await startSimulator({ seed: 31, tradesPerSecond: 200, tickerIntervalMs: 20 })
  const env = { EVENTSAVER_TICKER_INTERVAL: '500ms', EVENTSAVER_CHANNELS: 'ticker' }
  const { saver } = makeSaver(sim.wsUrl, database.url, env)
  await saver.start()
  const counts = () => saver.pipeline.sample().find(({ channel }) => channel === 'ticker')
  await expect.poll(() => counts()?.persisted, { timeout: 120_000 }).toBeGreaterThan(10)
  sim.pause()
  await quiet(saver)
  expect(await saver.stop(AbortSignal.timeout(30_000))).toEqual({ lost: 0, left: 0, dropped: 0 })
  expect(imbalances(saver)).toEqual([])
  const { persisted = 0, merged = 0, duplicate } = counts() ?? {}
  expect(merged).toBeGreaterThan(persisted)
  expect(duplicate).toBe(0)
  const { rows } = await sql<{ rows: string; symbol: string }>`
    select symbol, count(*) as rows from ticker_snapshots group by symbol`.execute(database.db)
  expect(rows.reduce((sum, each) => sum + Number(each.rows), 0)).toBe(persisted)

  // The last message of each stream is stored, with everything that was known by then.
  const newest = await new TickerSnapshotRepository(database.db).latest({
    category: 'linear',
    symbols: rows.map(({ symbol }) => symbol),
  })
  expect(newest.size).toBeGreaterThan(0)
  for (const [symbol, event] of newest) {
    const last = sim.truth().tickers.findLast((item) => item.symbol === symbol)
    expect(event.exchangeTs).toBe(last?.exchangeTs)
    expect(event.markPrice).toBe(last?.values['markPrice'])
  }
})
