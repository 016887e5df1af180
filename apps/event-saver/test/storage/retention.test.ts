import { startSimulator } from '@grid/bybit-sim'
import { DeadLetterRepository, listRemovedDays, migrate } from '@grid/db'
import { clearOfMidnight } from '@grid/testing'
import { sql } from 'kysely'
import { beforeEach, describe, expect, it } from 'vitest'
import { dayOf, daysAgo, storeTrades } from '../support/old-days.ts'
import { imbalances, makeSaver, ownDatabase, prove, quiet } from '../support/rig.ts'

const ENVIRONMENT = 'custom:127.0.0.1'
const patience = () => AbortSignal.timeout(30_000)
const COMPLETE = { missing: 0, unexpected: 0, different: 0, unsentOutsideGaps: 0, neverSent: [] }

beforeEach(clearOfMidnight)

describe('a running saver', () => {
  it('removes days past their retention, freezes closed ones, and reports both', async () => {
    await using database = await ownDatabase()
    await using sim = await startSimulator({ seed: 21, symbols: ['BTCUSDT'] })
    await migrate(database.db, { environment: ENVIRONMENT })
    await storeTrades(database.db, daysAgo(100), daysAgo(95), daysAgo(50))
    const { saver, log } = makeSaver(sim.wsUrl, database.url, {
      EVENTSAVER_RETENTION_PUBLIC_TRADES: '90d',
      EVENTSAVER_COLLECTOR: 'keeper',
    })
    const address = await saver.start()
    const codes = () => log.map(({ code }) => code)
    await expect.poll(codes, { timeout: 120_000 }).toContain('DAYS_FROZEN')
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

  it('keeps items while the disk is full, and loses none', async () => {
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
    await expect.poll(refusals, { timeout: 120_000 }).toBeGreaterThan(2)
    const persisted = saver.pipeline.sample().map((entry) => entry.persisted)
    expect(Math.max(...persisted)).toBe(0)
    for (const table of ['public_trades', 'ticker_snapshots']) {
      await database.db.transaction().execute(async (trx) => {
        // Dropping alone locks the days before their table, and inserts the other way round.
        await sql`lock table ${sql.id(table)} in access exclusive mode`.execute(trx)
        await sql`drop trigger disk_full on ${sql.id(table)}`.execute(trx)
      })
    }
    sim.pause()
    await quiet(saver)
    expect(await saver.stop(patience())).toEqual({ lost: 0, left: 0, dropped: 0 })
    expect(await prove(database.db, sim)).toMatchObject(COMPLETE)
    expect(imbalances(saver)).toEqual([])
    expect(await new DeadLetterRepository(database.db).list()).toEqual([])
  })
})
