import { createCipheriv, randomBytes } from 'node:crypto'
import { startSimulator } from '@grid/bybit-sim'
import { sql } from 'kysely'
import { pino } from 'pino'
import { expect, it } from 'vitest'
import { rebindOldSecrets } from '../../src/accounts/secret-rebinder.ts'
import { Tenants } from '../support/accounts.ts'
import { HURRIED_CLOCK } from '../support/hurried-clock.ts'
import { makeSaver, ownDatabase } from '../support/rig.ts'

const TIMEOUT = { timeout: 120_000 }

it('a run binds the secret of an older version to all of its row, and names accounts that were moved', {
  timeout: 300_000,
}, async () => {
  await using database = await ownDatabase()
  await using sim = await startSimulator({ seed: 5, symbols: ['BTCUSDT'], paused: true })
  const tenants = await Tenants.prepare(database.db, sim)
  const account = sim.exchange.openAccount()
  const { accountId } = await tenants.add('alice', 'main', account)
  const moved = await tenants.add('bob', 'moved')
  await sql`update bybit_accounts set environment = 'mainnet'
    where account_id = ${moved.accountId}`.execute(database.db)
  const [, key = ''] = tenants.keysText.split(':')
  const { rows } = await sql<{ id: string }>`select credential_id as id from api_credentials
    where account_id = ${accountId}`.execute(database.db)
  const nonce = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', Buffer.from(key, 'base64'), nonce)
  cipher.setAAD(Buffer.from(`grid api credential ${rows[0]?.id} of account ${accountId}`))
  const text = Buffer.concat([cipher.update(account.keys[0]?.secret ?? ''), cipher.final()])
  const old = Buffer.concat([Uint8Array.of(1), nonce, text, cipher.getAuthTag()])
  await sql`update api_credentials set api_secret = ${old}
    where account_id = ${accountId}`.execute(database.db)

  const { saver, log } = makeSaver(sim.wsUrl, database.url, tenants.env)
  await saver.start()
  const version = async () => {
    const found = await sql<{ version: number }>`select associated_data_version as version
      from api_credentials where account_id = ${accountId}`.execute(database.db)
    return found.rows[0]?.version
  }
  await expect.poll(version, TIMEOUT).toBe(2)
  const states = () => saver.status().accounts.map(({ accountName, state }) => [accountName, state])
  await expect.poll(states, TIMEOUT).toEqual([['main', 'live']])
  expect(log.filter(({ code }) => code === 'ACCOUNT_ENVIRONMENT')).toMatchObject([
    { account: 'moved', environment: 'mainnet' },
  ])
  await saver.stop(AbortSignal.timeout(30_000))
})

it('tries again while the database is away, and says what to do where the login may not write', async () => {
  const log: { readonly code?: string; readonly msg: string }[] = []
  const logger = pino({}, { write: (line) => log.push(JSON.parse(line)) })
  const faults = ['57P01', '42501'].map((code) => Object.assign(new Error('refused'), { code }))
  const operator = {
    rebindSecrets: () => Promise.reject(faults.shift() ?? new Error('asked once too often')),
  }
  const clock = HURRIED_CLOCK
  await rebindOldSecrets({ operator, clock, log: logger }, new AbortController().signal)
  expect(log).toMatchObject([
    { code: 'SECRETS_NOT_REBOUND', msg: expect.stringContaining('trying again') },
    { code: 'SECRETS_NOT_REBOUND', msg: expect.stringContaining('account reencrypt') },
  ])
  expect(faults).toEqual([])
})
