import { startSimulator } from '@grid/bybit-sim'
import { expect, it } from 'vitest'
import { Tenants } from '../support/accounts.ts'
import { makeSaver, ownDatabase } from '../support/rig.ts'

it('a saver logs no account in where its hosts are not encrypted and not on this machine', async () => {
  await using database = await ownDatabase()
  await using sim = await startSimulator({ seed: 62, paused: true })
  const tenants = await Tenants.prepare(database.db, sim)
  await tenants.add('ann', 'a')
  const env = { ...tenants.env, EVENTSAVER_REST_URL: 'http://exchange.invalid' }
  const { saver } = makeSaver(sim.wsUrl, database.url, env)
  await saver.start()
  const states = () => saver.status().accounts.map(({ state, code }) => [state, code])
  await expect.poll(states, { timeout: 120_000 }).not.toEqual([])
  expect(states()).toEqual([['unusable', 'HOST_NOT_ENCRYPTED']])
  await saver.stop(AbortSignal.timeout(30_000))
})
