import { gunzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { type Simulator, startSimulator, type TradeSpec } from '../../src/index.ts'
import { needsRecordings, recordedText } from '../support/recordings.ts'
import { SteppedClock } from '../support/stepped-clock.ts'

const DAY_MS = 86_400_000
/** Midnight before the stepped clock’s start, and the file of that day. */
const TODAY = Date.UTC(2025, 9, 9)
const YESTERDAY = TODAY - DAY_MS

async function read(sim: Simulator, path: string): Promise<string[]> {
  const response = await fetch(`${sim.archiveUrl}${path}`)
  expect(response.status, path).toBe(200)
  return gunzipSync(Buffer.from(await response.arrayBuffer()))
    .toString()
    .trimEnd()
    .split('\n')
}

async function statusOf(sim: Simulator, path: string): Promise<number> {
  return (await fetch(`${sim.archiveUrl}${path}`)).status
}

/** Places trades all over yesterday. */
function place(sim: Simulator, spec: TradeSpec, count: number): ReturnType<Simulator['trade']> {
  return Array.from({ length: count }).flatMap((_, index) =>
    sim.trade({ ...spec, exchangeTs: YESTERDAY + Math.floor((index * DAY_MS) / count) + index }),
  )
}

const options = { seed: 1, paused: true, inverse: ['BTCUSD'], spot: ['BTCUSDT'] }

test('a contract’s file has each trade once, and flooring its seconds gives the socket’s milliseconds', async () => {
  await using sim = await startSimulator({ ...options, clock: new SteppedClock() })
  const trades = place(sim, { symbol: 'BTCUSDT' }, 3000)
  sim.trade({ symbol: 'BTCUSDT', exchangeTs: YESTERDAY - 1 })
  sim.trade({ symbol: 'BTCUSDT', exchangeTs: TODAY })
  const [header, ...rows] = await read(sim, '/trading/BTCUSDT/BTCUSDT2025-10-08.csv.gz')
  expect(header).toBe(
    'timestamp,symbol,side,size,price,tickDirection,trdMatchID,grossValue,homeNotional,foreignNotional,RPI',
  )
  const found = rows.map((row) => {
    const [seconds = '', symbol, side, size, price, tick, id, , home, , rpi] = row.split(',')
    const [whole, fraction = ''] = seconds.split('.')
    const ts = Number(whole) * 1000 + Number(fraction.padEnd(4, '0').slice(0, 3))
    return [ts, symbol, side, Number(size), price, tick, id, home === size, rpi]
  })
  expect(found).toEqual(
    trades.map((t) => [
      t.exchangeTs,
      t.symbol,
      t.side,
      Number(t.size),
      t.price,
      t.tickDirection,
      t.tradeId,
      true,
      t.isRpiTrade ? '1' : '0',
    ]),
  )
  expect(rows.some((row) => /^\d+\.\d{4},/.test(row))).toBe(true)
})

test('inverse and spot files have their own layouts, and older ones with the rule archiveRpi off', async () => {
  const rules = { archiveRpi: false, archiveNewestFirst: true }
  const clock = new SteppedClock()
  await using sim = await startSimulator({ ...options, rules, clock })
  sim.trade({
    symbol: 'BTCUSD',
    category: 'inverse',
    exchangeTs: YESTERDAY + 599_872,
    side: 'Buy',
    size: '5000',
    price: '48815.5',
    tickDirection: 'ZeroMinusTick',
    tradeId: 'an-id',
  })
  const trades = place(sim, { symbol: 'BTCUSDT', category: 'spot' }, 3)
  expect(await read(sim, '/trading/BTCUSD/BTCUSD2025-10-08.csv.gz')).toEqual([
    'timestamp,symbol,side,size,price,tickDirection,trdMatchID,grossValue,homeNotional,foreignNotional',
    '1759882199.8727,BTCUSD,Buy,5000,48815.5,ZeroMinusTick,an-id,1.0242648e+07,5000,0.10242648',
  ])
  const rows = trades.toReversed().map((t, index) => {
    return `${index + 1},${t.exchangeTs},${t.price},${t.size},${t.side.toLowerCase()}`
  })
  expect(await read(sim, '/spot/BTCUSDT/BTCUSDT_2025-10-08.csv.gz')).toEqual([
    'id,timestamp,price,volume,side',
    ...rows,
  ])
})

test('a day’s file appears at 02:00 of the next day, and only if there was a trade', async () => {
  const clock = new SteppedClock()
  await using sim = await startSimulator({ ...options, clock })
  sim.trade({ symbol: 'BTCUSDT' })
  const path = '/trading/BTCUSDT/BTCUSDT2025-10-09.csv.gz'
  expect(await statusOf(sim, path)).toBe(404)
  expect(await statusOf(sim, '/trading/')).toBe(404)
  clock.advance(TODAY + DAY_MS + 2 * 3_600_000 - 1 - 1_760_000_000_000)
  expect(await statusOf(sim, path)).toBe(404)
  clock.advance(1)
  expect(await read(sim, path)).toHaveLength(2)
  expect(await statusOf(sim, '/trading/ETHUSDT/ETHUSDT2025-10-09.csv.gz')).toBe(404)
  expect(await statusOf(sim, '/spot/BTCUSDT/BTCUSDT_2025-10-09.csv.gz')).toBe(404)
  const index = await (await fetch(`${sim.archiveUrl}/trading/`)).text()
  expect(index).toContain('<a href="BTCUSDT/">')
  const folder = await (await fetch(`${sim.archiveUrl}/trading/BTCUSDT/`)).text()
  expect(folder).toContain('<a href="BTCUSDT2025-10-09.csv.gz">')
})

test('files have the columns and notation of real ones', async (context) => {
  needsRecordings(context)
  for (const [archiveRpi, names] of [
    [true, ['trading_linear_rpi_rows.csv']],
    [false, ['trading_linear_FXSUSDT_2023-10-10_part1.csv', 'trading_inverse_rows.csv']],
  ] as const) {
    await using sim = await startSimulator({
      ...options,
      rules: { archiveRpi },
      clock: new SteppedClock(),
    })
    place(sim, { symbol: 'BTCUSDT' }, 50)
    const [header, ...rows] = await read(sim, '/trading/BTCUSDT/BTCUSDT2025-10-08.csv.gz')
    for (const name of names) {
      const [realHeader, ...realRows] = recordedText(`csv/${name}`).trimEnd().split('\n')
      expect(header).toBe(realHeader)
      const isRow =
        /^\d{10}(\.\d{1,4})?,[A-Z]+,(Buy|Sell),[\d.]+,[\d.]+,(Zero)?(Plus|Minus)Tick,[\da-f-]{36},[\d.]+(e\+\d\d)?,[\d.]+,[\d.]+(,[01])?$/
      expect([...rows, ...realRows].filter((row) => !isRow.test(row))).toEqual([])
    }
  }
})
