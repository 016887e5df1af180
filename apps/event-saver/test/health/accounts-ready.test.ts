import { startSimulator } from '@grid/bybit-sim'
import { Secret } from '@grid/core-events'
import { sql } from 'kysely'
import { expect, it } from 'vitest'
import type { AccountState } from '../../src/accounts/account-status.ts'
import type { ReadinessCode } from '../../src/health/readiness.ts'
import { requiredAccountsFault } from '../../src/health/required-accounts.ts'
import type { Saver } from '../../src/saver.ts'
import { Tenants } from '../support/accounts.ts'
import { makeSaver, ownDatabase } from '../support/rig.ts'

const TIMEOUT = { timeout: 120_000 }
const find = (saver: Saver, code: ReadinessCode) =>
  saver.status().checks.find((check) => check.code === code)

it('a saver is not ready while the key of a required account is refused, and is again', {
  timeout: 300_000,
}, async () => {
  await using database = await ownDatabase()
  await using sim = await startSimulator({ seed: 77, symbols: ['BTCUSDT'], paused: true })
  const tenants = await Tenants.prepare(database.db, sim)
  const account = sim.exchange.openAccount({ keys: [{}, {}] })
  const { accountId, userId, uid } = await tenants.add('ann', 'main', account)
  const env = { ...tenants.env, EVENTSAVER_REQUIRED_ACCOUNTS: 'main' }
  const { saver } = makeSaver(sim.wsUrl, database.url, env)
  await saver.start()
  await expect.poll(() => saver.status().ready, TIMEOUT).toBe(true)
  const [first, second] = account.keys
  if (first === undefined || second === undefined) throw new Error('the account has two keys')
  sim.exchange.revokeKey(first.apiKey)
  await sim.fault({ kind: 'close', uid })
  await expect
    .poll(() => find(saver, 'REQUIRED_ACCOUNTS'), TIMEOUT)
    .toMatchObject({ ok: false, detail: expect.stringMatching(/^main is refused \(API_KEY_/) })
  expect(saver.status().ready).toBe(false)
  const credential = { apiKey: second.apiKey, secret: new Secret(second.secret) }
  await tenants.repository.rotate({ userId }, accountId, credential)
  await expect.poll(() => saver.status().ready, TIMEOUT).toBe(true)
  await saver.stop(AbortSignal.timeout(30_000))
})

it('a saver is not ready while a lock keeps the accounts from being read, and is again', {
  timeout: 300_000,
}, async () => {
  await using database = await ownDatabase()
  await using sim = await startSimulator({ seed: 78, symbols: ['BTCUSDT'], paused: true })
  const tenants = await Tenants.prepare(database.db, sim)
  await tenants.add('ann', 'main')
  const { saver } = makeSaver(sim.wsUrl, database.url, tenants.env)
  await saver.start()
  await expect.poll(() => saver.status().ready, TIMEOUT).toBe(true)
  await database.db.transaction().execute(async (locking) => {
    await sql`lock table bybit_accounts in access exclusive mode`.execute(locking)
    await expect.poll(() => find(saver, 'ACCOUNTS_KNOWN')?.ok, TIMEOUT).toBe(false)
    expect(saver.status().ready).toBe(false)
  })
  await expect.poll(() => saver.status().ready, TIMEOUT).toBe(true)
  await saver.stop(AbortSignal.timeout(30_000))
})

it('required are named accounts, or all; what connects is no fault, what is not enabled is one', () => {
  const status = (accountName: string, state: AccountState, code: string | null = null) => ({
    ...{ accountName, state, code },
  })
  const statuses = [
    status('a', 'live'),
    status('b', 'refused', 'API_KEY_EXPIRED'),
    status('c', 'connecting', 'CONNECT_FAILED'),
    status('d', 'unusable', 'ENCRYPTION_KEY_UNKNOWN'),
  ]
  const faultOf = (required: string[] | undefined, areKnown = true) =>
    requiredAccountsFault({ required, statuses, areKnown })
  expect(faultOf(undefined)).toBeNull()
  expect(faultOf(['a', 'c'])).toBeNull()
  expect(faultOf(['b', 'e'])).toBe('b is refused (API_KEY_EXPIRED), e is not enabled')
  expect(faultOf(['e'], false)).toBeNull()
  expect(faultOf(['*'])).toBe(
    'b is refused (API_KEY_EXPIRED), d is unusable (ENCRYPTION_KEY_UNKNOWN)',
  )
})
