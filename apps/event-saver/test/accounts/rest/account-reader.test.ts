import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { systemClock } from '@grid/core-events'
import { expect, it, onTestFinished } from 'vitest'
import { AccountReader } from '../../../src/accounts/rest/account-reader.ts'
import type { ListedCoins } from '../../../src/accounts/rest/listed-coins.ts'
import { SeenInstruments } from '../../../src/accounts/rest/seen-instruments.ts'

const { signal } = new AbortController()
// The exchange keeps two years of executions, so an interval that a test reads lies close behind the clock.
const NOW = Date.now()
const INTERVAL = { from: NOW - 3_600_000, to: NOW - 3_599_000 }

/** A reader of an account that has nothing, on an exchange that lists what a test says. */
async function rig(listed: {
  coins: string[]
  symbols?: string[]
  isWhole?: boolean
  knownSinceMs?: number
  /** By what was asked for, what a list has. */
  rows?: Readonly<Record<string, readonly object[]>>
  /** Names that the exchange does not know. */
  unknown?: readonly string[]
  /** What the exchange refuses everything with. */
  retCode?: number | undefined
}) {
  const lists: string[] = []
  const asked: string[] = []
  const denied: string[] = []
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://localhost')
    const time = Date.now()
    if (pathname === '/v5/market/time') {
      response.end(JSON.stringify({ retCode: 0, result: { timeNano: `${time}000000` }, time }))
      return
    }
    const names = ['baseCoin', 'settleCoin', 'symbol', 'coin'].map((name) => searchParams.get(name))
    const name = names.find((each) => each !== null) ?? 'everything'
    asked.push(name)
    if (listed.unknown?.some((unknown) => name.split(',').includes(unknown))) {
      response.end(JSON.stringify({ retCode: 10001, retMsg: 'symbol invalid', result: {}, time }))
      return
    }
    if (listed.retCode !== undefined) {
      response.end(JSON.stringify({ retCode: listed.retCode, retMsg: 'no', result: {}, time }))
      return
    }
    const result = { list: listed.rows?.[name] ?? [], nextPageCursor: '' }
    response.end(JSON.stringify({ retCode: 0, result, time }))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  const { coins, symbols = [], isWhole = true, knownSinceMs = 0 } = listed
  const answer: ListedCoins = {
    coins: new Set(coins),
    symbols: new Set(symbols),
    isWhole,
    knownSinceMs,
  }
  const seen = new SeenInstruments()
  const reader = new AccountReader({
    accountId: '0b0e5c6e-6a0f-5d0e-9b3a-3f6f0a4b7c11',
    credentials: { apiKey: 'k'.repeat(17), secret: 's'.repeat(36) },
    environment: 'mainnet',
    restUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    clock: systemClock,
    coins: { listed: async () => answer },
    seen,
    onDenied: (category) => {
      if (listed.retCode === undefined) expect.unreachable()
      denied.push(category)
    },
    onListed: (list, isRead) => lists.push(`${list} ${isRead ? 'read' : 'unread'}`),
  })
  return { reader, seen, asked, answer, denied, lists }
}

it('asks for options of every coin that is listed or was traded, and for nothing else', async () => {
  const { reader, seen, asked } = await rig({ coins: ['HYPE'] })
  seen.note({ category: 'option', symbol: 'GONE-26DEC25-40-C-USDT' })
  expect(await reader.executions('option', INTERVAL, async () => {}, { signal })).toBe('whole')
  expect(await reader.orders('option', INTERVAL, async () => {}, { signal })).toBe('whole')
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

it('takes what the exchange does not know any more for nothing, and of a history for a part that is missing', async () => {
  const unknown = ['OLDUSDT', 'GONE']
  for (const [category, listed, name] of [
    ['linear', { coins: ['USDT'], symbols: ['BTCUSDT'] }, 'OLDUSDT'],
    ['option', { coins: ['BTC', 'GONE'], symbols: ['BTC-26DEC25-1-C'] }, 'GONE-26DEC25-1-C'],
  ] as const) {
    const { reader, seen } = await rig({
      coins: [...listed.coins],
      symbols: [...listed.symbols],
      unknown,
    })
    seen.note({ category, symbol: name })
    const { exchangeTs, isAsked } = await reader.positions(category, signal)
    expect(exchangeTs).toBeGreaterThan(0)
    expect(isAsked(name)).toBe(true)
    expect((await reader.openOrders(category, signal)).exchangeTs).toBeGreaterThan(0)
    expect((await reader.legsOf('linear', 'OLDUSDT', signal))?.events).toEqual([])
  }
  const { reader } = await rig({ coins: ['BTC', 'GONE'], symbols: ['BTC-26DEC25-1-C'], unknown })
  expect(await reader.executions('option', INTERVAL, async () => {}, { signal })).toBe('part')
})

it('reads named coins of a wallet, also beside one that the exchange does not know any more', async () => {
  const wallet = (coin: string) => [{ accountType: 'UNIFIED', coin: [{ coin, equity: '0' }] }]
  const rows = { BTC: wallet('BTC'), ETH: wallet('ETH'), 'BTC,ETH': wallet('ETH') }
  const { reader, asked } = await rig({ coins: [], rows, unknown: ['MATIC'] })
  const named = async (...names: string[]) =>
    (await reader.coins(names, signal)).events.map(({ coin }) => coin)
  expect(await named('BTC', 'ETH')).toEqual(['ETH'])
  expect(await named('BTC', 'MATIC', 'ETH')).toEqual(['BTC', 'ETH'])
  expect(asked).toEqual(['BTC,ETH', 'BTC,MATIC,ETH', 'BTC', 'MATIC', 'ETH'])
})

it('doubts a history where the exchange may list more coins than it told', async () => {
  const { reader } = await rig({ coins: ['BTC'], isWhole: false })
  expect(await reader.executions('option', INTERVAL, async () => {}, { signal })).toBe('doubtful')
  expect(await reader.orders('option', INTERVAL, async () => {}, { signal })).toBe('doubtful')
  expect(await reader.executions('spot', INTERVAL, async () => {}, { signal })).toBe('whole')
})

it.each([
  ['may not be read', 10005, 'part'],
  ['is of another kind of account', 10028, 'part'],
  ['is asked for wrongly', 10001, 'part'],
  ['is asked for wrongly in another way', 181_010, 'part'],
  ['is refused for a reason that nobody has explained', 987_654, 'doubtful'],
] as const)('of a history that %s it gives %d as %s', async (_why, retCode, told) => {
  const { reader, denied } = await rig({ coins: [], retCode })
  expect(await reader.executions('spot', INTERVAL, async () => {}, { signal })).toBe(told)
  expect(denied).toEqual(['spot'])
})

it.each([
  [10001, []],
  [10029, []],
  // It may pass, and the legs are not flat because of it.
  [987_654, null],
])('takes legs of a name that is refused with %d for %j', async (retCode, told) => {
  const { reader } = await rig({ coins: [], retCode })
  expect((await reader.legsOf('linear', 'BTCUSDT', signal))?.events ?? null).toEqual(told)
})

it('tells which lists of the present are refused, and which are read', async () => {
  const listed: Parameters<typeof rig>[0] = { coins: ['USDT'], retCode: 10005 }
  const { reader, lists } = await rig(listed)
  await reader.positions('linear', signal)
  await reader.openOrders('spot', signal)
  listed.retCode = undefined
  await reader.openOrders('spot', signal)
  expect(lists).toEqual(['linear positions unread', 'spot orders unread', 'spot orders read'])
})

it('gives a part of a history from before it is known which coins there were', async () => {
  const of = async (knownSinceMs: number) => {
    const { reader } = await rig({ coins: ['BTC'], knownSinceMs })
    return reader.executions('option', INTERVAL, async () => {}, { signal })
  }
  expect(await of(INTERVAL.from + 86_400_000)).toBe('whole')
  expect(await of(INTERVAL.from + 86_400_001)).toBe('part')
})

it('says of which instruments a list of the present was asked', async () => {
  const { reader, seen } = await rig({ coins: ['BTC', 'USDT'], symbols: ['ETHUSDT'] })
  seen.note({ category: 'linear', symbol: 'GONEUSDT' })
  const options = await reader.positions('option', signal)
  expect(['BTC-1', 'HYPE-1'].map(options.isAsked)).toEqual([true, false])
  const contracts = await reader.openOrders('linear', signal)
  expect(['ETHUSDT', 'GONEUSDT', 'NEWUSDE'].map(contracts.isAsked)).toEqual([true, true, false])
  expect((await reader.openOrders('spot', signal)).isAsked('ANY')).toBe(true)
})

it('asks for the coins of what a list brought, whatever is listed later', async () => {
  const leg = { symbol: 'HYPE-26DEC25-40-C-USDT', positionIdx: 0, side: 'Buy', size: '1' }
  const rows = { HYPE: [{ ...leg, avgPrice: '2', updatedTime: '1760000000000', seq: 7 }] }
  const { reader, asked, answer } = await rig({ coins: ['HYPE'], rows })
  expect((await reader.positions('option', signal)).events).toHaveLength(1)
  Object.assign(answer, { coins: new Set(['BTC']) })
  const { isAsked } = await reader.positions('option', signal)
  expect(isAsked(leg.symbol)).toBe(true)
  expect(asked).toEqual(['HYPE', 'BTC', 'HYPE'])
})
