import type { Decimal, PublicTradeEvent } from '@grid/core-events'
import { marketRepository, migrate } from '@grid/db'
import { expect, it } from 'vitest'
import { StoredEvents } from '../../src/repair/stored-events.ts'
import { ownDatabase } from '../support/rig.ts'

const T0 = 1_760_000_000_000
const HOUR_MS = 3_600_000
const [CALL, PUT] = ['BTC-26DEC25-100000-C-USDT', 'BTC-26DEC25-90000-P-USDT']
const STREAM = { category: 'option', channel: 'publicTrade', symbol: 'BTC' } as const
const ASKED = { stream: STREAM, isMixed: true }

function trade(symbol: string, at: number): PublicTradeEvent {
  const unknown = { tickDirection: null, markPrice: null, indexPrice: null, markIv: null, iv: null }
  return {
    ...STREAM,
    ...unknown,
    symbol,
    exchangeTs: T0 + at,
    localTsUs: (T0 + at) * 1000,
    source: 'ws',
    tradeId: `${symbol} ${at}`,
    side: 'Buy',
    price: '100' as Decimal,
    size: '1' as Decimal,
    isBlockTrade: false,
    isRpiTrade: null,
    seq: at,
    matchIndex: 0,
  }
}

it('knows what is stored of a stream of several instruments, also of those that are not asked for', async () => {
  await using database = await ownDatabase()
  await migrate(database.db, { environment: 'simulated' })
  const trades = [trade(PUT, -HOUR_MS), trade(CALL, 0), trade(CALL, 1000)]
  await marketRepository(database.db, 'publicTrade').bulkInsert(trades)
  const stored = new StoredEvents(database.db)
  const ids = async (startTs: number, most: number) =>
    (await stored.between(ASKED, startTs, T0 + 1000, most))?.map(({ symbol }) => symbol)

  expect(await ids(T0, 2)).toEqual([CALL, CALL])
  expect(await ids(T0 - HOUR_MS, 3)).toEqual([PUT, CALL, CALL])
  expect(await ids(T0 - HOUR_MS, 2)).toBeUndefined()
  const plain = { stream: { ...STREAM, symbol: CALL }, isMixed: false }
  expect(await stored.between(plain, T0 - HOUR_MS, T0 + 1000, 10)).toHaveLength(2)

  expect(await stored.hasBefore(ASKED, [CALL], T0 + 1)).toBe(true)
  // A page that lists the call alone is short all the same.
  expect(await stored.hasBefore(ASKED, [CALL], T0)).toBe(true)
  expect(await stored.hasBefore(ASKED, [CALL], T0 - HOUR_MS)).toBe(false)
  expect(await stored.hasBefore(plain, [CALL], T0)).toBe(false)
})
