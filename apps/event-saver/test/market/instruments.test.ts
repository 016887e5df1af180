import { type Simulator, startSimulator } from '@grid/bybit-sim'
import { type Instrument, instrumentFromJson, systemClock } from '@grid/core-events'
import { InstrumentRepository, migrate } from '@grid/db'
import { pino } from 'pino'
import { expect, it } from 'vitest'
import { examineDatabase } from '../../src/doctor/database.ts'
import { Metrics } from '../../src/health/metrics.ts'
import { InstrumentRecorder } from '../../src/market/instrument-recorder.ts'
import { loadTestConfig, makeSaver, ownDatabase, quiet, type TestSaver } from '../support/rig.ts'

const PATIENT = { timeout: 120_000, interval: 100 }
const MARKET = { seed: 41, symbols: ['BTCUSDT', 'ETHUSDT', 'OLDUSDT'], tradesPerSecond: 20 }
const POLL_MS = 400
const PATH = '/v5/market/instruments-info'

/** A saver that follows every linear instrument. */
function follow(
  sim: Simulator,
  url: string,
  env: Readonly<Record<string, string>> = {},
): TestSaver {
  const settings = { EVENTSAVER_REST_URL: sim.restUrl, EVENTSAVER_SYMBOLS: '*', ...env }
  return makeSaver(sim.wsUrl, url, settings, { listPollMs: POLL_MS })
}

/** The instruments of which a saver has every topic live. */
function liveAt({ saver }: TestSaver): string[] {
  const topics = saver.status().topics
  const symbols = [...new Set(topics.map(({ symbol }) => symbol))]
  return symbols
    .filter((name) => topics.every(({ symbol, state }) => symbol !== name || state === 'live'))
    .sort()
}

async function stop({ saver }: TestSaver): Promise<void> {
  expect(await saver.stop(AbortSignal.timeout(30_000))).toEqual({ lost: 0, left: 0, dropped: 0 })
}

it('listings, a delisting, a changed tick size and a pre-market contract leave the right rows and topics', async () => {
  await using database = await ownDatabase()
  await using sim = await startSimulator(MARKET)
  const savers = ['one', 'two'].map((name) =>
    follow(sim, database.url, { EVENTSAVER_COLLECTOR: name }),
  )
  // One after the other: each of two savers that start at once would migrate.
  for (const { saver } of savers) {
    await saver.start()
    await expect
      .poll(() => saver.status().instruments[0]?.recordedAt, PATIENT)
      .toEqual(expect.any(Number))
  }
  const repository = new InstrumentRepository(database.db)
  const live = (): string[][] => savers.map(liveAt)
  const both = (symbols: string[]): string[][] => [symbols, symbols]
  await expect.poll(live, PATIENT).toEqual(both(['BTCUSDT', 'ETHUSDT', 'OLDUSDT']))
  const rows = async (symbol: string) =>
    (await repository.history({ category: 'linear', symbols: [symbol] })).map(
      ({ instrument: { status, priceFilter, preListingInfo }, validUntil }) => [
        status,
        preListingInfo?.curAuctionPhase ?? priceFilter?.tickSize,
        validUntil === null ? 'holds' : 'ended',
      ],
    )

  sim.list('linear', 'NEWUSDT')
  sim.list('linear', 'SOONUSDT', { status: 'PendingOpen' })
  sim.delist('linear', 'OLDUSDT')
  sim.changeInstrument('linear', 'BTCUSDT', { priceFilter: { tickSize: '0.50' }, newKey: 'kept' })
  sim.preList('BIOUSDT', { phase: 'CallAuction' })
  await expect.poll(live, PATIENT).toEqual(both(['BTCUSDT', 'ETHUSDT', 'NEWUSDT', 'SOONUSDT']))
  await expect.poll(() => rows('BIOUSDT'), PATIENT).toHaveLength(1)
  await expect
    .poll(() => rows('OLDUSDT'), PATIENT)
    .toEqual([['Trading', expect.anything(), 'ended']])
  await expect.poll(() => rows('BTCUSDT'), PATIENT).toHaveLength(2)

  sim.list('linear', 'SOONUSDT')
  sim.preList('BIOUSDT', { phase: 'ContinuousTrading' })
  await expect
    .poll(live, PATIENT)
    .toEqual(both(['BIOUSDT', 'BTCUSDT', 'ETHUSDT', 'NEWUSDT', 'SOONUSDT']))
  await expect.poll(() => rows('SOONUSDT'), PATIENT).toHaveLength(2)
  sim.list('linear', 'BIOUSDT')
  await expect.poll(() => rows('BIOUSDT'), PATIENT).toHaveLength(3)
  expect(live()).toEqual(both(['BIOUSDT', 'BTCUSDT', 'ETHUSDT', 'NEWUSDT', 'SOONUSDT']))
  sim.pause()
  await quiet(...savers.map(({ saver }) => saver))
  for (const saver of savers) await stop(saver)

  expect(await rows('BTCUSDT')).toEqual([
    ['Trading', '0.10', 'ended'],
    ['Trading', '0.50', 'holds'],
  ])
  expect(await rows('ETHUSDT')).toEqual([['Trading', '0.01', 'holds']])
  expect(await rows('NEWUSDT')).toEqual([['Trading', expect.anything(), 'holds']])
  expect((await rows('SOONUSDT')).map(([status]) => status)).toEqual(['PendingOpen', 'Trading'])
  expect((await rows('BIOUSDT')).map(([status, phase]) => [status, phase])).toEqual([
    ['PreLaunch', 'CallAuction'],
    ['PreLaunch', 'ContinuousTrading'],
    ['Trading', expect.stringMatching(/^0\.\d+$/)],
  ])
  const [before, after] = await repository.history({ symbols: ['BTCUSDT'] })
  expect(after?.instrument.extra).toEqual({ newKey: 'kept' })
  expect(after?.changedAfter).toBeGreaterThanOrEqual(before?.validFrom ?? Number.NaN)
  expect(after?.changedAfter).toBeLessThan(after?.validFrom ?? 0)
  const [old] = await repository.listings({ symbols: ['OLDUSDT'] })
  expect(old?.until).toBeGreaterThan(old?.from ?? Number.NaN)
  // The first trades of the pre-market contract are there.
  const traded = sim.truth().trades.filter(({ symbol }) => symbol === 'BIOUSDT')
  const { stored } = await database.db
    .selectFrom('public_trades_wide')
    .select(({ fn }) => fn.countAll().as('stored'))
    .where('symbol', '=', 'BIOUSDT')
    .executeTakeFirstOrThrow()
  expect(traded.filter(({ sentTo }) => sentTo.length > 0).length).toBeGreaterThan(0)
  expect(Number(stored)).toBe(traded.filter(({ sentTo }) => sentTo.length > 0).length)
})

it('a failed or short reading is no delisting', async () => {
  await using database = await ownDatabase()
  await using sim = await startSimulator(MARKET)
  const saver = follow(sim, database.url)
  await saver.saver.start()
  const recordedAt = () => saver.saver.status().instruments[0]?.recordedAt ?? 0
  await expect.poll(recordedAt, PATIENT).toBeGreaterThan(0)
  for (const how of ['html', 'empty-page', '502'] as const) {
    const last = recordedAt()
    await sim.fault({ kind: 'rest', how, path: PATH, count: 4 })
    await expect.poll(recordedAt, PATIENT).toBeGreaterThan(last)
  }
  const states = await new InstrumentRepository(database.db).history({ category: 'linear' })
  expect(states.map(({ symbol, validUntil }) => [symbol, validUntil])).toEqual(
    MARKET.symbols.map((symbol) => [symbol, null]),
  )
  expect(liveAt(saver)).toEqual(MARKET.symbols)
  await stop(saver)
})

it('instruments are recorded where only some are captured', async () => {
  await using database = await ownDatabase()
  await using sim = await startSimulator({ ...MARKET, spot: ['BTCUSDT', 'ETHUSDT'] })
  const saver = follow(sim, database.url, {
    EVENTSAVER_CATEGORY: 'linear,spot',
    EVENTSAVER_SYMBOLS: 'linear:BTCUSDT,spot:BTCUSDT',
  })
  await saver.saver.start()
  const counts = () =>
    saver.saver.status().instruments.map(({ category, changes }) => [category, changes])
  await expect.poll(counts, PATIENT).toEqual([
    ['linear', 3],
    ['spot', 2],
  ])
  expect(liveAt(saver)).toEqual(['BTCUSDT'])
  const listed = await new InstrumentRepository(database.db).asOf(Date.now() + 60_000)
  expect(listed.map(({ category, symbol }) => `${category} ${symbol}`)).toEqual([
    'linear BTCUSDT',
    'linear ETHUSDT',
    'linear OLDUSDT',
    'spot BTCUSDT',
    'spot ETHUSDT',
  ])
  const env = {
    EVENTSAVER_CATEGORY: 'linear,inverse',
    EVENTSAVER_SYMBOLS: 'linear:*,inverse:BTCUSD',
  }
  const config = loadTestConfig(sim.wsUrl, database.url, {
    ...env,
    EVENTSAVER_REST_URL: sim.restUrl,
  })
  const findings = await examineDatabase(config)
  const details = findings.flatMap(({ code, detail }) => (code === 'INSTRUMENTS' ? [detail] : []))
  expect(details).toEqual([
    expect.stringContaining('linear: 3 instruments, known up to 20'),
    expect.stringContaining('inverse: no list is recorded yet'),
  ])
  const metrics = await new Metrics().render(saver.saver.status())
  expect(metrics).toContain('grid_instruments_listed{category="linear"} 3')
  expect(metrics).toContain('grid_instrument_changes_total{category="spot"} 2')
  await stop(saver)
})

it('a list of one coin, of which nobody knows whether there are others, ends nothing', async () => {
  await using database = await ownDatabase()
  await migrate(database.db)
  const recorder = new InstrumentRecorder({
    db: database.db,
    clock: systemClock,
    collector: 'one',
    log: pino({ level: 'silent' }),
    pollMs: 2,
  })
  recorder.expect('option')
  recorder.open()
  const base = { status: 'Trading', quoteCoin: 'USDT' }
  const [btc, eth] = ['BTC', 'ETH'].map((baseCoin) =>
    instrumentFromJson({ symbol: `${baseCoin}-1`, baseCoin, ...base }),
  ) as [Instrument, Instrument]
  let exchangeTs = 1_760_000_000_000
  const take = async (items: readonly Instrument[], isWhole: boolean): Promise<void> => {
    exchangeTs += 1000
    const localTsUs = exchangeTs * 1000
    recorder.take('option', {
      items,
      deadLetters: [],
      end: 'last_page',
      exchangeTs,
      localTsUs,
      isWhole,
    })
    await recorder.settled()
  }
  await take([btc, eth], true)
  for (const isWhole of [false, false, true]) await take([btc], isWhole)
  const repository = new InstrumentRepository(database.db)
  const listed = async () => (await repository.asOf(exchangeTs)).map(({ symbol }) => symbol)
  expect(await listed()).toEqual(['BTC-1', 'ETH-1'])
  expect(recorder.statuses()).toMatchObject([{ listed: 1, changes: 2, ended: 0 }])
  await take([btc], true)
  expect(await listed()).toEqual(['BTC-1'])
})
