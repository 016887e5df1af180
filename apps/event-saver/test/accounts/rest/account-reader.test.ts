import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { systemClock } from '@grid/core-events'
import { expect, it, onTestFinished } from 'vitest'
import { AccountReader } from '../../../src/accounts/rest/account-reader.ts'
import type { ListedCoins } from '../../../src/accounts/rest/listed-coins.ts'
import { SeenInstruments } from '../../../src/accounts/rest/seen-instruments.ts'

const { signal } = new AbortController()
const INTERVAL = { from: 1_760_000_000_000, to: 1_760_000_001_000 }

/** A reader of an account that has nothing, on an exchange that lists what a test says. */
async function rig(listed: { coins: string[]; symbols?: string[]; isWhole?: boolean }) {
  const asked: string[] = []
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://localhost')
    const time = Date.now()
    if (pathname === '/v5/market/time') {
      response.end(JSON.stringify({ retCode: 0, result: { timeNano: `${time}000000` }, time }))
      return
    }
    const names = ['baseCoin', 'settleCoin', 'symbol'].map((name) => searchParams.get(name))
    asked.push(names.find((name) => name !== null) ?? 'everything')
    response.end(JSON.stringify({ retCode: 0, result: { list: [], nextPageCursor: '' }, time }))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  const { coins, symbols = [], isWhole = true } = listed
  const answer: ListedCoins = { coins: new Set(coins), symbols: new Set(symbols), isWhole }
  const seen = new SeenInstruments()
  const reader = new AccountReader({
    accountId: '0b0e5c6e-6a0f-5d0e-9b3a-3f6f0a4b7c11',
    credentials: { apiKey: 'k'.repeat(17), secret: 's'.repeat(36) },
    environment: 'mainnet',
    restUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    clock: systemClock,
    coins: { listed: async () => answer },
    seen,
    onDenied: () => expect.unreachable(),
  })
  return { reader, seen, asked }
}

it('asks for options of every coin that is listed or was traded, and for nothing else', async () => {
  const { reader, seen, asked } = await rig({ coins: ['HYPE'] })
  seen.note({ category: 'option', symbol: 'GONE-26DEC25-40-C-USDT' })
  expect(await reader.executions('option', INTERVAL, async () => {}, { signal })).toBe(true)
  expect(await reader.orders('option', INTERVAL, async () => {}, { signal })).toBe(true)
  await reader.positions('option', signal)
  await reader.openOrders('option', signal)
  expect(asked).toEqual(Array.from({ length: 4 }, () => ['HYPE', 'GONE']).flat())
})

it('asks for linear contracts of every listed settlement coin, and for traded ones that are listed no more', async () => {
  const { reader, seen, asked } = await rig({ coins: ['USDE', 'NEW'], symbols: ['BTCUSDE'] })
  for (const symbol of ['BTCUSDE', 'GONEUSDT']) seen.note({ category: 'linear', symbol })
  const { exchangeTs } = await reader.positions('linear', signal)
  await reader.openOrders('linear', signal)
  expect(exchangeTs).toBeGreaterThan(0)
  expect(asked).toEqual(Array.from({ length: 2 }, () => ['USDE', 'NEW', 'GONEUSDT']).flat())
})

it('says that a part may be missing where the exchange may list more coins than it told', async () => {
  const { reader } = await rig({ coins: ['BTC'], isWhole: false })
  expect(await reader.executions('option', INTERVAL, async () => {}, { signal })).toBe(false)
  expect(await reader.orders('option', INTERVAL, async () => {}, { signal })).toBe(false)
  // Time 0: nothing counts as absent from the list.
  expect(await reader.positions('option', signal)).toMatchObject({ events: [], exchangeTs: 0 })
  expect(await reader.openOrders('linear', signal)).toMatchObject({ events: [], exchangeTs: 0 })
})

it('covers what it was not told to read only where nothing of it is listed', async () => {
  const covers = async (listed: { coins: string[]; symbols?: string[]; isWhole?: boolean }) =>
    (await rig(listed)).reader.covers(['linear', 'spot'], INTERVAL.to, signal)
  expect(await covers({ coins: [] })).toBe(true)
  expect(await covers({ coins: ['BTC'], symbols: ['BTC-1'] })).toBe(false)
  expect(await covers({ coins: [], isWhole: false })).toBe(false)
})
