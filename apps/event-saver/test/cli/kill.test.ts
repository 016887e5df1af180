import { setTimeout as wait } from 'node:timers/promises'
import { startSimulator } from '@grid/bybit-sim'
import { describe, expect, inject, it } from 'vitest'
import { Cli } from '../support/cli.ts'
import { type Kill, kill, proveKilled } from '../support/kills.ts'
import { ownFolder } from '../support/own-folder.ts'
import { ownDatabase } from '../support/rig.ts'
import { TcpProxy } from '../support/tcp-proxy.ts'

const COMPLETE = {
  samples: [],
  missing: 0,
  unexpected: 0,
  different: 0,
  unsentOutsideGaps: 0,
  neverSent: [],
}
/** Each start takes a few seconds, and many on a loaded machine. */
const LONG = { timeout: 600_000 }
/** Of trades and tickers each. */
const SYMBOLS = 4

async function live(saver: Cli): Promise<void> {
  await expect.poll(() => saver.httpAddress, { timeout: 120_000 }).toBeDefined()
  const count = async () =>
    (await saver.status()).topics.filter(({ state }) => state === 'live').length
  await expect.poll(count, { timeout: 120_000 }).toBe(2 * SYMBOLS)
}

/** The count of items of all channels that are waiting. */
async function waiting(saver: Cli): Promise<number> {
  const { channels } = await saver.status()
  return channels.reduce((sum, entry) => sum + entry.waiting, 0)
}

async function expectBalance(saver: Cli): Promise<void> {
  const { channels } = await saver.status()
  expect(channels.filter(({ imbalance }) => imbalance !== 0)).toEqual([])
}

describe('kill -9 at random moments', () => {
  it('loses nothing that was delivered, and stores nothing twice', LONG, async () => {
    await using database = await ownDatabase()
    await using sim = await startSimulator({ seed: 71, tradesPerSecond: 500 })
    const env = {
      EVENTSAVER_WS_URL: sim.wsUrl,
      EVENTSAVER_DATABASE_URL: database.url,
      EVENTSAVER_DATA_DIR: ownFolder(),
      EVENTSAVER_SYMBOLS: 'BTCUSDT,ETHUSDT,SOLUSDT,XRPUSDT',
    }
    const kills: Kill[] = []
    for (let life = 0; life < 3; life++) {
      await using saver = new Cli(['run'], env)
      await live(saver)
      await wait(Math.random() * 2000)
      kills.push(await kill(saver))
    }
    await using last = new Cli(['run'], env)
    await live(last)
    await wait(500)
    sim.pause()
    last.kill('SIGTERM')
    expect(await last.exited, last.stderr).toBe(0)
    const proof = await proveKilled(database.db, sim, kills)
    expect(proof).toMatchObject(COMPLETE)
    expect(proof.trades.stored).toBeGreaterThan(1000)
    expect(proof.unsent).toBeGreaterThan(100)
  })
})

describe('a database that is away', () => {
  it(
    'costs nothing, though the saver is killed meanwhile, and memory does not grow',
    LONG,
    async () => {
      await using database = await ownDatabase()
      await using proxy = await TcpProxy.to(inject('postgresUrl'))
      await using sim = await startSimulator({ seed: 72, tradesPerSecond: 1000 })
      const env = {
        EVENTSAVER_WS_URL: sim.wsUrl,
        EVENTSAVER_DATABASE_URL: proxy.through(database.url),
        EVENTSAVER_DATA_DIR: ownFolder(),
        EVENTSAVER_SYMBOLS: 'BTCUSDT,ETHUSDT,SOLUSDT,XRPUSDT',
        EVENTSAVER_MAX_WAITING: '1000',
      }
      const kills: Kill[] = []
      {
        await using first = new Cli(['run'], env)
        await live(first)
        await expect.poll(async () => (await first.status()).databaseReady, LONG).toBe(true)
        proxy.down()
        await wait(2000)
        await expectBalance(first)
        kills.push(await kill(first))
      }
      for (let life = 0; life < 2; life++) {
        await using saver = new Cli(['run'], env)
        await live(saver)
        await wait(1000 + Math.random() * 2000)
        await expectBalance(saver)
        kills.push(await kill(saver))
      }
      await using last = new Cli(['run'], env)
      await live(last)
      proxy.up()
      await expect.poll(async () => (await last.status()).databaseReady, LONG).toBe(true)
      await expect.poll(async () => (await last.status()).journal.behind, LONG).toEqual([])
      await expectBalance(last)
      sim.pause()
      await expect.poll(() => waiting(last), LONG).toBe(0)
      expect((await last.status()).rss).toBeLessThan(300e6)
      last.kill('SIGTERM')
      expect(await last.exited, last.stderr).toBe(0)
      expect(await proveKilled(database.db, sim, kills)).toMatchObject(COMPLETE)
    },
  )

  it(
    'lets SIGTERM leave what waits in the journal, and the next start stores all of it',
    LONG,
    async () => {
      await using database = await ownDatabase()
      await using proxy = await TcpProxy.to(inject('postgresUrl'))
      await using sim = await startSimulator({ seed: 73, tradesPerSecond: 100 })
      const env = {
        EVENTSAVER_WS_URL: sim.wsUrl,
        EVENTSAVER_DATABASE_URL: proxy.through(database.url),
        EVENTSAVER_DATA_DIR: ownFolder(),
        EVENTSAVER_SYMBOLS: 'BTCUSDT,ETHUSDT,SOLUSDT,XRPUSDT',
      }
      {
        await using first = new Cli(['run'], env)
        await live(first)
        await expect.poll(async () => (await first.status()).databaseReady, LONG).toBe(true)
        proxy.down()
        for (let burst = 0; burst < 20; burst++) {
          sim.burst({ symbol: 'BTCUSDT', trades: 2500 })
          await wait(50)
        }
        sim.pause()
        await expect.poll(() => waiting(first), LONG).toBeGreaterThan(45_000)
        await expectBalance(first)
        first.kill('SIGTERM')
        await wait(500)
        first.kill('SIGTERM')
        expect(await first.exited, first.stderr).toBe(0)
        expect(first.log.map(({ code }) => code)).toContain('LEFT_IN_JOURNAL')
      }
      proxy.up()
      await using second = new Cli(['run'], env)
      await live(second)
      await expect.poll(async () => (await second.status()).databaseReady, LONG).toBe(true)
      await expect.poll(() => waiting(second), LONG).toBe(0)
      second.kill('SIGTERM')
      expect(await second.exited, second.stderr).toBe(0)
      const proof = await proveKilled(database.db, sim, [])
      expect(proof).toMatchObject(COMPLETE)
      expect(proof.trades.stored).toBeGreaterThan(50_000)
    },
  )
})
