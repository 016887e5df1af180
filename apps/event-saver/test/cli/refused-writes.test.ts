import { startSimulator } from '@grid/bybit-sim'
import { sql } from 'kysely'
import { expect, it } from 'vitest'
import { Cli } from '../support/cli.ts'
import { ownDatabase } from '../support/rig.ts'

it('a database that goes on refusing rows stops the saver with 78, which says why, and leaves the rows in the journal', {
  timeout: 180_000,
}, async () => {
  await using database = await ownDatabase()
  await using sim = await startSimulator({ seed: 31, tradesPerSecond: 50 })
  await using cli = new Cli(['run'], {
    EVENTSAVER_WS_URL: sim.wsUrl,
    EVENTSAVER_REST_URL: sim.restUrl,
    EVENTSAVER_DATABASE_URL: database.url,
    EVENTSAVER_SYMBOLS: 'BTCUSDT',
    EVENTSAVER_FLUSH_INTERVAL: '50ms',
  })
  const stored = async (table: string) => {
    const { rows } = await sql<{ n: number }>`
      select count(*)::integer as n from ${sql.table(table)}`.execute(database.db)
    return rows[0]?.n ?? 0
  }
  await expect
    .poll(() => stored('public_trades').catch(() => 0), { timeout: 60_000 })
    .toBeGreaterThan(0)
  await sql`create function forbidden() returns trigger language plpgsql as
    $$ begin raise 'permission denied for table public_trades' using errcode = '42501'; end $$`.execute(
    database.db,
  )
  await sql`create trigger forbidden before insert on public_trades
    for each statement execute function forbidden()`.execute(database.db)
  expect(await cli.exited).toBe(78)
  expect(cli.stderr).toMatch(
    /cannot store publicTrade: .*permission denied for table public_trades.*; grant the/,
  )
  expect(cli.log.map(({ code }) => code)).toEqual(
    expect.arrayContaining(['WRITE_FAILED', 'LEFT_IN_JOURNAL']),
  )
  expect(cli.log.map(({ code }) => code)).not.toContain('SHUTDOWN_LOST_EVENTS')
})
