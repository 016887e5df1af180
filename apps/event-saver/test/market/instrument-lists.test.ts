import { startSimulator } from '@grid/bybit-sim'
import { expect, it } from 'vitest'
import { makeSaver, ownDatabase } from '../support/rig.ts'

const ENV = {
  EVENTSAVER_CATEGORY: 'linear,spot',
  EVENTSAVER_SYMBOLS: 'linear:*,spot:BTCUSDT',
}
const MARKET = { seed: 31, symbols: ['BTCUSDT', 'ETHUSDT'], spot: ['BTCUSDT'] }
const patience = () => AbortSignal.timeout(30_000)

it('a list that comes as HTML is tried again; categories without a list are captured meanwhile', async () => {
  await using database = await ownDatabase()
  await using sim = await startSimulator(MARKET)
  const path = '/v5/market/instruments-info'
  // As many as the attempts of one reading.
  await sim.fault({ kind: 'rest', how: 'html', path, category: 'linear', count: 4 })
  const env = { ...ENV, EVENTSAVER_REST_URL: sim.restUrl }
  const { saver, log } = makeSaver(sim.wsUrl, database.url, env)
  await saver.start()
  const unknown = () => log.filter(({ code }) => code === 'INSTRUMENTS_UNKNOWN')
  await expect.poll(() => unknown().length, { timeout: 120_000 }).toBe(1)
  const live = () => saver.status().topics.filter(({ state }) => state === 'live')
  expect(live().map(({ category }) => category)).toEqual(['spot', 'spot', 'spot'])
  expect(saver.status().ready).toBe(false)
  await expect.poll(() => saver.status().ready, { timeout: 120_000 }).toBe(true)
  expect(live()).toHaveLength(7)
  expect(await saver.stop(patience())).toEqual({ lost: 0, left: 0, dropped: 0 })
})

// The last of this file: the ban stops all REST of the process.
it('a banned address is reported and not used again; categories without a list are captured', async () => {
  await using database = await ownDatabase()
  await using sim = await startSimulator({ ...MARKET, rules: { maxRequests: 0 } })
  const env = { ...ENV, EVENTSAVER_REST_URL: sim.restUrl }
  const { saver, log } = makeSaver(sim.wsUrl, database.url, env)
  await saver.start()
  const unknown = () => log.filter(({ code }) => code === 'INSTRUMENTS_UNKNOWN')
  await expect.poll(() => unknown().length, { timeout: 120_000 }).toBeGreaterThanOrEqual(2)
  expect(JSON.stringify(unknown()[0])).toContain('403')
  const live = () => saver.status().topics.filter(({ state }) => state === 'live')
  await expect.poll(() => live().length, { timeout: 120_000 }).toBe(3)
  const checks = saver.status().checks.find(({ code }) => code === 'TOPICS_LIVE')
  expect(checks).toMatchObject({ ok: false, detail: expect.stringContaining('linear not listed') })
  // The list of each category was asked for once, at the same time.
  expect(sim.restStats().requests).toBeLessThanOrEqual(2)
  expect(await saver.stop(patience())).toEqual({ lost: 0, left: 0, dropped: 0 })
})
