import { CATEGORIES, type Category } from '@grid/core-events'
import { expect, onTestFinished, test } from 'vitest'
import {
  type AccountBooks,
  optionSymbols,
  type Simulator,
  startSimulator,
  type WireRow,
} from '../../src/index.ts'
import type { Client } from '../support/client.ts'
import { askAll, openPrivate, rowsOf } from '../support/private-client.ts'
import { SteppedClock } from '../support/stepped-clock.ts'

const SECONDS = 20
const NO_LIMITS = Object.fromEntries(
  ['execution/list', 'order/history', 'order/realtime', 'account/transaction-log'].map((path) => [
    `/v5/${path}`,
    1e9,
  ]),
)
const PLACES = 10n ** 12n

/** A decimal of at most twelve places as an integer, read independently of the simulator. */
function exact(text: unknown): bigint {
  const [whole = '', fraction = ''] = String(text).replace('-', '').split('.')
  const units = BigInt(whole) * PLACES + BigInt(fraction.padEnd(12, '0'))
  return String(text).startsWith('-') ? -units : units
}

function sum(rows: readonly WireRow[], value: (row: WireRow) => bigint): bigint {
  return rows.reduce((total, row) => total + value(row), 0n)
}

/** The last row of each, in the order of arrival. */
function lastBy(rows: readonly WireRow[], ...keys: string[]): Map<string, WireRow> {
  return new Map(rows.map((row) => [keys.map((key) => row[key]).join(' '), row]))
}

async function trade(category: Category): Promise<{
  sim: Simulator
  clock: SteppedClock
  clients: Map<string, Client>
}> {
  const clock = new SteppedClock()
  const symbols = { linear: ['BTCUSDT', 'ETHUSDT', 'SOLUSDT', 'XRPUSDT'] }
  const sim = await startSimulator({
    seed: 7,
    clock,
    symbols: symbols.linear,
    inverse: ['BTCUSD', 'ETHUSD'],
    spot: ['BTCUSDT', 'ETHUSDT'],
    option: optionSymbols('BTC', [100_000], clock.nowUs() / 1000),
    tradesPerSecond: 5,
    tickerIntervalMs: 1000,
    bookIntervalMs: 1000,
    // The clock stands still while REST is asked.
    rules: { idleCloseMs: null, maxRequests: null, restLimits: NO_LIMITS },
  })
  onTestFinished(() => sim.stop())
  const balances = { USDT: '1000000', BTC: '10', ETH: '100' }
  for (const positionMode of ['one-way', 'hedge', 'one-way', 'hedge'] as const) {
    sim.exchange.openAccount({ positionMode, balances, makerFeeRate: '-0.0001' })
  }
  const clients = new Map<string, Client>()
  for (const { uid, keys } of sim.exchange.accounts()) {
    clients.set(uid, await openPrivate(sim, keys[0], 'execution', 'order', 'position', 'wallet'))
  }
  sim.exchange.startBot({ category, fillsPerSecond: 50 })
  clock.advance(SECONDS * 1000)
  sim.exchange.stopBot()
  for (const client of clients.values()) await client.ask({ op: 'ping' })
  return { sim, clock, clients }
}

function expectConsistent(books: AccountBooks, category: string): void {
  for (const order of books.orders) {
    const own = books.executions.filter((row) => row['orderId'] === order['orderId'])
    expect(sum(own, (row) => exact(row['execQty']))).toBe(exact(order['cumExecQty']))
    expect(sum(own, (row) => exact(row['execValue']))).toBe(exact(order['cumExecValue']))
    expect(sum(own, (row) => exact(row['execFee']))).toBe(exact(order['cumExecFee']))
  }
  if (category === 'spot') return
  const traded = books.executions.filter((row) => row['execType'] !== 'Funding')
  for (const symbol of new Set(books.positions.map((row) => row['symbol']))) {
    const legs = books.positions.filter((row) => row['symbol'] === symbol)
    const signed = (row: WireRow, size: string): bigint =>
      row['side'] === 'Sell' ? -exact(row[size]) : exact(row[size])
    expect(
      sum(
        traded.filter((row) => row['symbol'] === symbol),
        (row) => signed(row, 'execQty'),
      ),
    ).toBe(sum(legs, (row) => signed(row, 'size')))
    const pnl = sum(
      books.executions.filter((row) => row['symbol'] === symbol),
      (row) => exact(row['execPnl']) - exact(row['execFee']),
    )
    expect(sum(legs, (row) => exact(row['cumRealisedPnl']))).toBe(pnl)
  }
}

for (const category of CATEGORIES) {
  test(`${category}: everything that a bot does is reported, and agrees with the books and with REST`, async () => {
    const { sim, clock, clients } = await trade(category)
    const seen = { executions: 0, statuses: new Set<unknown>(), types: new Set<unknown>() }
    for (const { uid, keys } of sim.exchange.accounts()) {
      const client = clients.get(uid)
      if (client === undefined) throw new Error('no client')
      const books = sim.exchange.books(uid)
      seen.executions += books.executions.length
      for (const row of books.orderHistory) seen.statuses.add(row['orderStatus'])
      for (const row of books.executions) seen.types.add(row['execType'])

      const executions = [...lastBy(rowsOf(client, 'execution'), 'execId').values()]
      expect(executions).toEqual(books.executions)
      const told = new Set(rowsOf(client, 'order').map((row) => JSON.stringify(row)))
      const kept = new Set(books.orderHistory.map((row) => JSON.stringify(row)))
      expect(told).toEqual(kept)
      expect(kept.size).toBe(books.orderHistory.length)
      expect([...lastBy(books.orderHistory, 'orderId').values()]).toEqual(
        expect.arrayContaining([...books.orders]),
      )
      expectConsistent(books, category)

      const key = keys[0]
      const own = `category=${category}`
      const options = { timestamp: clock.nowUs() / 1000 }
      const found = await askAll(sim, key, '/v5/execution/list', `${own}&limit=37`, options)
      expect(found.map((row) => row['execId']).sort()).toEqual(
        books.executions.map((row) => row['execId']).sort(),
      )
      const closed = await askAll(sim, key, '/v5/order/history', `${own}&limit=7`, options)
      const narrow = category === 'linear' ? '&settleCoin=USDT' : ''
      const open = await askAll(sim, key, '/v5/order/realtime', `${own}${narrow}&limit=2`, options)
      expect([...closed, ...open].map((row) => row['orderId']).sort()).toEqual(
        books.orders.map((row) => row['orderId']).sort(),
      )
      const log = await askAll(sim, key, '/v5/account/transaction-log', 'limit=50', options)
      for (const coin of books.wallet['coin'] as WireRow[]) {
        const changes = log.filter((row) => row['currency'] === coin['coin'])
        const [newest] = changes
        if (newest === undefined) continue
        expect(newest['cashBalance']).toBe(coin['walletBalance'])
        for (const [at, change] of changes.slice(0, -1).entries()) {
          const before = exact(changes[at + 1]?.['cashBalance'])
          expect(exact(change['cashBalance']) - before).toBe(exact(change['change']))
        }
      }
    }
    expect(Math.abs(seen.executions - SECONDS * 50)).toBeLessThan(150)
    const expected = ['New', 'PartiallyFilled', 'Filled', 'Cancelled', 'Triggered', 'Deactivated']
    expect([...seen.statuses]).toEqual(expect.arrayContaining(expected))
    const isContract = category === 'linear' || category === 'inverse'
    expect(seen.types.has('Funding')).toBe(isContract)
  })
}

test('a bot’s messages have what makes a private capture hard', async () => {
  const { sim, clients } = await trade('linear')
  const texts = [...clients.values()].flatMap((client) =>
    client.texts.filter((text) => text.includes('"topic":')),
  )
  expect(new Set(texts).size).toBeLessThan(texts.length)
  const ids = [...new Set(texts)].map((text) => (JSON.parse(text) as { id: string }).id)
  expect(new Set(ids).size).toBeLessThan(ids.length)
  for (const [uid, client] of clients) {
    const orders = sim.exchange.books(uid).orderHistory
    const filled = orders.filter((row) => row['orderStatus'] === 'Filled')
    const twice = filled.filter((row) => row['rejectReason'] === 'EC_OrigClOrdIDDoesNotExist')
    expect(twice.length).toBeGreaterThan(0)
    for (const row of twice) {
      const first = filled.find((other) => other['orderId'] === row['orderId'])
      expect(first?.['updatedTime']).toBe(row['updatedTime'])
    }
    const sameTime = lastBy(orders, 'orderId', 'updatedTime')
    expect(sameTime.size).toBeLessThan(orders.length)
    const positions = rowsOf(client, 'position')
    expect(positions.some((row) => row['side'] === '' && row['seq'] === -1)).toBe(true)
    const together = client.frames('execution').map(({ data }) => data as WireRow[])
    const orderIds = together.map((rows) => new Set(rows.map((row) => row['orderId'])).size)
    expect(Math.max(...orderIds)).toBeGreaterThan(1)
  }
})
