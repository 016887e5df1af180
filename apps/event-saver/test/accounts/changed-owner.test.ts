import { startSimulator } from '@grid/bybit-sim'
import { ExecutionRepository } from '@grid/db'
import { sql } from 'kysely'
import { expect, it } from 'vitest'
import { Tenants } from '../support/accounts.ts'
import { makeSaver, ownDatabase, quiet } from '../support/rig.ts'

const TIMEOUT = { timeout: 60_000 }

it('an account that was given to another user is captured no longer, with its key of before', {
  timeout: 120_000,
}, async () => {
  await using database = await ownDatabase()
  await using sim = await startSimulator({ seed: 17, paused: true })
  const tenants = await Tenants.prepare(database.db, sim)
  const { accountId, uid } = await tenants.add('ann', 'a')
  const bob = await tenants.add('bob', 'b')
  const { saver, log } = makeSaver(sim.wsUrl, database.url, tenants.env)
  await saver.start()
  const states = () =>
    saver.status().accounts.map(({ accountName, code, state }) => [accountName, code ?? state])
  await expect.poll(states, TIMEOUT).toEqual([
    ['a', 'live'],
    ['b', 'live'],
  ])
  await sql`update bybit_accounts set user_id = ${bob.userId} where account_id = ${accountId}`.execute(
    database.db,
  )
  await expect.poll(states, TIMEOUT).toEqual([
    ['a', 'SECRET_UNREADABLE'],
    ['b', 'live'],
  ])
  const sockets = () =>
    sim.connections().filter((connection) => connection.uid === uid && connection.open)
  await expect.poll(sockets, TIMEOUT).toEqual([])
  sim.exchange.placeOrder(uid, { symbol: 'BTCUSDT', side: 'Buy', qty: '0.01' })
  await quiet(saver)
  const executions = new ExecutionRepository(database.db)
  expect(await executions.lastTs({ userId: bob.userId }, { accountId })).toBeNull()
  expect(saver.status().accounts).toMatchObject([{ userId: bob.userId }, {}])
  expect(log.filter(({ code }) => code === 'SECRET_UNREADABLE')).toHaveLength(1)
  await saver.stop(AbortSignal.timeout(30_000))
})
