import { type Decimal, type PositionEvent, positionEventSchema } from '@grid/core-events'
import { describe, expect, it } from 'vitest'
import { LegBook } from '../../../src/accounts/rest/leg-book.ts'

const T0 = 1_760_000_000_000
const HOUR = 3_600_000
const ACCOUNT_ID = '0b0e5c6e-6a0f-5d0e-9b3a-3f6f0a4b7c11'

const leg = (fields: Partial<PositionEvent>): PositionEvent =>
  ({
    channel: 'position',
    accountId: ACCOUNT_ID,
    category: 'linear',
    symbol: 'BTCUSDT',
    positionIdx: 0,
    exchangeTs: T0,
    localTsUs: T0 * 1000,
    size: '1' as Decimal,
    side: 'Buy',
    ...fields,
  }) as PositionEvent

describe('legs that are absent from a list', () => {
  const reply = { exchangeTs: T0 + 5000, localTsUs: (T0 + 5100) * 1000 }

  it('are flat, with all other values unknown', () => {
    const book = new LegBook()
    book.note(leg({}))
    book.note(leg({ positionIdx: 2, side: 'Sell' }))
    book.note(leg({ symbol: 'FLATUSDT', size: '0.000' as Decimal, side: '' }))
    book.note(leg({ symbol: 'BTCUSD', category: 'inverse' }))
    const listed = [leg({ positionIdx: 2, side: 'Sell', exchangeTs: T0 + 5000 })]
    const absent = book.absent('linear', listed, reply)
    expect(absent).toMatchObject([
      { symbol: 'BTCUSDT', positionIdx: 0, side: '', size: '0', seq: -1, source: 'rest', ...reply },
    ])
    expect(absent.map((event) => positionEventSchema.safeParse(event).success)).toEqual([true])
    for (const event of absent) book.note(event)
    expect(book.absent('linear', listed, { ...reply, exchangeTs: T0 + 9000 })).toEqual([])
  })

  it('are not flat if they changed just before the list was made', () => {
    const book = new LegBook()
    book.note(leg({ exchangeTs: T0 + 4900 }))
    expect(book.absent('linear', [], reply)).toEqual([])
    // A late message with an older state changes nothing.
    book.note(leg({ exchangeTs: T0, size: '5' as Decimal }))
    expect(book.absent('linear', [], reply)).toEqual([])
  })

  it('are flat though a state of theirs has an absurd time', () => {
    const book = new LegBook()
    book.note(leg({ exchangeTs: T0 + 365 * 86_400_000 }))
    expect(book.isSettled('linear', [], reply)).toBe(true)
    expect(book.absent('linear', [], reply)).toMatchObject([{ size: '0', ...reply }])
  })

  it('are flat by what came later than a state some hours ahead of its receipt', () => {
    const book = new LegBook()
    book.note(leg({ exchangeTs: T0 + 6 * HOUR }))
    book.note(leg({ size: '0' as Decimal, exchangeTs: T0 + 900, localTsUs: (T0 + 1000) * 1000 }))
    expect(book.absent('linear', [], reply)).toEqual([])
    expect(book.isSettled('linear', [], reply)).toBe(true)
  })

  it('are judged by receipts where the whole clock of the exchange is ahead', () => {
    const book = new LegBook()
    const ahead = (ms: number) => ({ exchangeTs: T0 + HOUR + ms, localTsUs: (T0 + ms) * 1000 })
    book.note(leg(ahead(0)))
    // Younger than the list can show.
    expect(book.absent('linear', [], ahead(900))).toEqual([])
    expect(book.isSettled('linear', [], ahead(900))).toBe(false)
    expect(book.absent('linear', [], ahead(1100))).toMatchObject([{ size: '0', ...ahead(1100) }])
  })

  it('stay flat when an older state comes late, of the ten thousand that became flat last', () => {
    const book = new LegBook()
    const legs = Array.from({ length: 10_001 }, (_, n) => leg({ symbol: `BTC-${n}-C` }))
    for (const each of legs) book.note(each)
    for (const each of legs) book.note({ ...each, size: '0' as Decimal, exchangeTs: T0 + 1 })
    expect(book.absent('linear', [], reply)).toEqual([])
    for (const each of legs) book.note(each)
    const absent = book.absent('linear', [], reply)
    expect(absent.map(({ symbol }) => symbol)).toEqual(['BTC-0-C'])
  })
})
