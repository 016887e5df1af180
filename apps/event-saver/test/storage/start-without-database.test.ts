import { randomBytes } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { startSimulator } from '@grid/bybit-sim'
import { CaptureGapRepository, PositionSnapshotRepository } from '@grid/db'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { runProgram } from '../../src/cli/program.ts'
import type { Saver } from '../../src/saver.ts'
import { Tenants } from '../support/accounts.ts'
import { imbalances, makeSaver, ownDatabase, prove, quiet } from '../support/rig.ts'
import { TcpProxy } from '../support/tcp-proxy.ts'

const TIMEOUT = { timeout: 120_000 }
const AGREES = { missing: 0, unexpected: 0, different: 0, samples: [] }
const SYMBOLS = ['BTCUSDT', 'ETHUSDT', 'SOLUSDT', 'XRPUSDT']
const patience = () => AbortSignal.timeout(60_000)

let dataDir: string
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'grid-outage-'))
})
afterEach(() => rm(dataDir, { recursive: true }))

const kept = (name: string): string => join(dataDir, 'kept', `${name}.json`)
interface KeptAccount {
  readonly accountName: string
  readonly credential?: { readonly sealedSecret: string }
}
const keptAccounts = async (): Promise<string[]> => {
  const { value } = JSON.parse(await readFile(kept('accounts'), 'utf8')) as {
    value: { accountName: string }[]
  }
  return value.map(({ accountName }) => accountName).sort()
}
const live = (saver: Saver): string[] =>
  saver
    .status()
    .accounts.flatMap(({ accountName, state }) => (state === 'live' ? [accountName] : []))
const liveTrades = (saver: Saver): number =>
  saver
    .status()
    .topics.filter(({ topic, state }) => topic.startsWith('publicTrade') && state === 'live').length
const allStored = (saver: Saver) =>
  expect
    .poll(() => saver.pipeline.sample().reduce((sum, { waiting }) => sum + waiting, 0), TIMEOUT)
    .toBe(0)
const known = (saver: Saver) =>
  expect
    .poll(() => saver.status().checks.find(({ code }) => code === 'ACCOUNTS_KNOWN')?.ok, TIMEOUT)
    .toBe(true)

/** Runs a saver until it knows everything that there is, and stops it. */
async function runOnce(
  wsUrl: string,
  databaseUrl: string,
  env: Record<string, string>,
): Promise<void> {
  const { saver } = makeSaver(wsUrl, databaseUrl, env, { historySettleMs: 500 })
  await saver.start()
  await known(saver)
  await expect.poll(() => liveTrades(saver), TIMEOUT).toBe(SYMBOLS.length)
  await expect.poll(() => live(saver).length, TIMEOUT).toBe(2)
  expect((await saver.stop(patience())).lost).toBe(0)
}

describe('a start while the database is away', () => {
  it('captures all instruments and accounts that were known, and loses nothing', {
    timeout: 300_000,
  }, async () => {
    await using database = await ownDatabase()
    await using proxy = await TcpProxy.to(database.url)
    await using sim = await startSimulator({
      seed: 61,
      symbols: SYMBOLS,
      tradesPerSecond: 20,
      paused: true,
    })
    const tenants = await Tenants.prepare(database.db, sim)
    const [ann, bob] = [await tenants.add('ann', 'a'), await tenants.add('bob', 'b')]
    const env = { ...tenants.env, EVENTSAVER_SYMBOLS: 'linear:*', EVENTSAVER_DATA_DIR: dataDir }
    await runOnce(sim.wsUrl, proxy.through(database.url), env)
    for (const name of ['accounts', 'symbols-linear']) {
      expect((await stat(kept(name))).mode & 0o777, name).toBe(0o600)
    }

    proxy.down()
    const { saver, log } = makeSaver(sim.wsUrl, proxy.through(database.url), env, {
      historySettleMs: 500,
    })
    await saver.start()
    await expect.poll(() => live(saver), TIMEOUT).toEqual(['a', 'b'])
    await expect.poll(() => liveTrades(saver), TIMEOUT).toBe(SYMBOLS.length)
    expect(log.find(({ code }) => code === 'ACCOUNTS_KEPT')).toBeDefined()
    expect(log.find(({ msg }) => msg.startsWith('capturing what was last listed'))).toBeDefined()
    for (const { uid } of [ann, bob]) {
      sim.exchange.placeOrder(uid, { symbol: 'BTCUSDT', side: 'Buy', qty: '0.01' })
    }
    sim.resume()
    const received = (name: string) =>
      saver.pipeline.sample().find(({ channel }) => channel === name)?.received ?? 0
    await expect.poll(() => received('execution'), TIMEOUT).toBe(2)
    await expect.poll(() => received('publicTrade'), TIMEOUT).toBeGreaterThan(50)
    expect(saver.status().ready).toBe(false)

    proxy.up()
    await known(saver)
    await expect
      .poll(() => saver.status().accounts.every(({ snapshotAt }) => snapshotAt !== null), TIMEOUT)
      .toBe(true)
    sim.pause()
    await quiet(saver)
    await allStored(saver)
    expect(await tenants.prove()).toMatchObject({ ...AGREES, executions: 2 })
    expect(await prove(database.db, sim)).toMatchObject(AGREES)
    // Of both accounts, before the first process and before the second.
    const gaps = await new CaptureGapRepository(database.db).list({ of: 'everyone' })
    expect(
      gaps.filter(({ reason, channel }) => reason === 'start' && channel === 'execution'),
    ).toHaveLength(4)
    expect(imbalances(saver)).toEqual([])
    expect((await saver.stop(patience())).lost).toBe(0)
  })

  it('goes on without an account that was disabled meanwhile, once the database says so', async () => {
    await using database = await ownDatabase()
    await using proxy = await TcpProxy.to(database.url)
    await using sim = await startSimulator({ seed: 62, symbols: SYMBOLS, paused: true })
    const tenants = await Tenants.prepare(database.db, sim)
    const [ann] = [await tenants.add('ann', 'a'), await tenants.add('bob', 'b')]
    const env = { ...tenants.env, EVENTSAVER_SYMBOLS: 'linear:*', EVENTSAVER_DATA_DIR: dataDir }
    await runOnce(sim.wsUrl, proxy.through(database.url), env)
    proxy.down()
    await tenants.repository.disable({ userId: ann.userId }, ann.accountId)
    const { saver } = makeSaver(sim.wsUrl, proxy.through(database.url), env)
    await saver.start()
    await expect.poll(() => live(saver), TIMEOUT).toEqual(['a', 'b'])
    expect(await keptAccounts()).toEqual(['a', 'b'])
    proxy.up()
    await known(saver)
    await expect.poll(() => live(saver), TIMEOUT).toEqual(['b'])
    await expect.poll(keptAccounts, TIMEOUT).toEqual(['b'])
    expect((await saver.stop(patience())).lost).toBe(0)
  })

  it.each([
    ['disables', ['disable', 'a', '--user', 'ann'], ['b']],
    ['gives another key', ['rotate', 'a', '--user', 'ann', '--api-key', 'X', '--no-check'], ['b']],
    ['encrypts anew', ['reencrypt'], ['a', 'b']],
  ])(
    'begins with the accounts and keys that a command leaves: it %s',
    async (_what, argv, then) => {
      await using database = await ownDatabase()
      await using proxy = await TcpProxy.to(database.url)
      await using sim = await startSimulator({ seed: 67, symbols: SYMBOLS, paused: true })
      const tenants = await Tenants.prepare(database.db, sim)
      const [ann] = [await tenants.add('ann', 'a'), await tenants.add('bob', 'b')]
      const env = { ...tenants.env, EVENTSAVER_SYMBOLS: 'linear:*', EVENTSAVER_DATA_DIR: dataDir }
      const url = proxy.through(database.url)
      await runOnce(sim.wsUrl, url, env)
      const before = await readFile(kept('accounts'), 'utf8')
      await writeFile(`${kept('accounts')}.0badcafe.tmp`, ann.accountId)

      const newKey = `new:${randomBytes(32).toString('base64')}`
      const keys = `${newKey},${tenants.keysText}`
      let stderr = ''
      const code = await runProgram({
        argv: ['account', ...argv],
        env: {
          ...env,
          EVENTSAVER_ENCRYPTION_KEYS: keys,
          EVENTSAVER_DATABASE_URL: url,
          EVENTSAVER_WS_URL: sim.wsUrl,
        },
        cwd: dataDir,
        out: () => {},
        err: (text) => {
          stderr += text
        },
        stdin: Readable.from(['another-secret']),
      })
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
      const { value } = JSON.parse(before) as { value: KeptAccount[] }
      const { credential } = value.find(({ accountName }) => accountName === 'a') ?? {}
      expect(await readFile(kept('accounts'), 'utf8')).not.toContain(credential?.sealedSecret)
      expect(await readdir(join(dataDir, 'kept'))).not.toContainEqual(expect.stringMatching(/tmp$/))

      proxy.down()
      // Once all is encrypted anew, the old encryption key is gone.
      const ownKeys = argv[0] === 'reencrypt' ? newKey : keys
      const { saver } = makeSaver(sim.wsUrl, url, { ...env, EVENTSAVER_ENCRYPTION_KEYS: ownKeys })
      await saver.start()
      await expect.poll(() => live(saver), TIMEOUT).toEqual(then)
      const faults = saver
        .status()
        .accounts.flatMap(({ accountName, state }) => (state === 'live' ? [] : [accountName]))
      // The exchange refuses the other key.
      expect(faults).toEqual(argv[0] === 'rotate' ? ['a'] : [])
      expect((await saver.stop(AbortSignal.timeout(2000))).lost).toBe(0)
    },
  )

  it('knows what was open before a time without database and saver, and stores what was closed in it', async () => {
    await using database = await ownDatabase()
    await using proxy = await TcpProxy.to(database.url)
    await using sim = await startSimulator({ seed: 66, symbols: SYMBOLS, paused: true })
    const tenants = await Tenants.prepare(database.db, sim)
    const [{ uid, userId, accountId }] = [
      await tenants.add('ann', 'a'),
      await tenants.add('bob', 'b'),
    ]
    const env = { ...tenants.env, EVENTSAVER_SYMBOLS: 'linear:*', EVENTSAVER_DATA_DIR: dataDir }
    await runOnce(sim.wsUrl, proxy.through(database.url), env)

    proxy.down()
    const { saver: without } = makeSaver(sim.wsUrl, proxy.through(database.url), env)
    await without.start()
    await expect.poll(() => live(without), TIMEOUT).toEqual(['a', 'b'])
    sim.exchange.placeOrder(uid, { symbol: 'BTCUSDT', side: 'Buy', qty: '0.01' })
    const received = () =>
      without.pipeline.sample().find(({ channel }) => channel === 'position')?.received ?? 0
    await expect.poll(received, TIMEOUT).toBeGreaterThan(0)
    expect((await without.stop(AbortSignal.timeout(2000))).lost).toBe(0)
    sim.exchange.placeOrder(uid, { symbol: 'BTCUSDT', side: 'Sell', qty: '0.01' })

    proxy.up()
    const { saver } = makeSaver(sim.wsUrl, proxy.through(database.url), env)
    await saver.start()
    const positions = new PositionSnapshotRepository(database.db)
    const legs = () => positions.latest({ userId }, { accountId })
    await expect.poll(legs, TIMEOUT).toMatchObject([{ symbol: 'BTCUSDT', size: '0' }])
    expect((await saver.stop(patience())).lost).toBe(0)
  })

  it('leaves gaps of what it was captured without and is captured no longer', {
    timeout: 300_000,
  }, async () => {
    await using database = await ownDatabase()
    await using proxy = await TcpProxy.to(database.url)
    await using sim = await startSimulator({ seed: 64, symbols: SYMBOLS, tradesPerSecond: 50 })
    const tenants = await Tenants.prepare(database.db, sim)
    const [ann] = [await tenants.add('ann', 'a'), await tenants.add('bob', 'b')]
    const url = proxy.through(database.url)
    const env = { ...tenants.env, EVENTSAVER_SYMBOLS: 'linear:*', EVENTSAVER_DATA_DIR: dataDir }
    await runOnce(sim.wsUrl, url, env)
    // What the next start knows of the time before it, the journal does not say.
    await rm(join(dataDir, 'journal'), { recursive: true })
    const sinceMs = Date.now()
    proxy.down()
    const away = makeSaver(sim.wsUrl, url, env).saver
    await away.start()
    await expect.poll(() => live(away), TIMEOUT).toEqual(['a', 'b'])
    await expect.poll(() => liveTrades(away), TIMEOUT).toBe(SYMBOLS.length)
    await away.stop(patience())
    await tenants.repository.disable({ userId: ann.userId }, ann.accountId)
    proxy.up()
    const { saver } = makeSaver(sim.wsUrl, url, { ...env, EVENTSAVER_SYMBOLS: 'BTCUSDT' })
    await saver.start()
    await expect.poll(() => live(saver), TIMEOUT).toEqual(['b'])
    await allStored(saver)
    const repository = new CaptureGapRepository(database.db)
    const started = async () => {
      const gaps = await repository.list({ of: 'everyone' })
      return gaps.filter(({ endTs, reason }) => reason === 'start' && endTs >= sinceMs)
    }
    const symbols = async () => new Set((await started()).map(({ symbol }) => symbol))
    await expect.poll(symbols, TIMEOUT).toEqual(new Set([...SYMBOLS, null]))
    const accounts = async () => (await started()).map(({ accountId }) => accountId)
    await expect.poll(accounts, TIMEOUT).toContain(ann.accountId)
    await saver.stop(patience())
  })

  it('uses no file that is damaged, and says so', async () => {
    await using database = await ownDatabase()
    await using proxy = await TcpProxy.to(database.url)
    await using sim = await startSimulator({ seed: 63, symbols: SYMBOLS, paused: true })
    const tenants = await Tenants.prepare(database.db, sim)
    await tenants.add('ann', 'a')
    await tenants.add('bob', 'b')
    const env = { ...tenants.env, EVENTSAVER_SYMBOLS: 'linear:*', EVENTSAVER_DATA_DIR: dataDir }
    await runOnce(sim.wsUrl, proxy.through(database.url), env)
    for (const name of ['accounts', 'symbols-linear']) {
      const text = await readFile(kept(name), 'utf8')
      await writeFile(kept(name), text.slice(0, -20))
    }
    proxy.down()
    const { saver, log } = makeSaver(sim.wsUrl, proxy.through(database.url), env)
    await saver.start()
    // The list comes from the exchange.
    await expect.poll(() => liveTrades(saver), TIMEOUT).toBe(SYMBOLS.length)
    await expect
      .poll(() => log.filter(({ code }) => code === 'KEPT_FILE_IGNORED').length, TIMEOUT)
      .toBe(2)
    expect(saver.status().accounts).toEqual([])
    proxy.up()
    await expect.poll(() => live(saver), TIMEOUT).toEqual(['a', 'b'])
    await expect.poll(keptAccounts, TIMEOUT).toEqual(['a', 'b'])
    expect((await saver.stop(patience())).lost).toBe(0)
  })

  it('leaves the accounts of another database alone', async () => {
    await using database = await ownDatabase()
    await using other = await ownDatabase()
    await using proxy = await TcpProxy.to(other.url)
    await using sim = await startSimulator({ seed: 64, symbols: SYMBOLS, paused: true })
    const tenants = await Tenants.prepare(database.db, sim)
    await tenants.add('ann', 'a')
    await tenants.add('bob', 'b')
    const env = { ...tenants.env, EVENTSAVER_SYMBOLS: 'linear:*', EVENTSAVER_DATA_DIR: dataDir }
    await runOnce(sim.wsUrl, database.url, env)
    proxy.down()
    const { saver, log } = makeSaver(sim.wsUrl, proxy.through(other.url), env)
    await saver.start()
    await expect
      .poll(() => log.find(({ code }) => code === 'KEPT_FILE_IGNORED'), TIMEOUT)
      .toMatchObject({ reason: expect.stringContaining('its database is') })
    expect(saver.status().accounts).toEqual([])
    await saver.stop(AbortSignal.abort())
  })

  it('leaves them alone where PGPORT makes another server of the same URL', async () => {
    await using database = await ownDatabase()
    await using sim = await startSimulator({ seed: 65, symbols: SYMBOLS, paused: true })
    const tenants = await Tenants.prepare(database.db, sim)
    await tenants.add('ann', 'a')
    await tenants.add('bob', 'b')
    const env = { ...tenants.env, EVENTSAVER_SYMBOLS: 'linear:*', EVENTSAVER_DATA_DIR: dataDir }
    const url = new URL(database.url)
    vi.stubEnv('PGPORT', url.port || '5432')
    url.port = ''
    try {
      await runOnce(sim.wsUrl, url.href, env)
      vi.stubEnv('PGPORT', '9')
      const { saver, log } = makeSaver(sim.wsUrl, url.href, env)
      await saver.start()
      await expect
        .poll(() => log.find(({ code }) => code === 'KEPT_FILE_IGNORED'), TIMEOUT)
        .toMatchObject({ reason: expect.stringMatching(/its database is .*, not .* PGPORT=9$/) })
      expect(saver.status().accounts).toEqual([])
      await saver.stop(AbortSignal.abort())
    } finally {
      vi.unstubAllEnvs()
    }
  })
})
