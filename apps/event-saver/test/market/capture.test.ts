import { setTimeout as wait } from 'node:timers/promises'
import { startSimulator } from '@grid/bybit-sim'
import { DeadLetterRepository } from '@grid/db'
import { sql } from 'kysely'
import { describe, expect, inject, it } from 'vitest'
import { ownFolder } from '../support/own-folder.ts'
import { imbalances, makeSaver, ownDatabase, prove, quiet } from '../support/rig.ts'
import { TcpProxy } from '../support/tcp-proxy.ts'

const COMPLETE = {
  missing: 0,
  unexpected: 0,
  different: 0,
  unsentOutsideGaps: 0,
  neverSent: [],
}
const patience = () => AbortSignal.timeout(30_000)
const live = (count: number, saver: { status(): { topics: readonly { state: string }[] } }) =>
  expect
    .poll(() => saver.status().topics.filter(({ state }) => state === 'live').length, {
      timeout: 120_000,
    })
    .toBe(count)

describe('an event', () => {
  it('is stored once, despite lost connections, repeated frames and garbage', async () => {
    await using database = await ownDatabase()
    await using sim = await startSimulator({ seed: 7, tradesPerSecond: 250 })
    const { saver } = makeSaver(sim.wsUrl, database.url)
    await saver.start()
    await live(8, saver)
    for (let round = 0; round < 2; round++) {
      await wait(400)
      await sim.fault({ kind: 'duplicate' })
      await sim.fault({ kind: 'garbage', payload: 'text' })
      await sim.fault({ kind: 'garbage', payload: 'binary' })
      await sim.fault({ kind: 'garbage', payload: 'invalid-utf8' })
      sim.burst({ symbol: 'ETHUSDT', trades: 2500 })
      await wait(400)
      await sim.fault({ kind: 'close', abrupt: round % 2 === 0 })
      await live(8, saver)
    }
    await wait(1500)
    sim.pause()
    await quiet(saver)
    expect(await saver.stop(patience())).toEqual({ lost: 0, left: 0, dropped: 0 })

    const proof = await prove(database.db, sim)
    expect(proof).toMatchObject(COMPLETE)
    expect(proof.samples).toEqual([])
    expect(proof.trades.stored).toBeGreaterThan(5000)
    expect(proof.unsent).toBeGreaterThan(0)
    expect(imbalances(saver)).toEqual([])
    const unknown = saver.pipeline.sample().find(({ channel }) => channel === 'unknown')
    expect(unknown?.deadLettered).toBe(6)
    const repeated = saver.pipeline.sample().map(({ duplicate }) => duplicate)
    expect(Math.max(...repeated)).toBeGreaterThan(0)
  })

  it('is stored once when two savers share a database', async () => {
    await using database = await ownDatabase()
    await using sim = await startSimulator({ seed: 8, tradesPerSecond: 500 })
    const first = makeSaver(sim.wsUrl, database.url, { EVENTSAVER_COLLECTOR: 'first' })
    const second = makeSaver(sim.wsUrl, database.url, { EVENTSAVER_COLLECTOR: 'second' })
    await Promise.all([first.saver.start(), second.saver.start()])
    await live(8, first.saver)
    await live(8, second.saver)
    for (let round = 0; round < 10; round++) {
      sim.burst({ symbol: 'BTCUSDT', trades: 1500 })
      await wait(500)
    }
    sim.pause()
    await quiet(first.saver, second.saver)
    await Promise.all([first.saver.stop(patience()), second.saver.stop(patience())])

    expect(await prove(database.db, sim)).toMatchObject(COMPLETE)
    const entries = [first, second].flatMap(({ saver }) => saver.pipeline.sample())
    expect(entries.filter(({ imbalance }) => imbalance !== 0)).toEqual([])
    const persisted = entries.reduce((sum, entry) => sum + entry.persisted, 0)
    const duplicate = entries.reduce((sum, entry) => sum + entry.duplicate, 0)
    expect(duplicate).toBeGreaterThan(persisted / 2)
    const complaints = [...first.log, ...second.log].filter(({ level }) => level >= 40)
    expect(complaints).toEqual([])
  })
})

describe('a malformed item', () => {
  const good = (id: string) =>
    `{"T":${Date.now()},"s":"BTCUSDT","S":"Buy","v":"0.003","p":"100000.10","L":"PlusTick","i":"${id}","BT":false,"RPI":false,"seq":190000000001}`
  const bad: readonly (readonly [name: string, item: string])[] = [
    ['missing id', `{"T":${Date.now()},"s":"BTCUSDT","S":"Buy","v":"1","p":"1","seq":1}`],
    ['empty price', `{"T":${Date.now()},"s":"BTCUSDT","S":"Buy","v":"1","p":"","i":"x1","seq":1}`],
    ['missing time', '{"s":"BTCUSDT","S":"Buy","v":"1","p":"1","i":"x2","seq":1}'],
    ['null', 'null'],
    ['array', '[1,2,3]'],
    [
      'NUL character',
      `{"T":${Date.now()},"s":"BTCUSDT","S":"Buy","v":"1","p":"1","i":"x\\u00003","seq":1}`,
    ],
    ['null side', `{"T":${Date.now()},"s":"BTCUSDT","S":null,"v":"1","p":"1","i":"x4","seq":1}`],
    [
      'a time in 2090',
      `{"T":3800000000000,"s":"BTCUSDT","S":"Buy","v":"1","p":"1","i":"x5","seq":1}`,
    ],
  ]

  it('becomes a dead letter with its raw bytes, and its neighbours are stored', async () => {
    await using database = await ownDatabase()
    await using sim = await startSimulator({ seed: 9, paused: true })
    const { saver } = makeSaver(sim.wsUrl, database.url)
    await saver.start()
    await live(8, saver)
    const items = bad.flatMap(([, item], index) => [good(`good-${index}`), item])
    const frame = `{"topic":"publicTrade.BTCUSDT","type":"snapshot","ts":${Date.now()},"data":[${items.join(',')}]}`
    sim.broadcast('publicTrade.BTCUSDT', frame)
    await quiet(saver)
    await saver.stop(patience())

    const letters = await new DeadLetterRepository(database.db).list({ limit: 100 })
    const raws = letters.map(({ raw }) => Buffer.from(raw).toString())
    const rejectedByTheStore = raws.filter((raw) => raw.includes('x5'))
    expect(rejectedByTheStore).toHaveLength(1)
    expect(raws.filter((raw) => !raw.includes('x5')).sort()).toEqual(
      bad
        .filter(([name]) => name !== 'a time in 2090')
        .map(([, item]) => item)
        .sort(),
    )
    const stored = await database.db.selectFrom('public_trades').select('trade_id').execute()
    expect(stored.map(({ trade_id }) => trade_id).sort()).toEqual(
      bad.map((_, index) => `good-${index}`),
    )
    expect(imbalances(saver)).toEqual([])
  })
})

describe('a database that is away', () => {
  it('loses no event, neither at the start nor later', async () => {
    await using database = await ownDatabase()
    await using proxy = await TcpProxy.to(inject('postgresUrl'))
    await using sim = await startSimulator({ seed: 10, tradesPerSecond: 250 })
    proxy.down()
    const { saver, log } = makeSaver(sim.wsUrl, proxy.through(database.url))
    await saver.start()
    await live(8, saver)
    await wait(1000)
    expect(saver.status().databaseReady).toBe(false)
    proxy.up()
    await expect.poll(() => saver.status().databaseReady, { timeout: 120_000 }).toBe(true)
    await wait(1000)
    proxy.down()
    await wait(1500)
    proxy.up()
    sim.pause()
    await quiet(saver)
    expect(await saver.stop(AbortSignal.timeout(60_000))).toEqual({ lost: 0, left: 0, dropped: 0 })

    expect(await prove(database.db, sim)).toMatchObject(COMPLETE)
    expect(imbalances(saver)).toEqual([])
    const codes = new Set(log.map(({ code }) => code))
    expect(codes).toContain('DATABASE_UNREACHABLE')
    expect(codes).toContain('WRITE_FAILED')
  })

  it('fills the queue; with a journal in memory items without room are dropped, and covered by a gap', async () => {
    await using database = await ownDatabase()
    await using proxy = await TcpProxy.to(inject('postgresUrl'))
    await using sim = await startSimulator({ seed: 11, paused: true })
    proxy.down()
    const { saver } = makeSaver(sim.wsUrl, proxy.through(database.url), {
      EVENTSAVER_MAX_WAITING: '1000',
      EVENTSAVER_JOURNAL: 'memory',
    })
    await saver.start()
    await live(8, saver)
    sim.burst({ symbol: 'BTCUSDT', trades: 3000 })
    await quiet(saver)
    const trades = () => saver.pipeline.sample().find(({ channel }) => channel === 'publicTrade')
    // A frame is kept whole, so that the last one may go beyond the bound.
    const { waiting = 0 } = trades() ?? {}
    expect(waiting).toBeGreaterThanOrEqual(1000)
    expect(waiting).toBeLessThan(1100)
    expect(trades()).toMatchObject({ received: 3000, dropped: 3000 - waiting, imbalance: 0 })
    proxy.up()
    await expect.poll(() => trades()?.waiting, { timeout: 120_000 }).toBe(0)
    const [next] = sim.trade({ symbol: 'BTCUSDT' })
    await expect.poll(() => trades()?.persisted, { timeout: 120_000 }).toBe(waiting + 1)
    await saver.stop(patience())
    const gaps = await database.db.selectFrom('capture_gaps').selectAll().execute()
    expect(gaps).toMatchObject([
      { channel: 'publicTrade', symbol: 'BTCUSDT', reason: 'queue_full' },
    ])
    expect(next?.sentTo).toHaveLength(1)
  })

  it('leaves the waiting items in the journal at a stop without patience, and the next start stores them', async () => {
    await using database = await ownDatabase()
    await using sim = await startSimulator({ seed: 12, paused: true })
    const env = { EVENTSAVER_FLUSH_INTERVAL: '60s', EVENTSAVER_DATA_DIR: ownFolder() }
    const first = makeSaver(sim.wsUrl, database.url, env)
    await first.saver.start()
    await live(8, first.saver)
    await expect.poll(() => first.saver.status().databaseReady, { timeout: 30_000 }).toBe(true)
    sim.trade({ symbol: 'BTCUSDT', count: 3 })
    await quiet(first.saver)
    // Three trades and the four tickers' snapshots wait for the interval.
    expect(await first.saver.stop(AbortSignal.abort())).toEqual({ lost: 0, left: 7, dropped: 0 })
    expect(imbalances(first.saver)).toEqual([])
    const second = makeSaver(sim.wsUrl, database.url, env)
    await second.saver.start()
    await live(8, second.saver)
    await expect.poll(() => second.saver.pipeline.behind, { timeout: 30_000 }).toEqual([])
    expect(await second.saver.stop(patience())).toEqual({ lost: 0, left: 0, dropped: 0 })
    expect(imbalances(second.saver)).toEqual([])
    const stored = await database.db.selectFrom('public_trades').select('trade_id').execute()
    expect(stored).toHaveLength(3)
    expect(await prove(database.db, sim)).toMatchObject({ missing: 0, unexpected: 0, different: 0 })
  })

  it('makes a stop without patience lose what a journal in memory holds, and record gaps for it', async () => {
    await using database = await ownDatabase()
    await using sim = await startSimulator({ seed: 12, paused: true })
    const { saver } = makeSaver(sim.wsUrl, database.url, {
      EVENTSAVER_FLUSH_INTERVAL: '60s',
      EVENTSAVER_JOURNAL: 'memory',
    })
    await saver.start()
    await live(8, saver)
    await expect.poll(() => saver.status().databaseReady, { timeout: 120_000 }).toBe(true)
    sim.trade({ symbol: 'BTCUSDT', count: 3 })
    await quiet(saver)
    // Three trades and the four tickers' snapshots wait for the interval.
    expect(await saver.stop(AbortSignal.abort())).toEqual({ lost: 7, left: 0, dropped: 0 })
    expect(imbalances(saver)).toEqual([])
    const gaps = await database.db
      .selectFrom('capture_gaps')
      .select(['channel', 'symbol'])
      .execute()
    expect(gaps.filter(({ channel }) => channel === 'publicTrade')).toEqual([
      { channel: 'publicTrade', symbol: 'BTCUSDT' },
    ])
    expect(gaps.filter(({ channel }) => channel === 'ticker')).toHaveLength(4)
  })

  it('stores large dead letters in small batches, within bounded memory', async () => {
    await using database = await ownDatabase()
    await using sim = await startSimulator({ seed: 13, paused: true })
    const { saver, log } = makeSaver(sim.wsUrl, database.url)
    await saver.start()
    await live(8, saver)
    // Not all at once: what a slow disk has not taken of 32 MB is dropped.
    for (let sent = 0; sent < 60; sent += 20) {
      for (let frame = 0; frame < 20; frame++) {
        await sim.fault({ kind: 'garbage', payload: 'oversized', bytes: 1_000_000 })
      }
      await quiet(saver)
      await expect.poll(() => saver.pipeline.waitingInAll, { timeout: 60_000 }).toBe(0)
    }
    expect(await saver.stop(patience())).toEqual({ lost: 0, left: 0, dropped: 0 })
    const letters = await database.db
      .selectFrom('dead_letters')
      .select((eb) => eb.fn.countAll<string>().as('n'))
      .executeTakeFirst()
    expect(letters).toEqual({ n: '60' })
    expect(log.filter(({ code }) => code === 'WRITE_FAILED')).toEqual([])
  })
})

describe('a process that was down', () => {
  it('leaves a gap on every stream, from its last stored event until it is live again', async () => {
    await using database = await ownDatabase()
    await using sim = await startSimulator({ seed: 14, tradesPerSecond: 50 })
    const first = makeSaver(sim.wsUrl, database.url)
    await first.saver.start()
    await live(8, first.saver)
    await wait(1000)
    await first.saver.stop(patience())
    await wait(1000)
    const second = makeSaver(sim.wsUrl, database.url)
    await second.saver.start()
    await live(8, second.saver)
    await wait(1000)
    sim.pause()
    await quiet(second.saver)
    await second.saver.stop(patience())
    const proof = await prove(database.db, sim)
    expect(proof).toMatchObject(COMPLETE)
    expect(proof.unsent).toBeGreaterThan(100)
    const gaps = await database.db.selectFrom('capture_gaps').select('reason').execute()
    expect(gaps).toEqual(Array.from({ length: 8 }, () => ({ reason: 'start' })))
  })

  it('leaves that gap also when the database goes away while it tells what was stored', async () => {
    await using database = await ownDatabase()
    await using sim = await startSimulator({ seed: 16, symbols: ['BTCUSDT'], tradesPerSecond: 50 })
    const env = { EVENTSAVER_SYMBOLS: 'BTCUSDT', EVENTSAVER_CHANNELS: 'publicTrade' }
    const first = makeSaver(sim.wsUrl, database.url, env)
    await first.saver.start()
    await live(1, first.saver)
    await wait(500)
    await first.saver.stop(patience())
    const second = makeSaver(sim.wsUrl, database.url, env)
    await database.db.transaction().execute(async (trx) => {
      await sql`lock table public_trades in access exclusive mode`.execute(trx)
      await second.saver.start()
      await live(1, second.saver)
      // Whoever waits for the lock loses its connection.
      const cut = async () => {
        const { rows } = await sql`
          select pg_terminate_backend(pid) from pg_locks
          where not granted and relation = 'public_trades'::regclass`.execute(trx)
        return rows.length
      }
      await expect.poll(cut, { timeout: 120_000 }).toBeGreaterThan(0)
    })
    await expect.poll(() => second.saver.status().gaps.recent.length, { timeout: 120_000 }).toBe(1)
    await second.saver.stop(patience())
    const gaps = await database.db.selectFrom('capture_gaps').select('reason').execute()
    expect(gaps).toEqual([{ reason: 'start' }])
  })

  it('leaves that gap also when the list of instruments comes after the database', async () => {
    await using database = await ownDatabase()
    const symbols = ['BTCUSDT', 'ETHUSDT']
    await using sim = await startSimulator({ seed: 15, symbols, tradesPerSecond: 50 })
    const env = { EVENTSAVER_SYMBOLS: '*', EVENTSAVER_REST_URL: sim.restUrl }
    const first = makeSaver(sim.wsUrl, database.url, env)
    await first.saver.start()
    await live(4, first.saver)
    await wait(500)
    await first.saver.stop(patience())
    await wait(500)
    await sim.fault({ kind: 'rest', how: 'late', delayMs: 1500, count: 1 })
    // In a folder of its own, where no list is kept from before.
    const ownEnv = { ...env, EVENTSAVER_DATA_DIR: ownFolder() }
    const second = makeSaver(sim.wsUrl, database.url, ownEnv)
    await second.saver.start()
    await expect.poll(() => second.saver.status().databaseReady).toBe(true)
    expect(second.saver.status().topics).toEqual([])
    await live(4, second.saver)
    await wait(500)
    sim.pause()
    await quiet(second.saver)
    await second.saver.stop(patience())
    const gaps = await database.db.selectFrom('capture_gaps').select('reason').execute()
    expect(gaps).toEqual(Array.from({ length: 4 }, () => ({ reason: 'start' })))
    // One line tells of all.
    const told = second.log.filter(({ code }) => code === 'GAP')
    expect(told).toMatchObject([{ category: 'linear', reason: 'start', gaps: 4 }])
    expect(await prove(database.db, sim)).toMatchObject(COMPLETE)
  })
})
