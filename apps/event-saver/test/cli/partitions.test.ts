import { startSimulator } from '@grid/bybit-sim'
import {
  DeadLetterRepository,
  ensurePartitions,
  type GridDatabase,
  listRemovedDays,
  migrate,
} from '@grid/db'
import { clearOfMidnight, findPgbouncer, startPgbouncer } from '@grid/testing'
import { type Kysely, sql } from 'kysely'
import { beforeEach, describe, expect, it } from 'vitest'
import { runCli } from '../support/cli.ts'
import { imbalances, makeSaver, ownDatabase, prove, quiet } from '../support/rig.ts'

const DAY_MS = 86_400_000
const ENVIRONMENT = 'custom:127.0.0.1'
const daysAgo = (days: number) => Date.now() - days * DAY_MS
const dayOf = (ms: number) => new Date(ms).toISOString().slice(0, 10)
const patience = () => AbortSignal.timeout(30_000)
const COMPLETE = { missing: 0, unexpected: 0, different: 0, unsentOutsideGaps: 0, neverSent: [] }

/** Stores one trade at each time. */
async function store(db: Kysely<GridDatabase>, ...times: number[]): Promise<void> {
  await ensurePartitions(db, 'public_trades', times)
  for (const ms of times) {
    await sql`insert into public_trades
      (category, symbol, exchange_ts, trade_id, local_ts, side, price, size, source)
      values ('linear', 'BTCUSDT', to_timestamp(${ms / 1000}), 't', now(), 'Buy', 1, 1, 'ws')`.execute(
      db,
    )
  }
}

beforeEach(clearOfMidnight)

describe('event-saver partitions', () => {
  it('lists, freezes and prunes days, and says what it removed', async () => {
    await using database = await ownDatabase()
    const env = {
      EVENTSAVER_DATABASE_URL: database.url,
      EVENTSAVER_WS_URL: 'ws://127.0.0.1:9',
      EVENTSAVER_COLLECTOR: 'hand',
    }
    const partitions = (...args: string[]) => runCli(['partitions', ...args], env)
    expect(await partitions('list')).toMatchObject({ code: 78, stdout: '' })
    await migrate(database.db, { environment: ENVIRONMENT })
    await store(database.db, daysAgo(100), daysAgo(50), daysAgo(0))

    const list = await partitions('list', '--json', '--exact', '--table', 'public_trades')
    expect(list.code).toBe(0)
    expect(JSON.parse(list.stdout)).toMatchObject([
      { day: dayOf(daysAgo(100)), rows: 1, state: 'attached', isClosed: true, isFrozen: false },
      { day: dayOf(daysAgo(50)), rows: 1 },
      { day: dayOf(daysAgo(0)), rows: 1, isClosed: false },
    ])
    const freeze = await partitions('freeze')
    expect(freeze.code).toBe(0)
    expect(freeze.stdout.match(/frozen/g)).toHaveLength(2)

    const past = ['--table', 'public_trades', '--older-than', '90d']
    const dry = await partitions('prune', '--dry-run', ...past)
    expect(dry.code).toBe(0)
    expect(dry.stdout).toContain(`due       public_trades ${dayOf(daysAgo(100))}, 1 rows`)
    expect(await listRemovedDays(database.db)).toEqual([])

    const blocked = await database.db.transaction().execute(async (trx) => {
      await sql`select count(*) from public_trades`.execute(trx)
      return partitions('prune', ...past)
    })
    expect(blocked.code).toBe(75)
    expect(blocked.stdout).toMatch(/^postponed public_trades .*: canceling statement/)
    const pruned = await partitions('prune', '--json', ...past)
    expect(pruned.code).toBe(0)
    expect(JSON.parse(pruned.stdout)).toMatchObject([
      { table: 'public_trades', day: dayOf(daysAgo(100)), outcome: 'removed', rows: 1 },
    ])
    const removed = await partitions('list', '--removed')
    expect(removed.stdout).toMatch(/removed .*1 rows.* by hand/)
  })

  it('refuses what it cannot do, with the documented exit code', async () => {
    const env = { EVENTSAVER_DATABASE_URL: 'postgres://nobody@127.0.0.1:9/grid' }
    const cases: [args: string[], code: number, text: string][] = [
      [['list', '--table', 'orders'], 2, 'orders'],
      [['prune'], 2, 'RETENTION_UNSET'],
      [['prune', '--older-than', '90d'], 2, 'TABLE_NEEDED'],
      [['prune', '--table', 'public_trades', '--older-than', '1h'], 2, '"1h"'],
      [['list'], 75, 'DATABASE_UNREACHABLE'],
    ]
    await Promise.all(
      cases.map(async ([args, code, text]) => {
        const result = await runCli(['partitions', ...args], env)
        expect(result.code, args.join(' ')).toBe(code)
        expect(result.stderr).toContain(text)
      }),
    )
  })
})

describe('a running saver', () => {
  it('removes days past their retention, freezes closed ones, and says so', async () => {
    await using database = await ownDatabase()
    await using sim = await startSimulator({ seed: 21, symbols: ['BTCUSDT'] })
    await migrate(database.db, { environment: ENVIRONMENT })
    await store(database.db, daysAgo(100), daysAgo(95), daysAgo(50))
    const { saver, log } = makeSaver(sim.wsUrl, database.url, {
      EVENTSAVER_RETENTION_PUBLIC_TRADES: '90d',
      EVENTSAVER_COLLECTOR: 'keeper',
    })
    const address = await saver.start()
    const codes = () => log.map(({ code }) => code)
    await expect.poll(codes, { timeout: 30_000 }).toContain('DAYS_FROZEN')
    expect(codes().filter((code) => code === 'DAY_REMOVED')).toHaveLength(2)
    expect(saver.status().retention).toMatchObject([
      { table: 'public_trades', days: 2, rows: 2, postponed: 0 },
      { table: 'ticker_snapshots', days: 0, rows: 0, postponed: 0 },
    ])
    const metrics = await (await fetch(`http://${address}/metrics`)).text()
    expect(metrics).toContain('grid_retention_removed_days_total{table="public_trades"} 2')
    expect(metrics).toContain('grid_retention_removed_rows_total{table="public_trades"} 2')
    expect(metrics).toMatch(/grid_retention_removed_bytes_total\{table="public_trades"\} [1-9]/)
    await saver.stop(patience())
    expect(await listRemovedDays(database.db)).toMatchObject([
      { day: dayOf(daysAgo(100)), requestedBy: 'keeper', repairOverdue: false },
      { day: dayOf(daysAgo(95)) },
    ])
  })

  it('waits while the disk is full, and loses nothing', async () => {
    await using database = await ownDatabase()
    await using sim = await startSimulator({ seed: 22, tradesPerSecond: 200 })
    await migrate(database.db, { environment: ENVIRONMENT })
    await sql`create function disk_full() returns trigger language plpgsql as $$
      begin raise 'could not extend file' using errcode = 'disk_full'; end $$`.execute(database.db)
    for (const table of ['public_trades', 'ticker_snapshots']) {
      await sql`create trigger disk_full before insert on ${sql.id(table)}
        for each row execute function disk_full()`.execute(database.db)
    }
    const { saver, log } = makeSaver(sim.wsUrl, database.url)
    await saver.start()
    const refusals = () => log.filter(({ code }) => code === 'WRITE_FAILED').length
    await expect.poll(refusals, { timeout: 30_000 }).toBeGreaterThan(2)
    const persisted = saver.pipeline.sample().map((entry) => entry.persisted)
    expect(Math.max(...persisted)).toBe(0)
    for (const table of ['public_trades', 'ticker_snapshots']) {
      await sql`drop trigger disk_full on ${sql.id(table)}`.execute(database.db)
    }
    sim.pause()
    await quiet(saver)
    expect(await saver.stop(patience())).toEqual({ lost: 0, dropped: 0 })
    expect(await prove(database.db, sim)).toMatchObject(COMPLETE)
    expect(imbalances(saver)).toEqual([])
    expect(await new DeadLetterRepository(database.db).list()).toEqual([])
  })
})

const isPoolerInstalled = findPgbouncer() !== null
if (!isPoolerInstalled) process.stderr.write('skipped: PgBouncer is not installed\n')

it.skipIf(!isPoolerInstalled)('captures everything through a transaction pooler', async () => {
  await using database = await ownDatabase()
  const pooler = await startPgbouncer(database.url)
  try {
    await using sim = await startSimulator({ seed: 23, tradesPerSecond: 200 })
    const { saver } = makeSaver(sim.wsUrl, pooler.url, {
      EVENTSAVER_RETENTION_PUBLIC_TRADES: '90d',
    })
    const address = await saver.start()
    await expect.poll(() => saver.status().ready, { timeout: 30_000 }).toBe(true)
    sim.burst({ symbol: 'ETHUSDT', trades: 2500 })
    const status = await runCli(['status'], { EVENTSAVER_HTTP_ADDRESS: address })
    expect(status.code).toBe(0)
    const env = { EVENTSAVER_DATABASE_URL: pooler.url, EVENTSAVER_WS_URL: sim.wsUrl }
    const list = await runCli(['partitions', 'list', '--exact'], env)
    expect(list).toMatchObject({ code: 0, stdout: expect.stringContaining('public_trades') })
    sim.pause()
    await quiet(saver)
    expect(await saver.stop(patience())).toEqual({ lost: 0, dropped: 0 })
    expect(await prove(database.db, sim)).toMatchObject(COMPLETE)
  } finally {
    await pooler.stop()
  }
})
