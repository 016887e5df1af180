import { optionSymbols, startSimulator } from '@grid/bybit-sim'
import { expect, it } from 'vitest'
import { imbalances, makeSaver, ownDatabase, prove, quiet } from '../support/rig.ts'

const patience = () => AbortSignal.timeout(30_000)
const COMPLETE = { missing: 0, unexpected: 0, different: 0, unsentOutsideGaps: 0, neverSent: [] }

it('captures all categories at once, column by column, through a lost connection', async () => {
  await using database = await ownDatabase()
  const option = [
    ...optionSymbols('BTC', [90_000, 110_000], Date.now()),
    ...optionSymbols('XRP', [0.5], Date.now()),
  ]
  await using sim = await startSimulator({
    seed: 21,
    tradesPerSecond: 40,
    symbols: ['BTCUSDT', 'ETHUSDT', '币安人生USDT'],
    inverse: ['BTCUSD'],
    spot: ['BTCUSDT', 'SOLUSDT', '龙.5USDT'],
    option,
  })
  const { saver } = makeSaver(sim.wsUrl, database.url, {
    EVENTSAVER_REST_URL: sim.restUrl,
    EVENTSAVER_CATEGORY: 'linear,inverse,spot,option',
    EVENTSAVER_SYMBOLS: 'linear:*,inverse:BTCUSD,spot:BTCUSDT,spot:SOLUSDT,spot:龙.5usdt,option:*',
  })
  const received = () => saver.pipeline.sample().reduce((sum, entry) => sum + entry.received, 0)
  const more = async () => {
    await expect.poll(() => saver.status().ready, { timeout: 120_000 }).toBe(true)
    const before = received()
    await expect.poll(received, { timeout: 120_000 }).toBeGreaterThan(before + 500)
  }
  await saver.start()
  await more()
  await sim.fault({ kind: 'close', abrupt: true })
  await more()
  sim.pause()
  await quiet(saver)
  expect(await saver.stop(patience())).toEqual({ lost: 0, left: 0, dropped: 0 })

  const proof = await prove(database.db, sim)
  expect(proof.samples).toEqual([])
  expect(proof).toMatchObject(COMPLETE)
  expect(imbalances(saver)).toEqual([])
  const categories = await database.db
    .selectFrom('public_trades')
    .select('category')
    .distinct()
    .orderBy('category')
    .execute()
  expect(categories.map(({ category }) => category)).toEqual([
    'linear',
    'inverse',
    'spot',
    'option',
  ])
})

it('captures 600 instruments, and follows those that list and delist', async () => {
  const symbols = Array.from({ length: 600 }, (_, index) => `COIN${index}USDT`)
  await using database = await ownDatabase()
  await using sim = await startSimulator({
    seed: 22,
    symbols,
    tradesPerSecond: 0.1,
    tickerIntervalMs: 2000,
  })
  const env = { EVENTSAVER_REST_URL: sim.restUrl, EVENTSAVER_SYMBOLS: '*' }
  const { saver, log } = makeSaver(sim.wsUrl, database.url, env, { listPollMs: 2000 })
  await saver.start()
  const live = () =>
    saver.status().topics.flatMap(({ topic, state }) => (state === 'live' ? [topic] : []))
  await expect.poll(() => live().length, { timeout: 120_000 }).toBe(1200)
  await expect.poll(() => saver.status().ready, { timeout: 120_000 }).toBe(true)
  for (const { topics } of sim.connections()) {
    expect(topics.join('').length).toBeLessThanOrEqual(21_000)
  }
  sim.list('linear', 'NEWUSDT')
  sim.delist('linear', 'COIN7USDT')
  await expect
    .poll(() => live().includes('publicTrade.NEWUSDT'), { timeout: 120_000, interval: 500 })
    .toBe(true)
  await expect
    .poll(() => saver.status().topics.some(({ symbol }) => symbol === 'COIN7USDT'), {
      timeout: 120_000,
      interval: 500,
    })
    .toBe(false)
  expect(log).toContainEqual(
    expect.objectContaining({ code: 'DELISTED', instruments: 1, symbols: ['COIN7USDT'] }),
  )
  expect(await saver.stop(patience())).toEqual({ lost: 0, left: 0, dropped: 0 })
})
