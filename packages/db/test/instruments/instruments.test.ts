import {
  type Instrument,
  instrumentFromJson,
  type JsonObject,
  parseExactJson,
} from '@grid/core-events'
import { sql } from 'kysely'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type InstrumentList, InstrumentRepository, migrate } from '../../src/index.ts'
import { DATABASES, type OpenedDatabase, START_TIMEOUT_MS } from '../support/databases.ts'
import { T0 } from '../support/events.ts'

const MINUTE = 60_000

function instrument(symbol: string, values: JsonObject = {}): Instrument {
  return instrumentFromJson({
    symbol,
    status: 'Trading',
    baseCoin: 'BTC',
    quoteCoin: 'USDT',
    priceFilter: { tickSize: '0.10' },
    lotSizeFilter: { qtyStep: '0.001' },
    ...values,
  })
}

function listOf(...instruments: readonly Instrument[]): InstrumentList {
  return { category: 'linear', instruments, isComplete: true }
}

/** A reading so many minutes after the first. */
function at(minutes: number, collector = 'saver-1') {
  const exchangeTs = T0 + minutes * MINUTE
  return { exchangeTs, localTsUs: exchangeTs * 1000 + 7, collector }
}

const UNCHANGED = { opened: 0, ended: 0, isSuperseded: false }

describe.each(DATABASES)('on %s', (_name, open) => {
  let opened: OpenedDatabase
  let repository: InstrumentRepository
  beforeAll(async () => {
    opened = await open()
    await migrate(opened.db)
    repository = new InstrumentRepository(opened.db)
  }, START_TIMEOUT_MS)
  afterAll(() => opened.close())
  beforeEach(async () => {
    await sql`truncate instruments, instrument_lists`.execute(opened.db)
  })

  const symbolsAt = async (minutes: number): Promise<string[]> =>
    (await repository.asOf(T0 + minutes * MINUTE)).map(({ symbol }) => symbol)

  it('an absurd time of one list does not make all later ones count as old', async () => {
    await repository.record(listOf(instrument('A')), at(0))
    const absurd = { ...at(1), exchangeTs: Date.UTC(2090, 0, 1) }
    const two = listOf(instrument('A'), instrument('B'))
    expect(await repository.record(two, absurd)).toEqual({ ...UNCHANGED, opened: 1 })
    const three = listOf(...two.instruments, instrument('C'))
    expect(await repository.record(three, at(2, 'saver-2'))).toEqual({ ...UNCHANGED, opened: 1 })
    expect(await symbolsAt(0)).toEqual(['A'])
    expect(await symbolsAt(2)).toEqual(['A', 'B', 'C'])
    // An earlier version stored such a time.
    await sql`update instrument_lists set exchange_ts = '2090-01-01T00:00Z'`.execute(opened.db)
    const four = listOf(...three.instruments, instrument('D'))
    expect(await repository.record(four, at(3))).toEqual({ ...UNCHANGED, opened: 1 })
  })

  it('numbers of unknown keys keep all their digits, and what was read is no change', async () => {
    const text = '{"big":12345678901234567891,"zeros":1.10}'
    const exact = { unheard: parseExactJson(text) } as JsonObject
    await repository.record(listOf(instrument('A', exact)), at(0))
    const [state] = await repository.asOf(T0)
    expect(JSON.stringify(state?.instrument.extra)).toBe(`{"unheard":${text}}`)
    const again = listOf(...(state === undefined ? [] : [state.instrument]))
    expect(await new InstrumentRepository(opened.db).record(again, at(1))).toEqual(UNCHANGED)
  })

  it('tells the coins that were listed at a time or later, and when each was last listed', async () => {
    const of = (symbol: string, baseCoin: string, settleCoin = 'USDT') =>
      instrument(symbol, { baseCoin, settleCoin })
    const [btc, hype, usdc] = [of('A', 'BTC'), of('B', 'HYPE'), of('C', 'BTC', 'USDC')]
    await repository.record(listOf(btc, hype, usdc), at(0))
    await repository.record(listOf(btc, usdc), at(1))
    await repository.record(listOf(btc, usdc), at(2))
    const BTC = { baseCoin: 'BTC', settleCoin: 'USDC', lastListed: T0 + 2 * MINUTE }
    const present = [BTC, { ...BTC, settleCoin: 'USDT' }]
    const gone = { baseCoin: 'HYPE', settleCoin: 'USDT', lastListed: T0 + MINUTE }
    const coins = (from: number, category: 'linear' | 'spot' = 'linear') =>
      repository.coins({ category, from })
    expect(await coins(T0 + MINUTE)).toEqual(present)
    expect(await coins(T0 + MINUTE - 1)).toEqual([...present, gone])
    expect(await coins(T0 + 9 * MINUTE)).toEqual(present)
    expect(await coins(0, 'spot')).toEqual([])
    // A list that is not whole says nothing of what it lacks.
    await repository.record({ ...listOf(), isComplete: false }, at(3))
    expect(await coins(T0 + MINUTE)).toEqual(present)
  })

  it('a row holds until the next change, and says how exactly that is known', async () => {
    const one = listOf(instrument('A', { newKey: { deep: ['1'] } }), instrument('B'))
    expect(await repository.record(one, at(0))).toEqual({ ...UNCHANGED, opened: 2 })
    expect(await repository.record(one, at(1))).toEqual(UNCHANGED)
    const finer = instrument('A', { priceFilter: { tickSize: '0.010' } })
    expect(await repository.record(listOf(finer, instrument('B')), at(2))).toEqual({
      ...UNCHANGED,
      opened: 1,
    })
    const seen = { category: 'linear', symbol: 'A', source: 'rest', collector: 'saver-1' }
    expect(await repository.history({ category: 'linear', symbols: ['A'] })).toEqual([
      {
        ...seen,
        instrument: one.instruments[0],
        validFrom: T0,
        validUntil: T0 + 2 * MINUTE,
        changedAfter: null,
        confirmedUntil: T0 + MINUTE,
        localTsUs: T0 * 1000 + 7,
      },
      {
        ...seen,
        instrument: finer,
        validFrom: T0 + 2 * MINUTE,
        validUntil: null,
        changedAfter: T0 + MINUTE,
        confirmedUntil: null,
        localTsUs: (T0 + 2 * MINUTE) * 1000 + 7,
      },
    ])
    const tickAt = async (minutes: number) =>
      (await repository.asOf(T0 + minutes * MINUTE, { symbols: ['A'] })).map(
        (state) => state.instrument.priceFilter?.tickSize,
      )
    expect(await tickAt(-1)).toEqual([])
    expect(await tickAt(1.5)).toEqual(['0.10'])
    expect(await tickAt(2)).toEqual(['0.010'])
    const to = T0 + 2 * MINUTE
    expect(await repository.history({ symbols: ['A'], to })).toHaveLength(1)
    expect(await repository.history({ symbols: ['A'], from: to })).toHaveLength(1)
    expect(await repository.lastLists()).toEqual([
      {
        category: 'linear',
        exchangeTs: to,
        localTsUs: to * 1000 + 7,
        instruments: 2,
        collector: 'saver-1',
      },
    ])
  })

  it('columns for SQL have the values digit for digit', async () => {
    const values = {
      launchTime: T0 - 1,
      deliveryTime: T0 + MINUTE,
      fundingInterval: 480,
      xstockMultiplier: '2.50',
      preListingInfo: { curAuctionPhase: 'CallAuction', phases: [{ phase: 'CallAuction' }] },
    }
    await repository.record(listOf(instrument('A', values)), at(0))
    const { rows } = await sql`
      select status, base_coin, tick_size::text, qty_step::text, xstock_multiplier::text,
        funding_interval::text, auction_phase, max_price,
        (extract(epoch from launch_time) * 1000)::bigint::text as launch_time,
        (extract(epoch from delivery_time) * 1000)::bigint::text as delivery_time
      from instruments`.execute(opened.db)
    expect(rows).toEqual([
      {
        status: 'Trading',
        base_coin: 'BTC',
        tick_size: '0.10',
        qty_step: '0.001',
        xstock_multiplier: '2.50',
        funding_interval: '480',
        auction_phase: 'CallAuction',
        max_price: null,
        launch_time: String(T0 - 1),
        delivery_time: String(T0 + MINUTE),
      },
    ])
  })

  it('an instrument ends when two lists lack it, from the first of them on', async () => {
    await repository.record(listOf(instrument('A'), instrument('B')), at(0))
    expect(await repository.record(listOf(instrument('B')), at(1))).toEqual(UNCHANGED)
    expect(await symbolsAt(1)).toEqual(['A', 'B'])
    expect(await repository.record(listOf(instrument('B')), at(2))).toEqual({
      ...UNCHANGED,
      ended: 1,
    })
    expect(await symbolsAt(0.5)).toEqual(['A', 'B'])
    expect(await symbolsAt(1)).toEqual(['B'])
    const [state] = await repository.history({ symbols: ['A'] })
    expect(state).toMatchObject({ validUntil: T0 + MINUTE, confirmedUntil: T0 })
    expect(await repository.countListed('linear')).toBe(1)
  })

  it('one short list ends nothing, nor two that lie too close together', async () => {
    const both = listOf(instrument('A'), instrument('B'))
    await repository.record(both, at(0))
    await repository.record(listOf(instrument('B')), at(1))
    await repository.record(both, at(2))
    const [state] = await repository.history({ symbols: ['A'] })
    expect(state).toMatchObject({ validUntil: null, confirmedUntil: null })
    const confirmMs = MINUTE
    await repository.record(listOf(instrument('B')), { ...at(3), confirmMs })
    await repository.record(listOf(instrument('B')), { ...at(3.5), confirmMs })
    expect(await symbolsAt(4)).toEqual(['A', 'B'])
    await repository.record(listOf(instrument('B')), { ...at(4), confirmMs })
    expect(await symbolsAt(4)).toEqual(['B'])
    expect((await repository.history({ symbols: ['A'] }))[0]?.validUntil).toBe(T0 + 3 * MINUTE)
  })

  it('a partial list and unreadable rows end nothing; what they have is recorded', async () => {
    await repository.record(listOf(instrument('A'), instrument('B')), at(0))
    const partial = { ...listOf(instrument('C')), isComplete: false }
    expect(await repository.record(partial, at(1))).toEqual({ ...UNCHANGED, opened: 1 })
    await repository.record(partial, at(2))
    const unreadable = { ...listOf(instrument('B'), instrument('C')), unreadable: ['A'] }
    await repository.record(unreadable, at(3))
    await repository.record(unreadable, at(4))
    expect(await symbolsAt(4)).toEqual(['A', 'B', 'C'])
    const [state] = await repository.history({ symbols: ['C'] })
    expect(state).toMatchObject({ validFrom: T0 + MINUTE, changedAfter: T0 })
    expect((await repository.lastLists())[0]).toMatchObject({ instruments: 3 })
  })

  it('the lists of two collectors make one history; an older list changes nothing', async () => {
    const before = listOf(instrument('A'))
    const after = listOf(instrument('A', { status: 'Delivering' }), instrument('B'))
    await repository.record(before, at(0))
    await Promise.all([
      repository.record(after, at(2, 'saver-1')),
      repository.record(after, at(2, 'saver-2')),
      repository.record(after, at(3, 'saver-2')),
    ])
    expect(await repository.record(before, at(1, 'saver-2'))).toEqual({
      ...UNCHANGED,
      isSuperseded: true,
    })
    const states = await repository.history()
    expect(states.map(({ symbol, instrument: { status } }) => [symbol, status])).toEqual([
      ['A', 'Trading'],
      ['A', 'Delivering'],
      ['B', 'Trading'],
    ])
  })

  it('listings reach from launch to delivery where that fits to what was seen', async () => {
    const launchTime = T0 - 30 * MINUTE
    await repository.record(listOf(instrument('OLD', { launchTime }), instrument('PLAIN')), at(0))
    const launched = instrument('NEW', { launchTime: T0 + 1000, deliveryTime: T0 + 2.5 * MINUTE })
    const early = instrument('EARLY', { launchTime: T0 + 60 * MINUTE })
    const others = [instrument('OLD', { launchTime }), launched, early]
    await repository.record(listOf(...others, instrument('PLAIN')), at(1))
    await repository.record(listOf(...others), at(2))
    await repository.record(listOf(instrument('OLD', { launchTime }), early), at(3))
    await repository.record(listOf(instrument('OLD', { launchTime, status: 'X' }), early), at(4))
    await repository.record(listOf(early, instrument('PLAIN')), at(5))
    const listed = async (symbol: string) =>
      (await repository.listings({ category: 'linear', symbols: [symbol] })).map(
        ({ from, until }) => [from, until].map((ms) => ms && (ms - T0) / MINUTE),
      )
    expect(await listed('OLD')).toEqual([[-30, null]])
    expect(await listed('NEW')).toEqual([[1000 / MINUTE, 2.5]])
    expect(await listed('EARLY')).toEqual([[1, null]])
    expect(await listed('PLAIN')).toEqual([
      [0, 2],
      [5, null],
    ])
  })

  it('categories are apart, and a list within a transaction is of it', async () => {
    await repository.record(listOf(instrument('A')), at(0))
    const spot: InstrumentList = { ...listOf(instrument('A')), category: 'spot' }
    await repository.record(spot, at(0))
    await expect(
      opened.db.transaction().execute(async (trx) => {
        await new InstrumentRepository(trx).record({ ...spot, instruments: [] }, at(1))
        await new InstrumentRepository(trx).record({ ...spot, instruments: [] }, at(2))
        throw new Error('undone')
      }),
    ).rejects.toThrow('undone')
    expect((await repository.asOf(T0 + 5 * MINUTE)).map(({ category }) => category)).toEqual([
      'linear',
      'spot',
    ])
    expect(await repository.asOf(T0, { category: 'spot' })).toHaveLength(1)
    expect(await repository.asOf(T0, { symbols: [] })).toEqual([])
  })
})
