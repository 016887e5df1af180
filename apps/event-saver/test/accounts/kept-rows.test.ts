import { PREDECESSOR_FILTER } from '@grid/bybit-adapter'
import { startSimulator } from '@grid/bybit-sim'
import type { GridEvent } from '@grid/core-events'
import { expect, it } from 'vitest'
import { accountFilterOf, keptRows } from '../../src/accounts/kept-rows.ts'
import { Tenants } from '../support/accounts.ts'
import { imbalances, makeSaver, ownDatabase, quiet } from '../support/rig.ts'

const event = (fields: object): GridEvent => ({ accountId: 'a', ...fields }) as GridEvent

it('rows of a reply are kept or counted as filtered, as those of the socket are', () => {
  const kept = [
    event({ channel: 'execution', category: 'linear', execType: 'Trade', orderType: 'Limit' }),
    event({ channel: 'order', category: 'linear', orderType: 'Limit' }),
    event({ channel: 'position', category: 'linear' }),
    event({ channel: 'wallet' }),
  ]
  const filtered = [
    event({ channel: 'execution', category: 'linear', execType: 'Funding', orderType: 'Limit' }),
    event({ channel: 'execution', category: 'linear', execType: 'Trade', orderType: 'Market' }),
    event({ channel: 'execution', category: 'spot', execType: 'Trade', orderType: 'Limit' }),
    event({ channel: 'order', category: 'linear', orderType: 'Market' }),
    event({ channel: 'position', category: 'inverse' }),
  ]
  const rows = { events: [...kept, ...filtered], deadLetters: [] }
  expect(accountFilterOf({ accountFilter: 'predecessor' })).toBe(PREDECESSOR_FILTER)
  expect(keptRows(rows, PREDECESSOR_FILTER)).toEqual({ events: kept, deadLetters: [], filtered })
  expect(keptRows(rows, accountFilterOf({ accountFilter: 'all' }))).toBe(rows)
})

it('a saver with the filter of the predecessor stores its rows alone, and counts the others', async () => {
  await using database = await ownDatabase()
  await using sim = await startSimulator({ seed: 61, paused: true })
  const tenants = await Tenants.prepare(database.db, sim)
  const { accountId } = await tenants.add('ann', 'a')
  const env = { ...tenants.env, EVENTSAVER_ACCOUNT_FILTER: 'predecessor' }
  const { saver } = makeSaver(sim.wsUrl, database.url, env)
  await saver.start()
  await expect
    .poll(() => saver.status().accounts.map(({ state }) => state), { timeout: 120_000 })
    .toEqual(['live'])
  sim.exchange.startBot({ fillsPerSecond: 60 })
  const filtered = () =>
    saver.pipeline.sample().reduce((sum, { filtered: items }) => sum + items, 0)
  await expect.poll(filtered, { timeout: 120_000 }).toBeGreaterThan(20)
  const stored = () =>
    database.db
      .selectFrom('private_executions')
      .select(['category', 'exec_type', 'order_type'])
      .where('account_id', '=', accountId)
      .distinct()
      .execute()
  await expect.poll(stored, { timeout: 120_000 }).toHaveLength(1)
  sim.exchange.stopBot()
  await quiet(saver)
  expect(await saver.stop(AbortSignal.timeout(60_000))).toEqual({ lost: 0, left: 0, dropped: 0 })
  expect(imbalances(saver)).toEqual([])
  expect(await stored()).toEqual([{ category: 'linear', exec_type: 'Trade', order_type: 'Limit' }])
})
