import { inspect } from 'node:util'
import { Secret } from '@grid/core-events'
import { sql } from 'kysely'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  AccountRepository,
  accountIdOf,
  CredentialRepository,
  EncryptionKeys,
  ExecutionRepository,
  migrate,
  OperatorRepository,
  strategyIdOf,
  UserRepository,
  userIdOf,
} from '../../src/index.ts'
import {
  DATABASES,
  type OpenedDatabase,
  openPostgres,
  START_TIMEOUT_MS,
} from '../support/databases.ts'
import { sealedAsVersion1 } from '../support/older-secrets.ts'
import { addTenant, credential, execution, KEYS, keyOf } from '../support/private-events.ts'

it('makes ids from names, those of accounts and strategies within their owner', () => {
  // The ids that Python's uuid.uuid5 gives.
  const alice = '3b931471-a211-50b4-b164-a05d9d37b75b'
  expect(userIdOf('alice')).toBe(alice)
  expect(accountIdOf(alice, 'main')).toBe('3837afab-b76a-54af-bbda-da0973fd50ec')
  expect(accountIdOf(alice.toUpperCase(), 'main')).toBe('3837afab-b76a-54af-bbda-da0973fd50ec')
  expect(strategyIdOf('3837afab-b76a-54af-bbda-da0973fd50ec', 'btcusdt')).toBe(
    'dafca1a5-f469-50a9-8678-eac216f3bd19',
  )
  expect(accountIdOf(userIdOf('bob'), 'main')).not.toBe(accountIdOf(alice, 'main'))
  expect(strategyIdOf(alice, 'grid')).not.toBe(strategyIdOf(userIdOf('bob'), 'grid'))
})

describe.each(DATABASES)('accounts on %s', (_name, open) => {
  let opened: OpenedDatabase
  let accounts: AccountRepository
  let operator: OperatorRepository
  beforeAll(async () => {
    opened = await open()
    await migrate(opened.db, { environment: 'testnet' })
    accounts = new AccountRepository(opened.db, { keys: KEYS })
    operator = new OperatorRepository(opened.db, { keys: KEYS })
  }, START_TIMEOUT_MS)
  afterAll(() => opened.close())

  const activeSecret = async (scope: { userId: string }, accountId: string, keys = KEYS) => {
    const active = await new CredentialRepository(opened.db, { keys }).getActive(scope, accountId)
    return active?.secret.reveal()
  }
  const enabledOf = async (accountId: string) =>
    (await operator.allEnabledAccounts()).find((account) => account.accountId === accountId)

  it('a user is found by name and id, and added once', async () => {
    const user = await operator.addUser({ username: 'zoe', email: 'zoe@example.com' })
    expect(user).toMatchObject({ userId: userIdOf('zoe'), status: 'active' })
    for (const again of [
      { username: 'zoe' },
      { username: 'other', email: 'zoe@example.com' },
      { username: 'other', userId: user.userId },
    ]) {
      await expect(operator.addUser(again)).rejects.toMatchObject({ code: 'ALREADY_EXISTS' })
    }
    expect(await operator.getUserByName('zoe')).toEqual(user)
    expect(await operator.getUserByName('Zoe')).toBeNull()
    const users = new UserRepository(opened.db)
    expect(await users.get(user)).toEqual(user)
    expect(await users.get({ userId: userIdOf('nobody') })).toBeNull()
    await operator.addUser({ username: 'aaron' })
    expect(await operator.listUsers({ limit: 1 })).toMatchObject([{ username: 'aaron' }])
    expect(await operator.listUsers({ limit: 1, offset: 1 })).toMatchObject([{ username: 'zoe' }])
    await users.setStatus(user, 'suspended')
    expect(await operator.listActiveUsers()).toMatchObject([{ username: 'aaron' }])
  })

  it('an account is added with its key, and its secret is stored nowhere in plain text', async () => {
    const { scope, account, accountId } = await addTenant(opened.db, 'added')
    expect(accountId).toBe(accountIdOf(scope.userId, 'added'))
    expect(account).toMatchObject({ environment: 'testnet', status: 'enabled', removedAt: null })
    expect(await activeSecret(scope, accountId)).toBe('SECRET')
    const shown = await accounts.show(scope, accountId)
    expect(shown).toMatchObject({ ...account, credentials: [{ apiKey: 'KEY', isActive: true }] })
    const enabled = await enabledOf(accountId)
    const { rows } = await sql`select t::text, encode(api_secret, 'escape') as secret
      from api_credentials t`.execute(opened.db)
    expect(inspect([shown, enabled, rows], { depth: 9 })).not.toContain('SECRET')
    expect(JSON.stringify([shown, enabled, rows])).not.toContain('SECRET')
    expect(enabled?.credential?.secret.reveal()).toBe('SECRET')
  })

  it('two users may have accounts of one name, and neither learns of the other’s', async () => {
    const alice = await operator.addUser({ username: 'alice' })
    const bob = await operator.addUser({ username: 'bob' })
    const add = (scope: { userId: string }, accountId?: string) =>
      accounts.add(scope, {
        accountName: 'main',
        credential: credential(),
        ...(accountId === undefined ? {} : { accountId }),
      })
    const first = await add(alice)
    expect(first.accountId).toBe(accountIdOf(alice.userId, 'main'))
    expect((await add(bob)).accountId).toBe(accountIdOf(bob.userId, 'main'))
    const refusal = await add(alice).catch((error: Error) => error)
    expect(refusal).toMatchObject({ code: 'ALREADY_EXISTS', context: { accountId: null } })
    // An id that exists stays, even one that was made from the name alone.
    const carol = await operator.addUser({ username: 'carol' })
    const old = '11a3e229-0842-5c4a-9ea4-32c07ba3e0b1'
    await add(carol, old)
    await accounts.remove(carol, old)
    expect((await add(carol)).accountId).toBe(old)
    // Whoever gives somebody's default id takes nothing from them.
    const dora = await operator.addUser({ username: 'dora' })
    await accounts.add(bob, {
      accountName: 'squatted',
      accountId: accountIdOf(dora.userId, 'main'),
      credential: credential(),
    })
    expect(await add(dora)).toMatchObject({ userId: dora.userId, status: 'enabled' })
  })

  it('an account is refused for another environment, a name in use, and an unknown user', async () => {
    const { scope } = await addTenant(opened.db, 'refused')
    const add = (userId: string, accountName: string, environment?: string) =>
      accounts.add(
        { userId },
        { accountName, credential: credential(), ...(environment ? { environment } : {}) },
      )
    const refusals: [() => Promise<unknown>, string][] = [
      [() => add(scope.userId, 'x', 'mainnet'), 'ENVIRONMENT_MISMATCH'],
      [() => add(scope.userId, 'refused'), 'ALREADY_EXISTS'],
      [() => add(userIdOf('nobody'), 'x'), 'NOT_FOUND'],
    ]
    for (const [refusal, code] of refusals) await expect(refusal()).rejects.toMatchObject({ code })
    const keyless = new AccountRepository(opened.db)
    await expect(
      keyless.add(scope, { accountName: 'y', credential: credential() }),
    ).rejects.toMatchObject({ code: 'ENCRYPTION_KEYS_MISSING' })
  })

  it('a rotation replaces the key and erases the old secret', async () => {
    const { scope, accountId } = await addTenant(opened.db, 'rotated')
    const first = await enabledOf(accountId)
    await accounts.rotate(scope, accountId, credential('KEY2', 'SECRET2'))
    const second = await enabledOf(accountId)
    expect(second?.credential?.credentialId).not.toBe(first?.credential?.credentialId)
    expect(await activeSecret(scope, accountId)).toBe('SECRET2')
    expect((await accounts.show(scope, accountId))?.credentials).toMatchObject([
      { apiKey: 'KEY2', isActive: true, rotatedAt: null },
      { apiKey: 'KEY', isActive: false, rotatedAt: expect.any(Number), encryptionKeyId: null },
    ])
    const { rows } = await sql<{ secrets: number }>`select count(api_secret)::integer as secrets
      from api_credentials where account_id = ${accountId}`.execute(opened.db)
    expect(rows).toEqual([{ secrets: 1 }])
  })

  it('simultaneous rotations leave one active key', async () => {
    const { scope, accountId } = await addTenant(opened.db, 'raced')
    await Promise.all(
      [1, 2, 3].map((n) => accounts.rotate(scope, accountId, credential(`KEY${n}`, `S${n}`))),
    )
    const details = await accounts.show(scope, accountId)
    expect(details?.credentials.filter(({ isActive }) => isActive)).toHaveLength(1)
    expect(details?.credentials).toHaveLength(4)
  })

  it('only enabled accounts of active users are captured', async () => {
    const { scope, accountId } = await addTenant(opened.db, 'switched')
    expect(await accounts.disable(scope, accountId)).toMatchObject({ status: 'disabled' })
    expect(await enabledOf(accountId)).toBeUndefined()
    expect(await accounts.listEnabled(scope)).toEqual([])
    expect(await accounts.enable(scope, accountId)).toMatchObject({ status: 'enabled' })
    expect(await enabledOf(accountId)).toMatchObject({ userId: scope.userId })
    expect(await accounts.listEnabled(scope)).toHaveLength(1)
    await new UserRepository(opened.db).setStatus(scope, 'suspended')
    expect(await enabledOf(accountId)).toBeUndefined()
  })

  it('a removed account leaves a tombstone and its history, but no key; added again it is restored', async () => {
    const { scope, accountId } = await addTenant(opened.db, 'removed')
    await new ExecutionRepository(opened.db).bulkInsert([execution({ accountId })])
    expect(await accounts.remove(scope, accountId)).toMatchObject({
      status: 'removed',
      removedAt: expect.any(Number),
    })
    expect(await accounts.show(scope, accountId)).toMatchObject({ credentials: [] })
    expect(await enabledOf(accountId)).toBeUndefined()
    const removed = async () => (await operator.removedAccounts()).map((each) => each.accountId)
    expect(await removed()).toContain(accountId)
    for (const change of [
      () => accounts.enable(scope, accountId),
      () => accounts.remove(scope, accountId),
      () => accounts.rotate(scope, accountId, credential()),
    ]) {
      await expect(change()).rejects.toMatchObject({ code: 'NOT_FOUND' })
    }
    const again = await accounts.add(scope, { accountName: 'removed', credential: credential() })
    expect(again).toMatchObject({ accountId, status: 'enabled', removedAt: null })
    expect(await removed()).not.toContain(accountId)
    const executions = new ExecutionRepository(opened.db)
    expect(await executions.exists(scope, { accountId, execId: 'e1' })).toBe(true)
  })

  it('a secret that cannot be read makes a fault of its account only', async () => {
    const [good, swapped, other, keyless] = await Promise.all(
      ['good', 'swapped', 'other', 'keyless'].map((name) => addTenant(opened.db, name)),
    )
    if (!good || !swapped || !other || !keyless) throw new Error('four accounts')
    await sql`update api_credentials set api_secret = theirs.api_secret
      from api_credentials theirs where theirs.account_id = ${other.accountId}
        and api_credentials.account_id = ${swapped.accountId}`.execute(opened.db)
    await sql`delete from api_credentials where account_id = ${keyless.accountId}`.execute(
      opened.db,
    )
    expect(await enabledOf(good.accountId)).toMatchObject({ fault: null })
    expect((await enabledOf(good.accountId))?.credential?.secret.reveal()).toBe('SECRET')
    expect(await enabledOf(swapped.accountId)).toMatchObject({
      credential: null,
      fault: { code: 'SECRET_UNREADABLE', context: { accountId: swapped.accountId } },
    })
    expect(await enabledOf(keyless.accountId)).toMatchObject({ fault: { code: 'NOT_FOUND' } })
    // As JSON, and without the database.
    const kept = JSON.stringify(await operator.allSealedAccounts())
    expect(kept).not.toContain('SECRET')
    const reopened = operator.openAccounts(JSON.parse(kept))
    expect(reopened).toEqual(await operator.allEnabledAccounts())
    expect(
      reopened.find(({ accountId }) => accountId === good.accountId)?.credential?.secret.reveal(),
    ).toBe('SECRET')
    const blind = await new OperatorRepository(opened.db).allEnabledAccounts()
    const faults = new Set(blind.map(({ fault }) => fault?.code))
    expect(faults).toEqual(new Set(['ENCRYPTION_KEYS_MISSING', 'NOT_FOUND']))
    await sql`delete from api_credentials where account_id = ${swapped.accountId}`.execute(
      opened.db,
    )
  })

  /** Puts the secret of an account into the form in which version 1 stored it. */
  const makeOld = async (accountId: string, keyByte = 1) => {
    const { rows } = await sql<{ id: string }>`select credential_id as id from api_credentials
      where account_id = ${accountId} and is_active`.execute(opened.db)
    const place = { credentialId: rows[0]?.id ?? '', accountId }
    const { bytes, keyId } = sealedAsVersion1(place, 'SECRET', { keyId: 'k1', byte: keyByte })
    await opened.db
      .updateTable('api_credentials')
      .set({ api_secret: bytes, encryption_key_id: keyId })
      .where('credential_id', '=', place.credentialId)
      .execute()
  }
  const versionOf = async (accountId: string) => {
    const rows = await opened.db
      .selectFrom('api_credentials')
      .select('associated_data_version')
      .where('account_id', '=', accountId)
      .execute()
    return rows.map(({ associated_data_version }) => associated_data_version)
  }

  it.each([
    [
      'its user',
      sql`update bybit_accounts set user_id = other.user_id from users other
      where other.username = 'thief'`,
    ],
    ['its environment', sql`update bybit_accounts set environment = 'mainnet' where true`],
    ['its API key', sql`update api_credentials set api_key_id = 'ANOTHER' where true`],
    ['its key type', sql`update api_credentials set key_type = 'rsa' where true`],
  ])('a secret cannot be read once somebody changed %s', async (what, change) => {
    const { scope, accountId } = await addTenant(opened.db, `bound to ${what}`)
    const thief = await operator.addUser({ username: `thief of ${what}` })
    expect(await versionOf(accountId)).toEqual([2])
    await sql`update users set username = 'thief' where user_id = ${thief.userId}`.execute(
      opened.db,
    )
    await sql`${change} and account_id = ${accountId}`.execute(opened.db)
    const read = (reader: { userId: string }) =>
      activeSecret(reader, accountId).catch((error: { code: string }) => error.code)
    const seen = [await read(scope), await read(thief)]
    expect(seen.toSorted()).toEqual(['SECRET_UNREADABLE', undefined])
    // Elsewhere it would make every other test's accounts unreadable.
    await sql`delete from api_credentials where account_id = ${accountId}`.execute(opened.db)
    await sql`delete from bybit_accounts where account_id = ${accountId}`.execute(opened.db)
    await sql`delete from users where user_id = ${thief.userId}`.execute(opened.db)
  })

  it('secrets bound by version 1 are bound by all of it, with the key that they have', async () => {
    const { scope, accountId } = await addTenant(opened.db, 'old')
    const foreign = await addTenant(opened.db, 'old of another key')
    await makeOld(accountId)
    await makeOld(foreign.accountId, 9)
    expect(await versionOf(accountId)).toEqual([1])
    const keys = EncryptionKeys.parse(`k2:${keyOf(2)},k1:${keyOf(1)}`)
    const collector = new OperatorRepository(opened.db, { keys })
    expect(await collector.rebindSecrets()).toEqual({ rebound: 1, unreadable: 1 })
    expect(await collector.rebindSecrets()).toEqual({ rebound: 0, unreadable: 1 })
    expect(await versionOf(accountId)).toEqual([2])
    expect(await versionOf(foreign.accountId)).toEqual([1])
    // A collector that does not have the new key yet can go on.
    expect(await activeSecret(scope, accountId)).toBe('SECRET')
    await sql`delete from api_credentials where account_id = ${foreign.accountId}`.execute(
      opened.db,
    )
  })

  it('an account of another environment is in no list, and is told', async () => {
    const { scope, accountId } = await addTenant(opened.db, 'moved')
    expect(await operator.strayAccounts()).toEqual([])
    await sql`update bybit_accounts set environment = 'mainnet' where account_id = ${accountId}`.execute(
      opened.db,
    )
    expect(await accounts.list(scope)).toEqual([])
    expect(await accounts.listEnabled(scope)).toEqual([])
    expect(await enabledOf(accountId)).toBeUndefined()
    expect(await operator.strayAccounts()).toMatchObject([{ accountId, environment: 'mainnet' }])
    await accounts.remove(scope, accountId)
    expect(await operator.strayAccounts()).toEqual([])
  })

  it('all secrets or none are encrypted anew with a new key, and then need that key only', async () => {
    const { scope, accountId } = await addTenant(opened.db, 'reencrypted')
    await makeOld(accountId)
    const both = EncryptionKeys.parse(`k2:${keyOf(2)},k1:${keyOf(1)}`)
    const onlyNew = EncryptionKeys.parse(`k2:${keyOf(2)}`)
    const wrongOld = EncryptionKeys.parse(`k2:${keyOf(2)},k1:${keyOf(9)}`)
    const reencrypt = (keys: EncryptionKeys) =>
      new OperatorRepository(opened.db, { keys }).reencryptSecrets()
    await expect(reencrypt(wrongOld)).rejects.toMatchObject({ code: 'SECRET_UNREADABLE' })
    await expect(activeSecret(scope, accountId, onlyNew)).rejects.toMatchObject({
      code: 'ENCRYPTION_KEY_UNKNOWN',
    })
    expect(await reencrypt(both)).toBeGreaterThan(0)
    expect(await reencrypt(both)).toBe(0)
    expect(await versionOf(accountId)).toEqual([2])
    await makeOld(accountId, 2)
    await sql`update api_credentials set encryption_key_id = 'k2'
      where account_id = ${accountId}`.execute(opened.db)
    expect(await reencrypt(onlyNew)).toBe(1)
    expect(await versionOf(accountId)).toEqual([2])
    expect(await activeSecret(scope, accountId, onlyNew)).toBe('SECRET')
    await expect(activeSecret(scope, accountId)).rejects.toMatchObject({
      code: 'ENCRYPTION_KEY_UNKNOWN',
    })
  })
})

it(
  'notifies listeners of every change of accounts and keys, without content',
  async () => {
    const opened = await openPostgres()
    await migrate(opened.db)
    const listener = new pg.Client({ connectionString: opened.url })
    await listener.connect()
    const payloads: (string | undefined)[] = []
    const heard = async (count: number) => {
      while (payloads.length < count)
        await new Promise((resolve) => listener.once('notification', resolve))
      return payloads.splice(0)
    }
    listener.on('notification', ({ payload }) => payloads.push(payload))
    await listener.query('listen grid_accounts')
    const { scope, accountId } = await addTenant(opened.db, 'heard')
    expect(await heard(1)).toEqual([''])
    const accounts = new AccountRepository(opened.db, { keys: KEYS })
    await accounts.rotate(scope, accountId, { apiKey: 'K', secret: new Secret('s') })
    expect(await heard(1)).toEqual([''])
    await accounts.disable(scope, accountId)
    expect(await heard(1)).toEqual([''])
    await listener.end()
    await opened.close()
  },
  START_TIMEOUT_MS,
)
