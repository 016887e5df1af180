import { startSimulator } from '@grid/bybit-sim'
import { CaptureGapRepository, marketRepository } from '@grid/db'
import { expect, it } from 'vitest'
import type { Saver } from '../../src/saver.ts'
import { imbalances, makeSaver, ownDatabase } from '../support/rig.ts'
import { TcpProxy } from '../support/tcp-proxy.ts'

const TIMEOUT = { timeout: 120_000 }
const symbol = 'COMINGUSDT'

it('an instrument that comes back while the database is away has a gap since it was last stored', async () => {
  await using database = await ownDatabase()
  await using proxy = await TcpProxy.to(database.url)
  await using sim = await startSimulator({
    seed: 23,
    symbols: ['BTCUSDT', symbol],
    tradesPerSecond: 20,
  })
  const env = { EVENTSAVER_REST_URL: sim.restUrl, EVENTSAVER_SYMBOLS: '*' }
  const { saver, log } = makeSaver(sim.wsUrl, proxy.through(database.url), env, { listPollMs: 300 })
  const isLive = (of: Saver) =>
    of.status().topics.filter((topic) => topic.symbol === symbol && topic.state === 'live').length
  const trades = marketRepository(database.db, 'publicTrade')
  const query = { category: 'linear', symbol } as const
  await saver.start()
  await expect.poll(() => isLive(saver), TIMEOUT).toBe(2)
  await expect.poll(() => trades.lastTs(query), TIMEOUT).not.toBeNull()
  sim.delist('linear', symbol)
  await expect.poll(() => isLive(saver), TIMEOUT).toBe(0)
  await expect.poll(() => saver.pipeline.waitingInAll, TIMEOUT).toBeLessThan(20)
  proxy.down()
  const lastTs = await trades.lastTs(query)
  sim.list('linear', symbol)
  await expect.poll(() => isLive(saver), TIMEOUT).toBe(2)
  const liveTs = Date.now()
  expect(log.filter(({ code }) => code === 'PAST_UNKNOWN')).not.toEqual([])
  // What comes meanwhile must not be taken for what came before.
  const received = () => saver.pipeline.waitingInAll
  const before = received()
  await expect.poll(received, TIMEOUT).toBeGreaterThan(before + 50)
  proxy.up()
  const gaps = new CaptureGapRepository(database.db)
  const ofTrades = { ...query, channel: 'publicTrade' } as const
  await expect
    .poll(async () => (await gaps.list({ stream: ofTrades })).map(({ reason }) => reason), TIMEOUT)
    .toEqual(['start'])
  const [gap] = await gaps.list({ stream: ofTrades })
  expect(gap?.startTs).toBe(lastTs)
  expect(gap?.endTs).toBeLessThanOrEqual(liveTs)
  await saver.stop(AbortSignal.timeout(30_000))
  expect(imbalances(saver)).toEqual([])
})
