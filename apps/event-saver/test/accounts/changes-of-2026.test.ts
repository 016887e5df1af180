import { startSimulator } from '@grid/bybit-sim'
import { expect, it } from 'vitest'
import { Metrics } from '../../src/health/metrics.ts'
import { Tenants } from '../support/accounts.ts'
import { imbalances, makeSaver, ownDatabase, quiet } from '../support/rig.ts'

const PATIENT = { timeout: 120_000 }

it('Event Contracts are counted as filtered and are no dead letters; dividends and splits are stored', async () => {
  await using database = await ownDatabase()
  await using sim = await startSimulator({ seed: 12, paused: true })
  const tenants = await Tenants.prepare(database.db, sim)
  const { uid } = await tenants.add('ann', 'a')
  const { saver } = makeSaver(sim.wsUrl, database.url, tenants.env)
  await saver.start()
  await expect.poll(() => saver.status().accounts[0]?.state, PATIENT).toBe('live')
  sim.exchange.placeOrder(uid, { symbol: 'BTCUSDT', side: 'Buy', qty: '0.01' })
  sim.exchange.buyEventContract(uid)
  sim.exchange.corporateAction({ symbol: 'BTCUSDT' }, { kind: 'dividend', amount: '1' })
  sim.exchange.corporateAction({ symbol: 'BTCUSDT' }, { kind: 'split', ratio: '2' })
  const stored = async () =>
    (await database.db.selectFrom('private_executions').select('exec_type').execute())
      .map(({ exec_type }) => exec_type)
      .sort()
  await expect.poll(stored, PATIENT).toEqual(['Dividend', 'ForwardSplitSettle', 'Trade'])
  await quiet(saver)
  const entries = saver.status().channels
  for (const channel of ['order', 'execution']) {
    expect(entries.find((entry) => entry.channel === channel)).toMatchObject({
      filtered: 1,
      filteredBy: { category_not_captured: 1 },
      deadLettered: 0,
      discarded: 0,
    })
  }
  expect(await new Metrics().render(saver.status())).toContain(
    'grid_events_lost_by_reason_total{channel="order",fate="filtered",reason="category_not_captured"} 1',
  )
  expect(imbalances(saver)).toEqual([])
  expect(await saver.stop(AbortSignal.timeout(30_000))).toEqual({ lost: 0, left: 0, dropped: 0 })
  expect(await database.db.selectFrom('dead_letters').selectAll().execute()).toEqual([])
})
