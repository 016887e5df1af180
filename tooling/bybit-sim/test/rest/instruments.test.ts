import { expect, test } from 'vitest'
import { type Simulator, startSimulator } from '../../src/index.ts'
import { Client } from '../support/client.ts'
import { SteppedClock } from '../support/stepped-clock.ts'

const CALM = { seed: 1, tradesPerSecond: 100 }

/** Rows of a list, without types, as a foreign client would read them. */
async function rowsOf(sim: Simulator, query: string): Promise<Record<string, unknown>[]> {
  const response = await fetch(`${sim.restUrl}/v5/market/instruments-info?${query}`)
  const { retCode, retMsg, result } = (await response.json()) as {
    retCode: number
    retMsg: string
    result: { list: Record<string, unknown>[] }
  }
  expect([retCode, retMsg]).toEqual([0, 'OK'])
  return result.list
}

async function symbolsOf(sim: Simulator, query: string): Promise<unknown[]> {
  return (await rowsOf(sim, query)).map(({ symbol }) => symbol)
}

test('a pre-market contract has a ticker first, and trades in continuous trading only', async () => {
  const clock = new SteppedClock()
  await using sim = await startSimulator({ ...CALM, symbols: ['BTCUSDT'], clock })
  sim.preList('BIOUSDT', { phase: 'CallAuction' })
  expect(await symbolsOf(sim, 'category=linear')).toEqual(['BTCUSDT'])
  const [row] = await rowsOf(sim, 'category=linear&status=PreLaunch')
  expect(row).toMatchObject({
    symbol: 'BIOUSDT',
    status: 'PreLaunch',
    isPreListing: true,
    preListingInfo: {
      curAuctionPhase: 'CallAuction',
      skipCallAuction: false,
      phases: [
        { phase: 'CallAuction', startTime: '1760000000000', endTime: '1760003000000' },
        { phase: 'CallAuctionNoCancel', startTime: '1760003000000', endTime: '1760003300000' },
        { phase: 'CrossMatching', startTime: '1760003300000', endTime: '1760003600000' },
        { phase: 'ContinuousTrading', startTime: '1760003600000', endTime: '' },
      ],
    },
  })
  const client = await Client.open(sim.wsUrl)
  for (const topic of ['tickers', 'publicTrade', 'orderbook.1']) {
    expect(await client.subscribe(`${topic}.BIOUSDT`)).toContain('"success":true')
  }
  clock.advance(1000)
  await client.ask({ op: 'ping' })
  expect(client.frames('tickers.BIOUSDT')[0]?.data).toMatchObject({
    curPreListingPhase: 'CallAuction',
  })
  expect(client.frames('publicTrade.BIOUSDT')).toEqual([])
  expect(client.frames('orderbook.1.BIOUSDT')).toEqual([])

  sim.preList('BIOUSDT', { phase: 'ContinuousTrading' })
  clock.advance(1000)
  await client.ask({ op: 'ping' })
  expect(client.frames('publicTrade.BIOUSDT').length).toBeGreaterThan(0)
  expect(client.frames('orderbook.1.BIOUSDT').length).toBeGreaterThan(0)
  const phases = client
    .frames('tickers.BIOUSDT')
    .map(({ data }) => (data as Record<string, unknown>)['curPreListingPhase'])
  expect([...new Set(phases)].filter((phase) => phase !== undefined)).toEqual([
    'CallAuction',
    'ContinuousTrading',
  ])

  sim.list('linear', 'BIOUSDT')
  expect(await rowsOf(sim, 'category=linear&symbol=BIOUSDT')).toMatchObject([
    { status: 'Trading', isPreListing: false, preListingInfo: null },
  ])
})

test('the phases follow each other from the current one; without an auction there is one', async () => {
  const clock = new SteppedClock()
  await using sim = await startSimulator({ ...CALM, symbols: [], clock })
  const phasesAt = async (spec: Parameters<Simulator['preList']>[1]) => {
    sim.preList('BIOUSDT', spec)
    const [row] = await rowsOf(sim, 'category=linear&symbol=BIOUSDT')
    const info = row?.['preListingInfo'] as { phases: { startTime: string; endTime: string }[] }
    return info.phases.map(({ startTime, endTime }) =>
      [startTime, endTime].map((text) =>
        text === '' ? null : (Number(text) - 1_760_000_000_000) / 60_000,
      ),
    )
  }
  expect(await phasesAt({})).toEqual([
    [60, 110],
    [110, 115],
    [115, 120],
    [120, null],
  ])
  expect(await phasesAt({ phase: 'CrossMatching' })).toEqual([
    [-55, -5],
    [-5, 0],
    [0, 5],
    [5, null],
  ])
  expect((await phasesAt({ phase: 'ContinuousTrading' })).at(-1)).toEqual([0, null])
  expect((await phasesAt({ phase: 'Finished' })).at(-1)).toEqual([0, 0])
  const skipCallAuction = true
  expect(await phasesAt({ phase: 'ContinuousTrading', skipCallAuction })).toEqual([[0, null]])
})

test('an instrument about to open is listed with those that trade, and waits', async () => {
  const clock = new SteppedClock()
  await using sim = await startSimulator({ ...CALM, symbols: ['BTCUSDT'], clock })
  sim.list('linear', 'NEWUSDT', { status: 'PendingOpen' })
  expect(await symbolsOf(sim, 'category=linear')).toEqual(['BTCUSDT', 'NEWUSDT'])
  expect(await symbolsOf(sim, 'category=linear&status=Trading')).toEqual(['BTCUSDT'])
  expect(await symbolsOf(sim, 'category=linear&status=PendingOpen')).toEqual(['NEWUSDT'])
  const client = await Client.open(sim.wsUrl)
  expect(await client.subscribe('publicTrade.NEWUSDT')).toContain('"success":true')
  clock.advance(1000)
  await client.ask({ op: 'ping' })
  expect(client.frames('publicTrade.NEWUSDT')).toEqual([])
  sim.list('linear', 'NEWUSDT')
  clock.advance(1000)
  await client.ask({ op: 'ping' })
  expect(client.frames('publicTrade.NEWUSDT').length).toBeGreaterThan(0)
})

test('an older exchange does not know PendingOpen, and no exchange an unknown status', async () => {
  const rules = { knowsPendingOpen: false }
  await using sim = await startSimulator({ ...CALM, symbols: ['BTCUSDT'], rules })
  sim.list('linear', 'NEWUSDT', { status: 'PendingOpen' })
  expect(await symbolsOf(sim, 'category=linear')).toEqual(['BTCUSDT'])
  for (const status of ['PendingOpen', 'trading']) {
    const url = `${sim.restUrl}/v5/market/instruments-info?category=linear&status=${status}`
    expect(await (await fetch(url)).json()).toMatchObject({ retCode: 10001 })
  }
})

test('a future that delivers is listed as such, and trades no more', async () => {
  await using sim = await startSimulator({ ...CALM, symbols: ['BTCUSDT', 'BTCUSDT-26DEC31'] })
  sim.delist('linear', 'BTCUSDT-26DEC31', { status: 'Delivering' })
  expect(await symbolsOf(sim, 'category=linear')).toEqual(['BTCUSDT'])
  expect(await rowsOf(sim, 'category=linear&status=Delivering')).toMatchObject([
    { symbol: 'BTCUSDT-26DEC31', status: 'Delivering' },
  ])
})

test('changed keys are listed, and a new tick size holds for the market', async () => {
  const clock = new SteppedClock()
  await using sim = await startSimulator({
    ...CALM,
    symbols: ['BTCUSDT'],
    spot: ['AAPLXUSDT'],
    clock,
  })
  clock.advance(1000)
  const priceFilter = { tickSize: '0.50' }
  sim.changeInstrument('linear', 'BTCUSDT', { priceFilter, newKey: { deep: ['1'] } })
  sim.changeInstrument('spot', 'AAPLXUSDT', { symbolType: 'xstocks', xstockMultiplier: '2' })
  const [row] = await rowsOf(sim, 'category=linear')
  expect(row).toMatchObject({ priceFilter: { minPrice: '0.50', tickSize: '0.50' } })
  expect(row).toMatchObject({ newKey: { deep: ['1'] } })
  expect(await symbolsOf(sim, 'category=spot&symbolType=xstocks')).toEqual(['AAPLXUSDT'])
  expect(await symbolsOf(sim, 'category=spot&symbolType=stock')).toEqual([])
  const before = sim.truth().trades.length
  clock.advance(3000)
  const prices = sim
    .truth()
    .trades.slice(before)
    .filter(({ category }) => category === 'linear')
  expect(new Set(prices.map(({ price }) => price.slice(-2)))).toEqual(new Set(['00', '50']))
  const finer = { priceFilter: { tickSize: '0.001' } }
  expect(() => sim.changeInstrument('linear', 'BTCUSDT', finer)).toThrow('at most 2 decimals')
})
