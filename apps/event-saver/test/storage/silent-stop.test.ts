import { setTimeout as wait } from 'node:timers/promises'
import { startSimulator } from '@grid/bybit-sim'
import { startRelay } from '@grid/testing'
import { sql } from 'kysely'
import { expect, it } from 'vitest'
import { Tenants } from '../support/accounts.ts'
import { makeSaver, ownDatabase } from '../support/rig.ts'

const TIMEOUT = { timeout: 300_000 }
/** Far more than a stop needs, far less than a silent database makes it wait without patience. */
const LONG_MS = 15_000

it('a stop ends with its patience although the database answers nothing, whatever waits for it', {
  timeout: 300_000,
}, async () => {
  await using database = await ownDatabase()
  const relay = await startRelay(database.url)
  await using sim = await startSimulator({ seed: 9, symbols: ['BTCUSDT'] })
  const tenants = await Tenants.prepare(database.db, sim)
  await tenants.add('ann', 'a')
  const env = { ...tenants.env, EVENTSAVER_SYMBOLS: '*' }
  const { saver } = makeSaver(sim.wsUrl, relay.url, env, { listPollMs: 200 })
  await saver.start()
  await expect.poll(() => saver.status().ready, TIMEOUT).toBe(true)
  relay.swallow()
  // What is known of a new symbol is asked of the database before it is captured.
  sim.list('linear', 'ETHUSDT')
  const beganAt = performance.now()
  const isSlow = wait(LONG_MS, 'too slow', { ref: false })
  const outcome = await Promise.race([saver.stop(AbortSignal.timeout(1000)), isSlow])
  expect(outcome).toMatchObject({ lost: expect.any(Number) })
  expect(performance.now() - beganAt).toBeLessThan(LONG_MS)
  await relay.close()
})

it('nor does a question hold it up that a new symbol has and a locked table does not answer', {
  timeout: 300_000,
}, async () => {
  await using database = await ownDatabase()
  await using sim = await startSimulator({ seed: 10, symbols: ['BTCUSDT'], paused: true })
  const env = { EVENTSAVER_SYMBOLS: '*', EVENTSAVER_REST_URL: sim.restUrl }
  const { saver } = makeSaver(sim.wsUrl, database.url, env, { listPollMs: 200 })
  await saver.start()
  await expect.poll(() => saver.status().ready, TIMEOUT).toBe(true)
  await database.db.transaction().execute(async (trx) => {
    await sql`lock table public_trades, ticker_snapshots in access exclusive mode`.execute(trx)
    sim.list('linear', 'ETHUSDT')
    const isAsked = async () => {
      const { rows } = await sql`select from pg_stat_activity where datname = current_database()
        and wait_event_type = 'Lock' and query like '%wanted.symbol%'`.execute(database.db)
      return rows.length > 0
    }
    await expect.poll(isAsked, TIMEOUT).toBe(true)
    const isSlow = wait(LONG_MS, 'too slow', { ref: false })
    const outcome = await Promise.race([saver.stop(AbortSignal.timeout(1000)), isSlow])
    expect(outcome).toMatchObject({ lost: expect.any(Number) })
  })
})
