import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { inspect } from 'node:util'
import { BybitPrivateRestClient, BybitPrivateStream } from '@grid/bybit-adapter'
import { type AccountInfo, startSimulator } from '@grid/bybit-sim'
import { EncryptionKeys, type GridDatabase, migrate, OperatorRepository } from '@grid/db'
import { CompiledQuery, type Kysely, sql } from 'kysely'
import { expect, it } from 'vitest'
import { runProgram } from '../../src/cli/program.ts'
import { Canaries } from '../support/canaries.ts'
import { makeSaver, ownDatabase, quiet } from '../support/rig.ts'
import { TcpProxy } from '../support/tcp-proxy.ts'

const TIMEOUT = { timeout: 120_000 }
const newSecret = () => randomBytes(18).toString('hex')
const shown = (value: unknown) =>
  inspect(value, { showHidden: true, depth: 12, maxArrayLength: 500 })

/** Every row of every table as text. */
async function dump(db: Kysely<GridDatabase>): Promise<string> {
  const { rows } = await sql<{ name: string }>`
    select oid::regclass::text as name from pg_class
    where relnamespace = 'public'::regnamespace and relkind = 'r'`.execute(db)
  const texts = rows.map(async ({ name }) => {
    const query = CompiledQuery.raw(`select t::text as text from ${name} t`)
    const { rows: found } = await db.executeQuery<{ text: string }>(query)
    return found.map(({ text }) => text).join('\n')
  })
  return (await Promise.all(texts)).join('\n')
}

async function filesIn(folder: string): Promise<string> {
  const files = await readdir(folder, { recursive: true, withFileTypes: true })
  const texts = files
    // The journal's reserve is 64 MB of random bytes, in which a search takes minutes.
    .filter((file) => file.isFile() && file.name !== 'reserve')
    .map((file) => readFile(join(file.parentPath, file.name), 'latin1'))
  return (await Promise.all(texts)).join('\n')
}

it('no secret appears in any output, log, error, file or table', {
  timeout: 300_000,
}, async () => {
  const canaries = new Canaries()
  const seen: Record<string, string> = {}
  await using database = await ownDatabase()
  await using sim = await startSimulator({ seed: 31, symbols: ['BTCUSDT'], paused: true })
  await using proxy = await TcpProxy.to(database.url)
  await migrate(database.db, { environment: 'custom:127.0.0.1' })
  const folder = await mkdtemp(join(tmpdir(), 'grid-secrets-'))

  const password = newSecret()
  canaries.plant('password', password)
  const login = `grid_test_${randomBytes(6).toString('hex')}`
  await sql`create role ${sql.ref(login)} login superuser password ${sql.lit(password)}`.execute(
    database.db,
  )
  const through = new URL(proxy.through(database.url))
  through.username = login
  through.password = password
  const keyBytes = [randomBytes(32), randomBytes(32)]
  for (const [index, bytes] of keyBytes.entries()) canaries.plant(`encryption key ${index}`, bytes)
  const keysText = keyBytes.map((bytes, index) => `k${index}:${bytes.toString('base64')}`).join(',')
  const settings = {
    EVENTSAVER_DATABASE_URL: through.href,
    EVENTSAVER_WS_URL: sim.wsUrl,
    EVENTSAVER_REST_URL: sim.restUrl,
    EVENTSAVER_SYMBOLS: 'BTCUSDT',
    EVENTSAVER_ACCOUNT_CATEGORIES: 'linear',
    EVENTSAVER_DATA_DIR: folder,
    EVENTSAVER_HTTP_ADDRESS: '127.0.0.1:0',
    EVENTSAVER_ENCRYPTION_KEYS: keysText,
  }

  let told = ''
  const tell = (text: string) => {
    told += text
  }
  const command = (args: readonly string[], input = '', env: Record<string, string> = settings) => {
    const stdin = Readable.from([input])
    return runProgram({ argv: args, env, cwd: folder, out: tell, err: tell, stdin })
  }
  const add = async (
    name: string,
    secret?: string,
    { keys: [key] }: AccountInfo = sim.exchange.openAccount(),
  ) => {
    const given = secret ?? key?.secret ?? ''
    if (given.startsWith('-----')) canaries.plantPem(name, given)
    else canaries.plant(name, given)
    const args = [
      'account',
      'add',
      name,
      '--user',
      name,
      '--api-key',
      key?.apiKey ?? '',
      '--no-check',
    ]
    expect(await command(args, given)).toBe(0)
    return { apiKey: key?.apiKey ?? '', secret: given }
  }

  const { privateKey, publicKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  })
  const account = sim.exchange.openAccount()
  const good = await add('good', undefined, account)
  const rsaAccount = sim.exchange.openAccount({ keys: [{ rsaPublicKey: publicKey }] })
  const rsa = await add('rsa', privateKey, rsaAccount)
  await add('wrong', newSecret())
  await add('wrong-rsa', privateKey)
  const expired = sim.exchange.openAccount({ keys: [{ expiresAt: Date.now() - 1000 }] })
  await add('expired', undefined, expired)
  await add('powerless', undefined, sim.exchange.openAccount({ keys: [{ permissions: {} }] }))
  const revoked = await add('revoked')
  sim.exchange.revokeKey(revoked.apiKey)
  for (const name of ['tampered', 'unknown-key', 'swapped-1', 'swapped-2']) await add(name)
  const secretOf = (name: string) => sql`(select account_id from bybit_accounts
    where account_name = ${name})`
  await sql`update api_credentials set api_secret = set_byte(api_secret, 20, get_byte(api_secret, 20) # 1)
    where account_id = ${secretOf('tampered')}`.execute(database.db)
  await sql`update api_credentials set encryption_key_id = 'zzz'
    where account_id = ${secretOf('unknown-key')}`.execute(database.db)
  await sql`update api_credentials set api_secret = (select api_secret from api_credentials
      where account_id = ${secretOf('swapped-2')})
    where account_id = ${secretOf('swapped-1')}`.execute(database.db)

  const { saver, log } = makeSaver(sim.wsUrl, through.href, settings)
  const address = (await saver.start()) ?? ''
  const state = () =>
    Object.fromEntries(
      saver.status().accounts.map(({ accountName, code, state }) => [accountName, code ?? state]),
    )
  await expect.poll(state, TIMEOUT).toEqual({
    good: 'live',
    rsa: 'live',
    wrong: 'SIGNATURE_INVALID',
    'wrong-rsa': 'SIGNATURE_INVALID',
    expired: 'API_KEY_EXPIRED',
    powerless: 'PERMISSION_DENIED',
    revoked: 'API_KEY_INVALID',
    tampered: 'SECRET_UNREADABLE',
    'unknown-key': 'ENCRYPTION_KEY_UNKNOWN',
    'swapped-1': 'SECRET_UNREADABLE',
    'swapped-2': 'live',
  })
  const other = newSecret()
  canaries.plant('given by rotation', other)
  const rotate = ['account', 'rotate', 'wrong', '--api-key', 'ANOTHERKEY', '--no-check']
  expect(await command(rotate, other)).toBe(0)
  await expect.poll(() => state()['wrong'], TIMEOUT).toBe('API_KEY_INVALID')
  expect(await command(['account', 'remove', 'expired'])).toBe(0)
  // What the exchange says amiss of an account becomes a dead letter, whole.
  await sim.fault({ kind: 'garbage', payload: 'text', uid: account.uid })
  sim.exchange.placeOrder(account.uid, { symbol: 'BTCUSDT', side: 'Buy', qty: '0.01' })
  proxy.down()
  await expect.poll(() => log.some(({ code }) => code === 'WRITE_FAILED'), TIMEOUT).toBe(true)
  expect(await command(['account', 'list'])).toBe(75)
  proxy.up()
  await quiet(saver)
  for (const path of ['/status', '/metrics', '/readyz', '/livez', '/nothing']) {
    seen[path] = await (await fetch(`http://${address}${path}`)).text()
  }
  const asked = { ...settings, EVENTSAVER_HTTP_ADDRESS: address }
  for (const args of [['status'], ['config'], ['doctor'], ['account', 'list']]) {
    await command(args, '', asked)
    await command([...args, '--json'], '', asked)
  }
  for (const name of Object.keys(state())) {
    for (const what of ['show', 'test']) {
      await command(['account', what, name])
      await command(['account', what, name, '--json'])
    }
  }
  // Reencrypting meets what cannot be read, and changes nothing.
  expect(await command(['account', 'reencrypt'])).toBe(78)
  const swappedKeys = `k0:${keyBytes[1]?.toString('base64')}`
  const misled = { ...settings, EVENTSAVER_ENCRYPTION_KEYS: swappedKeys }
  expect(await command(['account', 'test', 'good'], '', misled)).toBe(78)
  const unreadable = { ...settings, EVENTSAVER_ENCRYPTION_KEYS: keysText.replaceAll(':', ';') }
  expect(await command(['account', 'test', 'good'], '', unreadable)).toBe(78)

  const keys = EncryptionKeys.parse(keysText)
  const operator = new OperatorRepository(database.db, { keys })
  const accounts = await operator.allEnabledAccounts()
  const { accountId } = accounts[0] ?? { accountId: '' }
  const places = { accountId, wsUrl: sim.wsUrl, restUrl: sim.restUrl }
  const clients = [
    { apiKey: good.apiKey, secret: good.secret },
    { apiKey: rsa.apiKey, privateKey: rsa.secret },
  ].flatMap((credentials) => [
    new BybitPrivateStream({ ...places, credentials }),
    new BybitPrivateRestClient({ ...places, credentials }),
  ])
  seen['inspection'] = shown([saver, keys, operator, accounts, clients])
  seen['JSON'] = JSON.stringify([keys, accounts])
  seen['faults'] = shown(accounts.map(({ fault }) => fault))
  await saver.stop(AbortSignal.timeout(30_000))
  seen['log'] = JSON.stringify(log)
  seen['terminal'] = told
  seen['database'] = await dump(database.db)
  seen['files'] = await filesIn(folder)

  await sql`drop owned by ${sql.ref(login)}`.execute(database.db)
  await sql`drop role ${sql.ref(login)}`.execute(database.db)
  await rm(folder, { recursive: true })
  // The search itself works: it finds the public part of a key, and the secrets shown on purpose.
  expect(seen['database']).toContain(good.apiKey)
  expect(seen['database']).toMatch(/garbage|not JSON|private/i)
  const planted = { ...seen, planted: `${shown(keyBytes[0])} ${shown({ password })}` }
  expect(canaries.seenIn(planted)).toEqual(['password in planted', 'encryption key 0 in planted'])
  expect(canaries.size).toBeGreaterThan(30)
  expect(canaries.seenIn(seen)).toEqual([])
})
