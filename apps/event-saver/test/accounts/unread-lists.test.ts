import { startSimulator } from '@grid/bybit-sim'
import { expect, it } from 'vitest'
import { Tenants } from '../support/accounts.ts'
import { makeSaver, ownDatabase } from '../support/rig.ts'

const TIMEOUT = { timeout: 120_000 }

it('what a key may not read is told in the status, as long as it may not', async () => {
  await using database = await ownDatabase()
  await using sim = await startSimulator({ seed: 18, paused: true })
  const tenants = await Tenants.prepare(database.db, sim)
  const account = sim.exchange.openAccount()
  const key = sim.exchange.createKey(account.uid, {
    permissions: { ContractTrade: ['Order', 'Position'], Wallet: ['AccountTransfer'] },
  })
  await tenants.add('ann', 'a', account, key)
  const env = {
    ...tenants.env,
    EVENTSAVER_ACCOUNT_CATEGORIES: 'linear,spot',
    EVENTSAVER_SNAPSHOT_INTERVAL: '10s',
  }
  const { saver } = makeSaver(sim.wsUrl, database.url, env)
  await saver.start()
  const status = () => saver.status().accounts[0]
  await expect.poll(() => status()?.snapshotAt ?? null, TIMEOUT).not.toBeNull()
  expect(status()).toMatchObject({ state: 'live', unread: ['spot orders'] })
  sim.exchange.changeKey(key.apiKey, {
    permissions: { ...key.permissions, Spot: ['SpotTrade'] },
  })
  await expect.poll(() => status()?.unread, TIMEOUT).toEqual([])
  await saver.stop(AbortSignal.timeout(30_000))
})
