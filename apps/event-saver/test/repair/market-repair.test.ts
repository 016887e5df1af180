import { setTimeout as wait } from 'node:timers/promises'
import { optionSymbols, type RecentTradeLie, type Simulator, startSimulator } from '@grid/bybit-sim'
import { CATEGORIES, systemClock } from '@grid/core-events'
import { CaptureGapRepository, type GridDatabase, type StoredGap } from '@grid/db'
import { compareWithTruth } from '@grid/proof'
import type { Kysely } from 'kysely'
import { describe, expect, it } from 'vitest'
import type { Saver } from '../../src/saver.ts'
import { Cli } from '../support/cli.ts'
import { imbalances, makeSaver, ownDatabase, quiet } from '../support/rig.ts'

const SYMBOLS = ['BTCUSDT', 'ETHUSDT', 'SOLUSDT', 'XRPUSDT']
const COMPLETE = { missing: 0, unexpected: 0, different: 0, unsentOutsideGaps: 0, neverSent: [] }
const TIMEOUT = { timeout: 300_000 }

const envFor = (sim: Simulator) => ({
  EVENTSAVER_REST_URL: sim.restUrl,
  EVENTSAVER_CHANNELS: 'publicTrade',
})
const gapsOf = (db: Kysely<GridDatabase>) => new CaptureGapRepository(db).list()
const live = (saver: Saver, count = SYMBOLS.length) =>
  expect
    .poll(() => saver.status().topics.filter(({ state }) => state === 'live').length, TIMEOUT)
    .toBe(count)
const producedOf = (sim: Simulator, symbol: string) =>
  sim.truth().trades.filter((trade) => trade.symbol === symbol)
const produced = (sim: Simulator, each: number) =>
  expect
    .poll(() => Math.min(...SYMBOLS.map((symbol) => producedOf(sim, symbol).length)), TIMEOUT)
    .toBeGreaterThanOrEqual(each)

/** Lets the paused market trade a little until the gaps are as they should be, however long that takes. */
async function trickleUntil(
  sim: Simulator,
  db: Kysely<GridDatabase>,
  isRight: (gaps: readonly StoredGap[]) => boolean,
): Promise<StoredGap[]> {
  for (let round = 0; round < 600; round++) {
    for (const symbol of SYMBOLS) sim.trade({ symbol })
    await wait(50 + round)
    const gaps = await gapsOf(db)
    if (isRight(gaps)) return gaps
  }
  return gapsOf(db)
}

const all = (state: string) => (gaps: readonly StoredGap[]) =>
  gaps.length >= SYMBOLS.length && gaps.every((gap) => gap.state === state)

/** Runs the market for 5 s, cuts the connection for 3 s of the market, and lets it come back. */
async function cut(sim: Simulator, perSecond: number): Promise<void> {
  await produced(sim, 5 * perSecond)
  await sim.fault({ kind: 'refuse', how: 'tcp', forMs: 3500 })
  await sim.fault({ kind: 'close', abrupt: true })
  const before = Math.max(...SYMBOLS.map((symbol) => producedOf(sim, symbol).length))
  await produced(sim, before + 3 * perSecond)
  // Whatever the machine takes from here on, the market waits for it.
  sim.pause()
}

describe('a connection that was cut for 3 s, with 4 symbols', () => {
  it('at 100 trades a second each: every missed trade is stored from REST, the gaps are filled', async () => {
    await using database = await ownDatabase()
    await using sim = await startSimulator({ seed: 21, symbols: SYMBOLS, tradesPerSecond: 100 })
    const { saver, log } = makeSaver(sim.wsUrl, database.url, envFor(sim))
    const address = await saver.start()
    await live(saver)
    await cut(sim, 100)
    await live(saver)
    const gaps = await trickleUntil(sim, database.db, all('filled'))
    await quiet(saver)
    const { repair, gaps: counted } = saver.status()
    const metrics = await (await fetch(`http://${address}/metrics`)).text()
    await saver.stop(AbortSignal.timeout(30_000))

    expect(gaps.map(({ state, rest }) => [state, rest])).toEqual(SYMBOLS.map(() => ['filled', []]))
    const proof = await compareWithTruth(database.db, sim.truth().trades)
    expect(proof).toMatchObject(COMPLETE)
    expect(proof.unsent).toBeGreaterThan(4 * 200)
    expect(proof.repaired).toBe(proof.unsent)
    expect(repair).toMatchObject({ filled: 4, partial: 0, outOfReach: 0, refused: 0 })
    expect(repair.events).toBeGreaterThanOrEqual(proof.unsent)
    expect(metrics).toContain('grid_repair_gaps_total{outcome="filled"} 4\n')
    expect(metrics).toContain(`grid_repair_events_total ${repair.events}\n`)
    expect(metrics).toContain('grid_repair_streams 0\n')
    expect(counted).toMatchObject({ open: 0, recent: SYMBOLS.map(() => ({ state: 'filled' })) })
    expect(log.filter(({ msg }) => msg.startsWith('gap filled'))).toHaveLength(4)
    expect(imbalances(saver)).toEqual([])
  })

  it('at 400 trades a second each: the gaps are partial, with the true rest', async () => {
    await using database = await ownDatabase()
    await using sim = await startSimulator({ seed: 22, symbols: SYMBOLS, tradesPerSecond: 400 })
    const { saver } = makeSaver(sim.wsUrl, database.url, envFor(sim))
    await saver.start()
    await live(saver)
    await cut(sim, 400)
    await live(saver)
    const gaps = await trickleUntil(sim, database.db, all('partial'))
    await quiet(saver)
    await saver.stop(AbortSignal.timeout(30_000))

    expect(gaps.map(({ state }) => state)).toEqual(SYMBOLS.map(() => 'partial'))
    for (const gap of gaps) await expectTrueRest(database.db, sim, gap)
    expect(await compareWithTruth(database.db, sim.truth().trades)).toMatchObject(COMPLETE)
  })
})

/** The rest begins where the gap does, and ends where two pages with 1000 trades began. */
async function expectTrueRest(
  db: Kysely<GridDatabase>,
  sim: Simulator,
  gap: StoredGap,
): Promise<void> {
  const [rest, ...others] = gap.rest
  expect(others).toEqual([])
  expect(rest?.startTs).toBe(gap.startTs)
  const trades = producedOf(sim, gap.symbol ?? '')
  const rows = await db
    .selectFrom('public_trades')
    .select('trade_id')
    .where('symbol', '=', gap.symbol ?? '')
    .execute()
  const stored = new Set(rows.map(({ trade_id }) => trade_id))
  const first = trades.findIndex(({ sentTo }) => sentTo.length > 0)
  const missing = trades.slice(first).filter(({ tradeId }) => !stored.has(tradeId))
  expect(missing.length).toBeGreaterThan(100)
  const endTs = rest?.endTs ?? 0
  expect(missing.every(({ exchangeTs }) => exchangeTs <= endTs)).toBe(true)
  // The second page begins a little later than the first, by as many trades as came between them.
  const afterLast = trades.indexOf(missing.at(-1) as (typeof missing)[number]) + 1
  const unproven = trades.slice(afterLast).filter(({ exchangeTs }) => exchangeTs <= endTs)
  expect(unproven.length).toBeLessThan(200)
}

describe('a saver that was killed', () => {
  it('is followed by one that fills its gap, at 100 trades a second for 4 symbols', async () => {
    await using database = await ownDatabase()
    await using sim = await startSimulator({ seed: 23, symbols: SYMBOLS, tradesPerSecond: 100 })
    const env = {
      ...envFor(sim),
      EVENTSAVER_WS_URL: sim.wsUrl,
      EVENTSAVER_DATABASE_URL: database.url,
      EVENTSAVER_SYMBOLS: SYMBOLS.join(),
      EVENTSAVER_FLUSH_INTERVAL: '100ms',
    }
    await using killed = new Cli(['run'], env)
    const count = async () => {
      const query = database.db.selectFrom('public_trades').select((eb) => eb.fn.countAll().as('n'))
      return Number((await query.executeTakeFirst().catch(() => undefined))?.n ?? 0)
    }
    await expect.poll(count, { timeout: 120_000 }).toBeGreaterThan(4 * 200)
    killed.kill('SIGKILL')
    await killed.exited
    const before = Math.max(...SYMBOLS.map((symbol) => producedOf(sim, symbol).length))
    await produced(sim, before + 300)
    sim.pause()

    const { saver } = makeSaver(sim.wsUrl, database.url, env)
    await saver.start()
    await live(saver)
    const gaps = await trickleUntil(sim, database.db, all('filled'))
    await quiet(saver)
    await saver.stop(AbortSignal.timeout(30_000))
    expect(gaps.map(({ reason, state }) => [reason, state])).toEqual(
      SYMBOLS.map(() => ['start', 'filled']),
    )
    const rows = await database.db.selectFrom('public_trades').select('trade_id').execute()
    const stored = new Set(rows.map(({ trade_id }) => trade_id))
    for (const symbol of SYMBOLS) {
      const trades = producedOf(sim, symbol)
      const first = trades.findIndex(({ tradeId }) => stored.has(tradeId))
      expect(trades.slice(first).filter(({ tradeId }) => !stored.has(tradeId))).toEqual([])
    }
  })
})

describe('gaps of an earlier process', () => {
  it('are recorded and filled by a clock that is 5 s behind', async () => {
    const symbol = 'BTCUSDT'
    await using database = await ownDatabase()
    await using sim = await startSimulator({ seed: 28, symbols: [symbol], paused: true })
    const env = { ...envFor(sim), EVENTSAVER_SYMBOLS: symbol }
    const clock = { ...systemClock, nowUs: () => systemClock.nowUs() - 5_000_000 }
    const some = (count: number, more = {}) => sim.trade({ symbol, count, sameSeq: false, ...more })
    const first = makeSaver(sim.wsUrl, database.url, env, { clock })
    await first.saver.start()
    await live(first.saver, 1)
    some(20, { exchangeTs: Date.now() - 20_000 })
    some(20)
    await quiet(first.saver)
    await first.saver.stop(AbortSignal.timeout(30_000))
    some(60)
    const { saver } = makeSaver(sim.wsUrl, database.url, env, { clock })
    await saver.start()
    await live(saver, 1)
    const states = async () => {
      some(1)
      return (await gapsOf(database.db)).map(({ reason, state }) => `${reason} ${state}`)
    }
    await expect.poll(states, { ...TIMEOUT, interval: 200 }).toEqual(['start filled'])
    await quiet(saver)
    await saver.stop(AbortSignal.timeout(30_000))
    const rows = await database.db.selectFrom('public_trades').select('trade_id').execute()
    expect(rows).toHaveLength(sim.truth().trades.length)
  })

  it('are filled by two savers at once, of every category', async () => {
    await using database = await ownDatabase()
    const [call, put] = optionSymbols('BTC', [50_000, 60_000], Date.now())
    const option = [call ?? '', put ?? '']
    const of = { linear: ['BTCUSDT'], inverse: ['BTCUSD'], spot: ['ETHUSDT'], option }
    await using sim = await startSimulator({ seed: 26, ...of, symbols: of.linear, paused: true })
    const instruments = CATEGORIES.flatMap((category) =>
      of[category].map((symbol) => ({ category, symbol })),
    )
    const symbols = instruments.map(({ category, symbol }) => `${category}:${symbol}`).join()
    const env = {
      ...envFor(sim),
      EVENTSAVER_CATEGORY: CATEGORIES.join(),
      EVENTSAVER_SYMBOLS: symbols,
    }
    const some = (count: number, more = {}) => {
      for (const one of instruments) sim.trade({ ...one, count, sameSeq: false, ...more })
    }
    const first = makeSaver(sim.wsUrl, database.url, { ...env, EVENTSAVER_REPAIR: 'false' })
    await first.saver.start()
    // Options are acknowledged without a proof.
    await live(first.saver, 3)
    some(9, { exchangeTs: Date.now() - 20_000 })
    await live(first.saver, 4)
    some(9)
    await quiet(first.saver)
    await sim.fault({ kind: 'refuse', how: 'tcp', forMs: 500 })
    await sim.fault({ kind: 'close', abrupt: true })
    some(9)
    await live(first.saver, 3)
    const recorded = async () => {
      some(1)
      return (await gapsOf(database.db)).length
    }
    await expect.poll(recorded, { ...TIMEOUT, interval: 200 }).toBe(4)
    await quiet(first.saver)
    await first.saver.stop(AbortSignal.timeout(30_000))
    expect((await gapsOf(database.db)).map(({ state }) => state)).toEqual(Array(4).fill('open'))

    const savers = ['second', 'third'].map(
      (name) => makeSaver(sim.wsUrl, database.url, { ...env, EVENTSAVER_COLLECTOR: name }).saver,
    )
    await Promise.all(savers.map((saver) => saver.start()))
    const left = async () => {
      some(1)
      const gaps = (await gapsOf(database.db)).filter(({ state }) => state !== 'filled')
      return gaps.map(({ symbol, reason, state }) => `${symbol} ${reason} ${state}`)
    }
    const missedBefore = async () => {
      some(1)
      const starts = (await gapsOf(database.db)).filter(({ reason }) => reason === 'start')
      return [...new Set(starts.map(({ symbol }) => symbol))].toSorted()
    }
    // The time without a process is a gap of each stream, at least for the first saver that stores.
    const streams = ['BTC', 'BTCUSD', 'BTCUSDT', 'ETHUSDT']
    await expect.poll(missedBefore, { ...TIMEOUT, interval: 300 }).toEqual(streams)
    await expect.poll(left, { ...TIMEOUT, interval: 300 }).toEqual([])
    await quiet(...savers)
    await Promise.all(savers.map((saver) => saver.stop(AbortSignal.timeout(30_000))))
    expect(savers.flatMap(imbalances)).toEqual([])
    const proof = await compareWithTruth(database.db, sim.truth().trades)
    expect(proof).toMatchObject({ missing: 0, unexpected: 0, different: 0 })
    expect(proof.repaired).toBeGreaterThanOrEqual(9 * 5)
  })
})

describe('a gap whose stream is down when its repair is due', () => {
  it('is filled once the stream is back, though the new gap is too short to be repaired', async () => {
    const symbol = 'BTCUSDT'
    await using database = await ownDatabase()
    await using sim = await startSimulator({ seed: 27, symbols: [symbol], paused: true })
    const env = {
      ...envFor(sim),
      EVENTSAVER_SYMBOLS: symbol,
      EVENTSAVER_GAP_THRESHOLD_SECONDS: '600',
    }
    const some = (count: number, more = {}) => sim.trade({ symbol, count, sameSeq: false, ...more })
    const first = makeSaver(sim.wsUrl, database.url, env)
    await first.saver.start()
    await live(first.saver, 1)
    some(500, { exchangeTs: Date.now() - 20_000 })
    some(10)
    await quiet(first.saver)
    await first.saver.stop(AbortSignal.timeout(30_000))
    const bounds = { startTs: Date.now() - 15_000, endTs: Date.now() - 10_000 }
    const stream = { category: 'linear', channel: 'publicTrade', symbol } as const
    const gap = { ...stream, ...bounds, reason: 'disconnect' } as const
    await new CaptureGapRepository(database.db).insert([gap], { collector: 'another' })

    await sim.fault({ kind: 'recent-trade', how: 'empty', count: 2 })
    const { saver } = makeSaver(sim.wsUrl, database.url, env)
    await saver.start()
    await expect.poll(() => saver.status().repair.refused, TIMEOUT).toBe(1)
    await sim.fault({ kind: 'refuse', how: 'tcp', forMs: 5000 })
    await sim.fault({ kind: 'close', abrupt: true })
    await expect.poll(() => saver.status().repair.streams, TIMEOUT).toBe(0)
    await live(saver, 1)
    const states = async () => {
      some(1)
      return (await gapsOf(database.db)).map(({ reason, state }) => `${reason} ${state}`)
    }
    await expect.poll(states, { ...TIMEOUT, interval: 200 }).toContain('disconnect filled')
    await saver.stop(AbortSignal.timeout(30_000))
  })
})

describe('a page that lies by omission', () => {
  const symbol = 'BTCUSDT'

  /** Captures one symbol, misses 60 trades, and is lied to as often as `count` says. */
  async function missed(sim: Simulator, saver: Saver, how: RecentTradeLie, count: number) {
    await saver.start()
    await live(saver, 1)
    const some = (count: number, more = {}) => sim.trade({ symbol, count, sameSeq: false, ...more })
    // Well before the gap, however long its pad is.
    some(1000, { exchangeTs: Date.now() - 20_000 })
    some(200)
    await quiet(saver)
    await sim.fault({ kind: 'recent-trade', how, count })
    await sim.fault({ kind: 'refuse', how: 'tcp', forMs: 500 })
    await sim.fault({ kind: 'close', abrupt: true })
    some(60)
    await live(saver, 1)
  }

  it.each<[RecentTradeLie, number]>([
    ['one', 1],
    ['run', 1],
    ['edges', 1],
    ['neighbours', 1000],
    ['short', 1000],
    ['empty', 1000],
  ])('fills nothing: %s, %i times', async (how, count) => {
    await using database = await ownDatabase()
    await using sim = await startSimulator({ seed: 24, symbols: [symbol], paused: true })
    const env = { ...envFor(sim), EVENTSAVER_SYMBOLS: symbol }
    const { saver, log } = makeSaver(sim.wsUrl, database.url, env)
    await missed(sim, saver, how, count)
    const refused = () => {
      sim.trade({ symbol })
      return saver.status().repair.refused
    }
    await expect.poll(refused, { ...TIMEOUT, interval: 20 }).toBeGreaterThan(0)
    if (count === 1) {
      // The next pages are honest, so the gap is filled by them, and only by them.
      const filled = () => {
        sim.trade({ symbol })
        return saver.status().repair.filled
      }
      await expect.poll(filled, { ...TIMEOUT, interval: 100 }).toBe(1)
    } else {
      expect(await gapsOf(database.db)).toMatchObject([{ state: 'open' }])
      expect(saver.status().repair).toMatchObject({ filled: 0, partial: 0 })
    }
    const refusals = log.filter(({ code }) => code === 'REPAIR_PAGE_REFUSED')
    expect(refusals).not.toHaveLength(0)
    await quiet(saver)
    await saver.stop(AbortSignal.timeout(30_000))
    expect(await compareWithTruth(database.db, sim.truth().trades)).toMatchObject(COMPLETE)
  })

  it('fills nothing: stale, which has nothing that came after the gap', async () => {
    await using database = await ownDatabase()
    await using sim = await startSimulator({ seed: 25, symbols: [symbol], paused: true })
    const env = { ...envFor(sim), EVENTSAVER_SYMBOLS: symbol }
    const { saver } = makeSaver(sim.wsUrl, database.url, env)
    await missed(sim, saver, 'stale', 1000)
    const pages = () => {
      sim.trade({ symbol })
      return saver.status().repair.pages
    }
    await expect.poll(pages, { ...TIMEOUT, interval: 50 }).toBeGreaterThan(4)
    expect(await gapsOf(database.db)).toMatchObject([{ state: 'open' }])
    await saver.stop(AbortSignal.timeout(30_000))
  })
})
