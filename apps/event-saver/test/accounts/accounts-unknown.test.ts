import { startSimulator } from '@grid/bybit-sim'
import { sql } from 'kysely'
import { expect, it } from 'vitest'
import { Tenants } from '../support/accounts.ts'
import { makeSaver, ownDatabase } from '../support/rig.ts'

const TIMEOUT = { timeout: 300_000 }

it('a saver is not ready while the accounts cannot be read, says why, and takes them up again', {
  timeout: 300_000,
}, async () => {
  await using database = await ownDatabase()
  await using sim = await startSimulator({ seed: 6, symbols: ['BTCUSDT'] })
  const tenants = await Tenants.prepare(database.db, sim)
  await tenants.add('alice', 'main')
  const { saver, log } = makeSaver(sim.wsUrl, database.url, tenants.env)
  await saver.start()
  const check = () => {
    const { ready, checks } = saver.status()
    const { ok, detail } = checks.find(({ code }) => code === 'ACCOUNTS_KNOWN') ?? {}
    return { ready, ok, detail }
  }
  expect(check()).toMatchObject({ ready: false, ok: false })
  await expect.poll(check, TIMEOUT).toEqual({ ready: true, ok: true, detail: 'read' })
  await sql`alter table bybit_accounts rename to hidden_accounts`.execute(database.db)
  await sql`select pg_notify('grid_accounts', '')`.execute(database.db)
  const reason = expect.stringContaining('the accounts cannot be read: relation "bybit_accounts"')
  await expect.poll(check, TIMEOUT).toEqual({ ready: false, ok: false, detail: reason })
  expect(log.find(({ code }) => code === 'ACCOUNTS_UNKNOWN')).toMatchObject({
    cause: '42P01',
    reason: expect.stringContaining('does not exist'),
  })
  await sql`alter table hidden_accounts rename to bybit_accounts`.execute(database.db)
  await expect.poll(check, TIMEOUT).toEqual({ ready: true, ok: true, detail: 'read' })
  expect(saver.status().accounts).toMatchObject([{ accountName: 'main', state: 'live' }])
  await saver.stop(AbortSignal.timeout(30_000))
})
