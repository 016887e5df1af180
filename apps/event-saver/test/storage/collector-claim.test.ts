import { setTimeout as wait } from 'node:timers/promises'
import { startSimulator } from '@grid/bybit-sim'
import { migrate } from '@grid/db'
import { findPgbouncer, startPgbouncer } from '@grid/testing'
import { type Kysely, sql } from 'kysely'
import { pino } from 'pino'
import { describe, expect, inject, it } from 'vitest'
import { CollectorClaim, findCollectorHolder } from '../../src/storage/collector-claim.ts'
import { Cli, runCli } from '../support/cli.ts'
import { makeSaver, ownDatabase } from '../support/rig.ts'
import { TcpProxy } from '../support/tcp-proxy.ts'

const patience = () => AbortSignal.timeout(30_000)
const ONE = { EVENTSAVER_SYMBOLS: 'BTCUSDT', EVENTSAVER_COLLECTOR: 'one' }

/** The sessions that hold a collector's name, as the server shows them. */
async function holders(db: Kysely<never>): Promise<readonly Record<string, unknown>[]> {
  const { rows } = await sql<Record<string, unknown>>`
    select pid, application_name, state, backend_xid, backend_xmin from pg_stat_activity
    where pid in (select pid from pg_locks where locktype = 'advisory' and granted)
      and datname = current_database()`.execute(db)
  return rows
}

describe('a collector name', () => {
  it('is known to be held by this machine, whose name may be longer than the server shows', async () => {
    await using database = await ownDatabase()
    await migrate(database.db)
    const asked = { databaseUrl: database.url, collector: 'one' }
    const host = 'ip-10-0-12-34.eu-central-1.compute.internal'
    const onTaken = (error: unknown) => expect.unreachable(String(error))
    const claim = new CollectorClaim({ ...asked, host, log: pino({ level: 'silent' }), onTaken })
    await claim.take()
    const holder = (of: string) => findCollectorHolder({ ...asked, host: of })
    expect(await holder(host)).toMatchObject({ isOfThisMachine: true })
    expect(await holder(`another.${host}`)).toMatchObject({ isOfThisMachine: false })
    await claim.release(patience())
  })

  it('is refused to a second saver with 75, and is free at once when the first is killed', async () => {
    await using database = await ownDatabase()
    await using sim = await startSimulator({ seed: 41, symbols: ['BTCUSDT'], tradesPerSecond: 50 })
    const env = { ...ONE, EVENTSAVER_DATABASE_URL: database.url, EVENTSAVER_WS_URL: sim.wsUrl }
    await using first = new Cli(['run'], env)
    await expect.poll(() => first.httpAddress, { timeout: 120_000 }).toBeDefined()
    await expect
      .poll(async () => (await first.status()).databaseReady, { timeout: 120_000 })
      .toBe(true)

    const second = await runCli(['run'], env)
    expect(second.code).toBe(75)
    const { msg } = JSON.parse(second.stderr.trim().split('\n').at(-1) ?? '') as { msg: string }
    expect(msg).toMatch(
      new RegExp(
        `COLLECTOR_TAKEN: the collector name "one" is held by process ${first.pid} on \\S+, since 20\\d\\d-\\S+Z: ` +
          'stop that saver, or give this one a name of its own with EVENTSAVER_COLLECTOR',
      ),
    )
    expect(second.stderr).not.toContain('"level":50')

    first.kill('SIGKILL')
    await first.exited
    await using third = new Cli(['run', '--exit-on-db-error'], env)
    await expect.poll(() => third.httpAddress, { timeout: 120_000 }).toBeDefined()
    await expect
      .poll(async () => (await third.status()).databaseReady, { timeout: 120_000 })
      .toBe(true)
    third.kill('SIGTERM')
    expect([await third.exited, third.stderr]).toEqual([
      0,
      expect.not.stringContaining('COLLECTOR'),
    ])
    // The gap of the time without a process is the only kind there may be: the second saver left none.
    const gaps = await database.db.selectFrom('capture_gaps').select(['reason']).execute()
    expect(gaps.map(({ reason }) => reason)).toEqual(['start', 'start'])
  })

  it('holds back no vacuum, and is given back at a stop', async () => {
    await using database = await ownDatabase()
    await using sim = await startSimulator({ seed: 42, symbols: ['BTCUSDT'] })
    const { saver } = makeSaver(sim.wsUrl, database.url, ONE)
    await saver.start()
    await expect.poll(() => saver.status().databaseReady, { timeout: 120_000 }).toBe(true)
    // Its other connections lock too, for a moment.
    await expect
      .poll(() => holders(database.db as never), { timeout: 120_000 })
      .toEqual([
        expect.objectContaining({
          application_name: expect.stringMatching(/^event-saver [0-9a-f]{8} \d+@/),
          state: 'idle in transaction',
          backend_xid: null,
          backend_xmin: null,
        }),
      ])
    await saver.stop(patience())
    await expect.poll(() => holders(database.db as never)).toEqual([])
  })

  it('is claimed again after an outage of the database, with what waited stored', async () => {
    await using database = await ownDatabase()
    await using proxy = await TcpProxy.to(inject('postgresUrl'))
    await using sim = await startSimulator({ seed: 43, symbols: ['BTCUSDT'], tradesPerSecond: 50 })
    const { saver, log } = makeSaver(sim.wsUrl, proxy.through(database.url), ONE)
    await saver.start()
    await expect.poll(() => saver.status().databaseReady, { timeout: 120_000 }).toBe(true)
    proxy.down()
    await expect
      .poll(() => log.map(({ code }) => code), { timeout: 120_000 })
      .toContain('COLLECTOR_UNCLAIMED')
    expect(await holders(database.db as never)).toEqual([])
    proxy.up()
    await expect.poll(() => holders(database.db as never), { timeout: 120_000 }).toHaveLength(1)
    expect(await saver.stop(patience())).toEqual({ lost: 0, left: 0, dropped: 0 })
  })

  it('that another took meanwhile ends the saver with 75, after it stored what it has', async () => {
    await using database = await ownDatabase()
    await using proxy = await TcpProxy.to(inject('postgresUrl'))
    await using sim = await startSimulator({ seed: 44, symbols: ['BTCUSDT'], tradesPerSecond: 50 })
    const first = makeSaver(sim.wsUrl, proxy.through(database.url), ONE)
    const failed = first.saver.failure.catch((error: unknown) => error)
    const address = await first.saver.start()
    const livez = async () => (await fetch(`http://${address}/livez`)).status
    await expect.poll(() => first.saver.status().databaseReady, { timeout: 120_000 }).toBe(true)
    proxy.down()
    await expect.poll(() => holders(database.db as never), { timeout: 120_000 }).toEqual([])
    const second = makeSaver(sim.wsUrl, database.url, ONE)
    await second.saver.start()
    await expect.poll(() => second.saver.status().databaseReady, { timeout: 120_000 }).toBe(true)
    expect(await livez()).toBe(200)
    proxy.up()
    expect(await failed).toMatchObject({ code: 'COLLECTOR_TAKEN', exitCode: 75 })
    // It stops for a fatal reason.
    expect(await livez()).toBe(503)
    expect(await first.saver.stop(patience())).toEqual({ lost: 0, left: 0, dropped: 0 })
    await second.saver.stop(patience())
  })

  it('found taken once the database is there ends the start, with events stored and no gaps', async () => {
    await using database = await ownDatabase()
    await using proxy = await TcpProxy.to(inject('postgresUrl'))
    await using sim = await startSimulator({ seed: 45, symbols: ['BTCUSDT'], tradesPerSecond: 50 })
    proxy.down()
    const late = makeSaver(sim.wsUrl, proxy.through(database.url), ONE)
    const failed = late.saver.failure.catch((error: unknown) => error)
    await late.saver.start()
    const holder = makeSaver('ws://127.0.0.1:9', database.url, ONE)
    await holder.saver.start()
    await expect.poll(() => holder.saver.status().databaseReady, { timeout: 120_000 }).toBe(true)
    await expect
      .poll(() => late.saver.pipeline.waitingInAll, { timeout: 120_000 })
      .toBeGreaterThan(10)
    await sim.fault({ kind: 'close', abrupt: true })
    await expect.poll(() => late.saver.status().gaps.recent.length).toBeGreaterThan(0)
    proxy.up()
    expect(await failed).toMatchObject({ code: 'COLLECTOR_TAKEN', exitCode: 75 })
    const received = late.saver.pipeline.sample().reduce((sum, entry) => sum + entry.received, 0)
    expect(await late.saver.stop(patience())).toEqual({ lost: 0, left: 0, dropped: 0 })
    const persisted = late.saver.pipeline.sample().reduce((sum, entry) => sum + entry.persisted, 0)
    expect(persisted).toBeGreaterThanOrEqual(received - 5)
    expect(await database.db.selectFrom('capture_gaps').selectAll().execute()).toEqual([])
    expect(late.log.filter(({ code }) => code === 'EVIDENCE_LOST')).toEqual([])
    await holder.saver.stop(patience())
  })

  it('of a machine that vanished is freed once the server heard nothing for the limit', async () => {
    await using database = await ownDatabase()
    await migrate(database.db, { environment: 'simulated' })
    await using proxy = await TcpProxy.to(inject('postgresUrl'))
    const log = pino({ level: 'silent' })
    const options = { collector: 'one', log, silenceMs: 1500, onTaken: () => {} }
    const claim = new CollectorClaim({ ...options, databaseUrl: proxy.through(database.url) })
    await claim.take()
    await wait(4000)
    // Its beats keep it beyond the limit.
    expect(await holders(database.db as never)).toHaveLength(1)
    proxy.freeze()
    await expect.poll(() => holders(database.db as never), { timeout: 120_000 }).toEqual([])
    const next = new CollectorClaim({ ...options, databaseUrl: database.url })
    await next.take()
    await Promise.all([claim.release(patience()), next.release(patience())])
  })

  it('does not hinder collectors of other names', async () => {
    await using database = await ownDatabase()
    await migrate(database.db, { environment: 'simulated' })
    const log = pino({ level: 'silent' })
    const names = ['one', 'two', `it's\\`]
    const claims = names.map(
      (collector) =>
        new CollectorClaim({ collector, log, databaseUrl: database.url, onTaken: () => {} }),
    )
    await Promise.all(claims.map((claim) => claim.take()))
    expect(await holders(database.db as never)).toHaveLength(names.length)
    await Promise.all(claims.map((claim) => claim.release(patience())))
  })
})

const isPoolerInstalled = findPgbouncer() !== null

it.skipIf(!isPoolerInstalled)(
  'a name is held through a transaction pooler, and freed by a kill',
  async () => {
    await using database = await ownDatabase()
    const pooler = await startPgbouncer(database.url)
    try {
      await using sim = await startSimulator({
        seed: 47,
        symbols: ['BTCUSDT'],
        tradesPerSecond: 50,
      })
      const env = { ...ONE, EVENTSAVER_DATABASE_URL: pooler.url, EVENTSAVER_WS_URL: sim.wsUrl }
      await using first = new Cli(['run'], env)
      await expect.poll(() => first.httpAddress, { timeout: 120_000 }).toBeDefined()
      await expect
        .poll(async () => (await first.status()).databaseReady, { timeout: 120_000 })
        .toBe(true)
      const second = await runCli(['run'], env)
      expect(second.code).toBe(75)
      expect(second.stderr).toContain(`held by process ${first.pid} on `)
      first.kill('SIGKILL')
      await first.exited
      const third = makeSaver(sim.wsUrl, pooler.url, ONE)
      await third.saver.start()
      await expect.poll(() => third.saver.status().databaseReady, { timeout: 120_000 }).toBe(true)
      await third.saver.stop(patience())
    } finally {
      await pooler.stop()
    }
  },
)
