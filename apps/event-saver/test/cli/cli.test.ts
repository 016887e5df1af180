import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startSimulator } from '@grid/bybit-sim'
import { migrate } from '@grid/db'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Cli, runCli } from '../support/cli.ts'
import { ownDatabase } from '../support/rig.ts'

/** A database URL with a port that nothing listens on. */
const NOWHERE = 'postgres://nobody@127.0.0.1:9/grid'
const NO_EXCHANGE = 'ws://127.0.0.1:9'

let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'grid-cli-'))
})
afterAll(() => rm(folder, { recursive: true }))

describe('usage', () => {
  it('prints help with settings and examples', async () => {
    const { code, stdout } = await runCli(['run', '--help'])
    expect(code).toBe(0)
    expect(stdout).toContain('EVENTSAVER_SYMBOLS')
    expect(stdout).toContain('Examples:')
  })

  it('shows the options of a command before those of all commands', async () => {
    const { stdout } = await runCli(['partitions', 'prune', '--help'])
    const places = [
      '--force',
      '--dry-run',
      'Settings of all commands:',
      '--config',
      '--symbols',
    ].map((text) => stdout.indexOf(text))
    expect(places).not.toContain(-1)
    expect(Math.max(...places.slice(0, 2))).toBeLessThan(places[2] ?? 0)
    expect(Math.min(...places.slice(3))).toBeGreaterThan(places[2] ?? 0)
  })

  it('prints its version', async () => {
    const { default: manifest } = await import('../../package.json', { with: { type: 'json' } })
    const { code, stdout } = await runCli(['--version'])
    expect({ code, stdout }).toEqual({ code: 0, stdout: `event-saver ${manifest.version}\n` })
  })

  it.each([
    ['a flag', ['--exit-on-db-error'], {}],
    ['a flag with a value', ['--exit-on-db-error', 'true'], {}],
    ['a variable', [], { EVENTSAVER_EXIT_ON_DB_ERROR: 'true' }],
  ])('does not wait for a database that is away, by %s', async (_by, flags, env) => {
    const { code, stderr } = await runCli(['run', ...flags], {
      EVENTSAVER_WS_URL: NO_EXCHANGE,
      EVENTSAVER_DATABASE_URL: NOWHERE,
      ...env,
    })
    expect(code).toBe(75)
    expect(stderr).toContain('DATABASE_UNREACHABLE')
  })

  it.each([[['fly']], [['run', '--speed', '9']], [[]]])('exits 2 for %j', async (args) => {
    expect((await runCli(args)).code).toBe(2)
  })

  it('prints the configuration without its password', async () => {
    const env = { EVENTSAVER_DATABASE_URL: 'postgres://u:canary-8@h/d' }
    const { code, stdout } = await runCli(['config', '--json'], env)
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({
      symbols: 'BTCUSDT,ETHUSDT',
      hidden: { databaseUrl: 'postgres://u:***@h/d' },
      origins: { databaseUrl: 'environment', symbols: 'default' },
    })
    expect(stdout).not.toContain('canary-8')
  })

  it('status exits with 3 when no saver answers', async () => {
    const { code, stderr } = await runCli(['status'], { EVENTSAVER_HTTP_ADDRESS: '127.0.0.1:2' })
    expect(code).toBe(3)
    expect(stderr).toContain('SAVER_UNREACHABLE')
  })
})

describe('a wrong configuration', () => {
  it('exits 78 with every fault', async () => {
    const env = { EVENTSAVER_BATCH_SIZE: 'many', EVENTSAVER_CATEGORY: 'x' }
    const { code, stderr } = await runCli(['run'], env)
    expect(code).toBe(78)
    // One line of the log's form.
    const { msg } = JSON.parse(stderr) as { msg: string }
    expect(msg).toContain('2 faults in the configuration')
    expect(msg).toContain('EVENTSAVER_BATCH_SIZE: "many" must be a whole number')
    expect(msg).toContain('EVENTSAVER_CATEGORY')
  })

  it('exits 78 when the HTTP port is taken', async () => {
    const blocker = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => blocker.once('listening', resolve))
    const { port } = blocker.address() as AddressInfo
    const { code, stderr } = await runCli(['run'], {
      EVENTSAVER_HTTP_ADDRESS: `127.0.0.1:${port}`,
      EVENTSAVER_DATABASE_URL: NOWHERE,
      EVENTSAVER_WS_URL: NO_EXCHANGE,
    })
    blocker.close()
    expect(code).toBe(78)
    expect(stderr).toContain('HTTP_ADDRESS_UNUSABLE')
  })

  it('exits 78 for a database of another environment, naming both', async () => {
    await using database = await ownDatabase()
    await migrate(database.db, { environment: 'mainnet' })
    const { code, stderr } = await runCli(['run'], {
      EVENTSAVER_DATABASE_URL: database.url,
      EVENTSAVER_WS_URL: NO_EXCHANGE,
    })
    expect(code).toBe(78)
    expect(stderr).toContain('mainnet')
    expect(stderr).toContain('custom:127.0.0.1')
  })

  it('exits 78 for a database that is too new to be written', async () => {
    await using database = await ownDatabase()
    await migrate(database.db, { environment: 'custom:127.0.0.1' })
    await sql`update grid_meta set schema_version = 99, min_writer = 99`.execute(database.db)
    const { code, stderr } = await runCli(['run'], {
      EVENTSAVER_DATABASE_URL: database.url,
      EVENTSAVER_WS_URL: NO_EXCHANGE,
    })
    expect(code).toBe(78)
    expect(stderr).toContain('99')
  })

  it('exits 78 when migrations are pending and may not be run', async () => {
    await using database = await ownDatabase()
    const { code, stderr } = await runCli(['run'], {
      EVENTSAVER_DATABASE_URL: database.url,
      EVENTSAVER_WS_URL: NO_EXCHANGE,
      EVENTSAVER_MIGRATE: 'check',
    })
    expect(code).toBe(78)
    expect(stderr).toContain('MIGRATIONS_PENDING')
  })
})

describe('a database that is away', () => {
  it.each(['run', 'migrate'])('exits 75 from %s when asked to', async (command) => {
    const flags = command === 'run' ? ['--exit-on-db-error'] : []
    const { code, stderr } = await runCli([command, ...flags], {
      EVENTSAVER_DATABASE_URL: NOWHERE,
      EVENTSAVER_WS_URL: NO_EXCHANGE,
    })
    expect(code).toBe(75)
    expect(stderr).toContain('DATABASE_UNREACHABLE')
  })
})

describe('run', () => {
  it('without exchange and database is alive but not ready, keeps trying, and logs little', async () => {
    await using cli = new Cli(['run'], {
      EVENTSAVER_DATABASE_URL: NOWHERE,
      EVENTSAVER_WS_URL: NO_EXCHANGE,
    })
    await expect.poll(() => cli.httpAddress, { timeout: 120_000 }).toBeDefined()
    await expect
      .poll(() => cli.log.filter(({ code }) => code === 'CONNECT_FAILED').length, {
        timeout: 120_000,
      })
      .toBeGreaterThanOrEqual(2)
    expect((await cli.get('/livez')).status).toBe(200)
    const ready = await cli.get('/readyz')
    expect(ready.status).toBe(503)
    expect(await ready.json()).toMatchObject({
      ready: false,
      checks: [
        { code: 'DATABASE_REACHED', ok: false },
        { code: 'TOPICS_LIVE', ok: false },
        { code: 'CONNECTIONS_ALIVE', ok: true },
        { code: 'ACCOUNTS_KNOWN', ok: false },
        {},
        {},
        {},
        {},
        {},
        {},
      ],
    })
    expect(cli.log.map(({ code }) => code)).toContain('DATABASE_UNREACHABLE')
    expect(cli.log.length).toBeLessThan(30)
    // No item waits, so the stop need not wait for the database.
    cli.kill('SIGTERM')
    expect(await cli.exited).toBe(0)
    expect(cli.stderr).toContain('everything received is stored')
  })

  it('captures into an embedded database, reports a refused topic, and stops with exit code 0', async () => {
    await using sim = await startSimulator({ seed: 3, symbols: ['BTCUSDT'], tradesPerSecond: 100 })
    const env = {
      EVENTSAVER_WS_URL: sim.wsUrl,
      EVENTSAVER_DATA_DIR: folder,
      EVENTSAVER_SYMBOLS: 'BTCUSDT,NOSUCHUSDT',
    }
    await using cli = new Cli(['run'], env)
    await expect.poll(() => cli.httpAddress, { timeout: 120_000 }).toBeDefined()
    await expect.poll(async () => (await cli.get('/readyz')).status, { timeout: 120_000 }).toBe(200)
    const { topics } = await cli.status()
    expect(topics.map(({ topic, state }) => `${topic} ${state}`).sort()).toEqual([
      'publicTrade.BTCUSDT live',
      'publicTrade.NOSUCHUSDT refused',
      'tickers.BTCUSDT live',
      'tickers.NOSUCHUSDT refused',
    ])
    await expect
      .poll(
        async () =>
          (await (await cli.get('/metrics')).text()).match(
            /grid_events_persisted_total\{channel="publicTrade"\} (\d+)/,
          )?.[1],
        { timeout: 120_000 },
      )
      .not.toBe('0')
    expect(await (await cli.get('/metrics')).text()).toMatch(
      /grid_conservation_imbalance\{channel="publicTrade"\} 0/,
    )

    // The directory belongs to the running saver: another one must not open it.
    const second = await runCli(['run'], env)
    expect(second.code).toBe(75)
    expect(second.stderr).not.toContain('EVIDENCE_LOST')
    expect(second.stderr).toContain('JOURNAL_LOCKED')
    const third = await runCli(['run'], { ...env, EVENTSAVER_JOURNAL: 'memory' })
    expect(third.code).toBe(75)
    expect(third.stderr).toContain('DATABASE_LOCKED')

    const status = await runCli(['status'], { EVENTSAVER_HTTP_ADDRESS: cli.httpAddress ?? '' })
    expect(status.code).toBe(0)
    expect(status.stdout).toContain('event-saver ready')

    cli.kill('SIGTERM')
    expect(await cli.exited).toBe(0)
    expect(cli.stderr).toContain('everything received is stored')
  })

  it('exits 1 and reports the loss when a second signal ends the wait, and the journal is in memory', async () => {
    await using sim = await startSimulator({ seed: 4, symbols: ['BTCUSDT'], tradesPerSecond: 100 })
    await using cli = new Cli(['run'], {
      EVENTSAVER_WS_URL: sim.wsUrl,
      EVENTSAVER_DATABASE_URL: NOWHERE,
      EVENTSAVER_SYMBOLS: 'BTCUSDT',
      EVENTSAVER_JOURNAL: 'memory',
    })
    await expect.poll(() => cli.httpAddress, { timeout: 120_000 }).toBeDefined()
    await expect
      .poll(
        async () =>
          (await cli.status()).channels.find(({ channel }) => channel === 'publicTrade')?.waiting,
        { timeout: 120_000 },
      )
      .toBeGreaterThan(10)
    cli.kill('SIGTERM')
    await expect.poll(() => cli.stderr).toContain('stopping')
    expect((await cli.get('/livez')).status).toBe(200)
    cli.kill('SIGTERM')
    expect(await cli.exited).toBe(1)
    expect(cli.stderr).toContain('SHUTDOWN_LOST_EVENTS')
  })
})

it.each(['LATIN1', 'SQL_ASCII'] as const)(
  'a database in %s is refused by migrate, run and doctor',
  async (encoding) => {
    await using database = await ownDatabase({ encoding })
    const env = {
      EVENTSAVER_WS_URL: NO_EXCHANGE,
      EVENTSAVER_DATABASE_URL: database.url,
      EVENTSAVER_SYMBOLS: 'BTCUSDT',
    }
    const says = new RegExp(
      `${new URL(database.url).pathname.slice(1)}.*${encoding}.*create database`,
    )
    for (const [command, ...flags] of [
      ['migrate'],
      ['run'],
      ['run', '--migrate', 'check'],
    ] as const) {
      const { code, stderr } = await runCli([command, ...flags], env)
      expect({ command, flags, code }).toEqual({ command, flags, code: 78 })
      expect(stderr).toMatch(/ENCODING_UNSUPPORTED/)
      expect(stderr).toMatch(says)
    }
    const { code, stdout } = await runCli(['doctor'], env)
    expect(code).toBe(3)
    expect(stdout).toMatch(says)
  },
)

describe('doctor', () => {
  it('finds no problem when exchange and database answer', async () => {
    await using sim = await startSimulator({ symbols: ['BTCUSDT'], spot: ['ETHUSDT'] })
    await using database = await ownDatabase()
    const { code, stdout } = await runCli(['doctor', '--json'], {
      EVENTSAVER_WS_URL: sim.wsUrl,
      EVENTSAVER_REST_URL: sim.restUrl,
      EVENTSAVER_DATABASE_URL: database.url,
      EVENTSAVER_CATEGORY: 'linear,spot',
      EVENTSAVER_SYMBOLS: 'linear:BTCUSDT,spot:ETHUSDT',
    })
    const findings = JSON.parse(stdout) as { code: string; ok: boolean }[]
    expect(findings.filter(({ ok }) => !ok)).toEqual([])
    expect(new Set(findings.map(({ code }) => code))).toEqual(
      new Set([
        'CLOCK',
        'CONNECTIONS',
        'DATABASE',
        'DATA_DIR',
        'DISK_SPACE',
        'EXCHANGE_HOST',
        'FILE_LIMIT',
        'HTTP_ADDRESS',
        'JOURNAL',
        'SETTINGS',
        'SYMBOLS',
        'TRIAL',
      ]),
    )
    expect(code).toBe(0)
  })

  it('exits 3 and says what to do for each problem', async () => {
    await using sim = await startSimulator({ symbols: ['BTCUSDT'] })
    await sim.fault({ kind: 'clock-offset', offsetMs: -5000 })
    const { code, stdout } = await runCli(['doctor'], {
      EVENTSAVER_WS_URL: NO_EXCHANGE,
      EVENTSAVER_REST_URL: sim.restUrl,
      EVENTSAVER_DATABASE_URL: NOWHERE,
      EVENTSAVER_SYMBOLS: 'BTCUSDT,NOSUCHUSDT',
    })
    expect(code).toBe(3)
    expect(stdout).toMatch(/FAIL EXCHANGE_HOST: 127\.0\.0\.1 cannot be reached/)
    expect(stdout).toMatch(/FAIL CLOCK: this clock is \d(\.\d)? s ahead of/)
    expect(stdout).toMatch(/FAIL SYMBOLS: linear: NOSUCHUSDT does not trade/)
    expect(stdout).toMatch(/FAIL DATABASE: postgres:\/\/nobody@127\.0\.0\.1:9\/grid/)
  })

  it('creates no database, and finds what would keep a saver from writing', async () => {
    await using sim = await startSimulator({ symbols: ['BTCUSDT'] })
    await using database = await ownDatabase()
    const exchange = { EVENTSAVER_WS_URL: sim.wsUrl, EVENTSAVER_REST_URL: sim.restUrl }
    const one = { ...exchange, EVENTSAVER_SYMBOLS: 'BTCUSDT' }
    const dataDir = join(folder, 'nothing-here')
    const embedded = await runCli(['doctor'], { ...one, EVENTSAVER_DATA_DIR: dataDir })
    expect(embedded.code).toBe(0)
    expect(existsSync(dataDir)).toBe(false)
    await migrate(database.db, { environment: 'custom:127.0.0.1' })
    await sql`update grid_meta set schema_version = 99, min_writer = 99`.execute(database.db)
    const tooNew = await runCli(['doctor'], { ...one, EVENTSAVER_DATABASE_URL: database.url })
    expect(tooNew.code).toBe(3)
    expect(tooNew.stdout).toMatch(/FAIL DATABASE: only writers of schema 99/)
  })
})
