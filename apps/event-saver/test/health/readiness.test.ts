import { setTimeout as wait } from 'node:timers/promises'
import { startSimulator } from '@grid/bybit-sim'
import { sql } from 'kysely'
import { pino } from 'pino'
import { describe, expect, it } from 'vitest'
import { DeadLetterShare } from '../../src/health/dead-letter-share.ts'
import { LoopWatchdog } from '../../src/health/loop-watchdog.ts'
import type { ReadinessCheck, ReadinessCode } from '../../src/health/readiness.ts'
import { ReadinessLog } from '../../src/health/readiness-log.ts'
import type { LedgerEntry } from '../../src/pipeline/ledger.ts'
import { Cli } from '../support/cli.ts'
import { makeSaver, ownDatabase } from '../support/rig.ts'
import { SteppedClock } from '../support/stepped-clock.ts'
import { TcpProxy } from '../support/tcp-proxy.ts'

const TIMEOUT = { timeout: 120_000 }

async function failing(cli: Cli): Promise<string[]> {
  const { checks } = (await (await cli.get('/readyz')).json()) as { checks: ReadinessCheck[] }
  return checks.filter(({ ok }) => !ok).map(({ code }) => code)
}

describe('a process that was stopped for a while', () => {
  it('is alive when it goes on, says that it is not ready, and is again', {
    timeout: 300_000,
  }, async () => {
    await using database = await ownDatabase()
    await using sim = await startSimulator({ seed: 71, symbols: ['BTCUSDT'], tradesPerSecond: 50 })
    await using cli = new Cli(['run'], {
      EVENTSAVER_WS_URL: sim.wsUrl,
      EVENTSAVER_DATABASE_URL: database.url,
      EVENTSAVER_SYMBOLS: 'BTCUSDT',
    })
    await expect.poll(() => cli.httpAddress, TIMEOUT).toBeDefined()
    const lines = () => cli.log.map(({ code, level }) => `${code} ${level}`)
    // Not only answered: the log tells it a second later at most.
    await expect.poll(lines, TIMEOUT).toContain('READY 30')
    cli.kill('SIGSTOP')
    await wait(6000)
    // Asked while it is stopped: the first thing that it answers.
    const alive = cli.get('/livez')
    const notReady = failing(cli)
    await wait(500)
    cli.kill('SIGCONT')
    expect((await alive).status).toBe(200)
    expect(await notReady).toContain('WATCHDOG')
    await expect.poll(async () => (await cli.get('/readyz')).status, TIMEOUT).toBe(200)
    const metrics = await (await cli.get('/metrics')).text()
    expect(metrics).toMatch(/grid_loop_stalls_total [1-9]/)
    expect(metrics).toMatch(/grid_loop_stalled_seconds_total [1-9]/)
    expect(metrics).toMatch(/grid_ready_check\{check="WATCHDOG"\} 1/)
    expect(lines()).toContain('LOOP_STALLED 40')
    expect(lines()).toContain('NOT_READY 50')
    const readies = () => lines().filter((line) => line === 'READY 30').length
    await expect.poll(readies, TIMEOUT).toBeGreaterThan(1)
  })
})

it('a watchdog counts stalls, tells of each once, and for how long the last one was a moment ago', () => {
  let nowMs = 0
  const told: number[] = []
  const watchdog = new LoopWatchdog({
    onTick: () => {},
    onError: () => {},
    onStall: (lastedMs) => told.push(lastedMs),
    nowMs: () => nowMs,
  })
  watchdog.stop()
  nowMs = 4000
  expect(watchdog.stalledMs).toBeNull()
  nowMs += 40_000
  expect(watchdog.stalledMs).toBe(40_000)
  nowMs += 1000
  expect(watchdog.stalledMs).toBe(40_000)
  for (let second = 0; second < 10; second += 1) {
    nowMs += 1000
    void watchdog.stalledMs
  }
  expect(watchdog.stalledMs).toBeNull()
  expect(watchdog.stalls).toEqual({ count: 1, totalMs: 40_000 })
  expect(told).toEqual([40_000])
})

describe('the log of readiness', () => {
  const check = (code: ReadinessCode, ok: boolean): ReadinessCheck => ({
    code,
    ok,
    since: 0,
    detail: `${code} of a test`,
  })
  const [good, bad] = [
    (code: ReadinessCode) => check(code, true),
    (code: ReadinessCode) => check(code, false),
  ]

  function begin(): {
    take: ReadinessLog['take']
    end: () => void
    lines: () => string[]
    clock: SteppedClock
  } {
    const lines: string[] = []
    const write = (line: string): void => {
      const { level, code, check: name } = JSON.parse(line)
      lines.push([level, code, name].filter((part) => part !== undefined).join(' '))
    }
    const clock = new SteppedClock()
    const log = new ReadinessLog(pino({ level: 'debug' }, { write }), clock)
    return {
      take: (checks) => log.take(checks),
      end: () => log.end(),
      lines: () => lines.splice(0),
      clock,
    }
  }

  it('has a line for each change, an error for each check that is lost', () => {
    const { take, lines } = begin()
    take([bad('TOPICS_LIVE'), bad('ACCOUNTS_KNOWN')])
    expect(lines()).toEqual([])
    take([good('TOPICS_LIVE'), good('ACCOUNTS_KNOWN')])
    take([good('TOPICS_LIVE'), good('ACCOUNTS_KNOWN')])
    expect(lines()).toEqual(['30 READY'])
    take([bad('TOPICS_LIVE'), good('ACCOUNTS_KNOWN')])
    take([bad('TOPICS_LIVE'), bad('ACCOUNTS_KNOWN')])
    take([bad('TOPICS_LIVE'), bad('ACCOUNTS_KNOWN')])
    expect(lines()).toEqual(['50 NOT_READY TOPICS_LIVE', '50 NOT_READY ACCOUNTS_KNOWN'])
    take([good('TOPICS_LIVE'), bad('ACCOUNTS_KNOWN')])
    expect(lines()).toEqual(['30 TOPICS_LIVE'])
    take([good('TOPICS_LIVE'), good('ACCOUNTS_KNOWN')])
    expect(lines()).toEqual(['30 READY'])
  })

  it('tells of a start that never gets ready, and not of a stop', async () => {
    const { take, lines, clock, end } = begin()
    take([bad('DATABASE_REACHED')])
    await clock.step(61_000)
    take([bad('DATABASE_REACHED')])
    expect(lines()).toEqual(['50 NOT_READY DATABASE_REACHED'])
    take([good('DATABASE_REACHED')])
    expect(lines()).toEqual(['30 READY'])
    end()
    take([bad('TOPICS_LIVE')])
    expect(lines()).toEqual([])
  })
})

it('a saver is not ready while a connection that is open brings nothing, and is again', {
  timeout: 300_000,
}, async () => {
  await using database = await ownDatabase()
  await using sim = await startSimulator({ seed: 73, symbols: ['BTCUSDT'], tradesPerSecond: 50 })
  const { saver } = makeSaver(sim.wsUrl, database.url, { EVENTSAVER_SYMBOLS: 'BTCUSDT' })
  await saver.start()
  const alive = () => saver.status().checks.find(({ code }) => code === 'CONNECTIONS_ALIVE')
  await expect.poll(() => saver.status().ready, TIMEOUT).toBe(true)
  const { connections } = await sim.fault({ kind: 'half-open' })
  expect(connections).toHaveLength(1)
  await expect.poll(() => alive()?.ok, TIMEOUT).toBe(false)
  expect(alive()?.detail).toMatch(/^connection 1 of linear has brought nothing for /)
  // Long before the heartbeat cuts it.
  expect(saver.status().connections).toBe(1)
  expect(saver.status().topics.every(({ state }) => state === 'live')).toBe(true)
  await expect.poll(() => saver.status().ready, TIMEOUT).toBe(true)
  expect(saver.status().connections).toBe(2)
  await saver.stop(AbortSignal.timeout(30_000))
})

it('a saver is not ready while most of a channel becomes dead letters, and is again', {
  timeout: 300_000,
}, async () => {
  await using database = await ownDatabase()
  await using sim = await startSimulator({ seed: 74, symbols: ['BTCUSDT'], tradesPerSecond: 50 })
  const { saver } = makeSaver(sim.wsUrl, database.url, { EVENTSAVER_SYMBOLS: 'BTCUSDT' })
  await saver.start()
  const check = () => saver.status().checks.find(({ code }) => code === 'ITEMS_UNDERSTOOD')
  await expect.poll(() => saver.status().ready, TIMEOUT).toBe(true)
  await sql`alter table public_trades add constraint planted check (price < 0) not valid`.execute(
    database.db,
  )
  await expect.poll(() => check()?.ok, TIMEOUT).toBe(false)
  expect(check()?.detail).toMatch(/^became dead letters: \d+ of the last \d+ items of publicTrade$/)
  expect(saver.status().ready).toBe(false)
  await sql`alter table public_trades drop constraint planted`.execute(database.db)
  await expect.poll(() => saver.status().ready, TIMEOUT).toBe(true)
  await saver.stop(AbortSignal.timeout(30_000))
})

describe('the share of dead letters', () => {
  const entry = (channel: string, deadLettered: number, persisted: number): LedgerEntry =>
    ({
      channel,
      deadLettered,
      persisted,
      conflict: 0,
      merged: 0,
      duplicate: 0,
      filtered: 0,
    }) as LedgerEntry

  it('of a quiet channel is that of its last items, and one odd item is none', () => {
    const share = new DeadLetterShare()
    const judge = (dead: number, stored: number, second: number) =>
      share.judge([entry('wallet', dead, stored), entry('unknown', 0, 0)], second * 1000)
    expect(judge(2, 0, 0)).toBeNull()
    expect(judge(3, 0, 60)).toMatch('3 of the last 3 items of wallet')
    expect(judge(3, 2, 120)).not.toBeNull()
    expect(judge(3, 3, 180)).toBeNull()
    // Ten minutes later what was before does not count.
    expect(judge(6, 3, 900)).toMatch('3 of the last 3 items of wallet')
  })

  it('of frames that name no channel is that of all items', () => {
    const share = new DeadLetterShare()
    const judge = (unknown: number, trades: number) =>
      share.judge([entry('publicTrade', 0, trades), entry('unknown', unknown, 0)], 0)
    expect(judge(5, 5)).toBeNull()
    expect(judge(6, 5)).toMatch('6 of the last 11 items of frames that name no channel')
  })
})

it('a saver is not ready until the database was reached', { timeout: 300_000 }, async () => {
  await using database = await ownDatabase()
  await using proxy = await TcpProxy.to(database.url)
  await using sim = await startSimulator({ seed: 72, symbols: ['BTCUSDT'], tradesPerSecond: 50 })
  proxy.down()
  const { saver, log } = makeSaver(sim.wsUrl, proxy.through(database.url), {
    EVENTSAVER_SYMBOLS: 'BTCUSDT',
  })
  await saver.start()
  const find = (code: ReadinessCode) => saver.status().checks.find((check) => check.code === code)
  await expect.poll(() => find('TOPICS_LIVE')?.ok, TIMEOUT).toBe(true)
  expect(saver.status().ready).toBe(false)
  expect(find('DATABASE_REACHED')).toMatchObject({ ok: false })
  proxy.up()
  await expect.poll(() => saver.status().ready, TIMEOUT).toBe(true)
  expect(find('DATABASE_REACHED')).toMatchObject({ ok: true })
  await expect.poll(() => log.filter(({ code }) => code === 'READY').length, TIMEOUT).toBe(1)
  await saver.stop(AbortSignal.timeout(30_000))
})
