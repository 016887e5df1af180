import type { OrderEvent, PositionEvent } from '@grid/core-events'
import { describe, expect, it } from 'vitest'
import { takeSnapshot } from '../../../src/accounts/rest/account-snapshot.ts'
import { HeldCoins } from '../../../src/accounts/rest/held-coins.ts'
import { LegBook } from '../../../src/accounts/rest/leg-book.ts'
import { OpenOrders } from '../../../src/accounts/rest/open-orders.ts'
import type { ArrivedRows } from '../../../src/pipeline/arrived.ts'

const CHANGED_TS = 1_700_000_000_000
const LEG = {
  channel: 'position',
  accountId: '11111111-1111-4111-8111-111111111111',
  category: 'linear',
  symbol: 'BTCUSDT',
  positionIdx: 0,
  side: 'Buy',
  size: '0.01',
  exchangeTs: CHANGED_TS,
} as PositionEvent
const ORDER = {
  channel: 'order',
  category: 'linear',
  orderId: 'a',
  orderStatus: 'New',
  exchangeTs: CHANGED_TS,
} as OrderEvent

/** Takes a snapshot of an account without positions and orders, at a time of the exchange. */
async function snapshotAt(
  exchangeTs: number,
  legs: LegBook,
  orders: OpenOrders,
  isAsked: (symbol: string) => boolean = () => true,
  own: readonly PositionEvent[] | null = [],
) {
  const stored: ArrivedRows['events'][number][] = []
  const nothing = async () => ({
    events: [],
    deadLetters: [],
    exchangeTs,
    localTsUs: exchangeTs * 1000,
    isAsked,
  })
  const cancelled = { ...ORDER, orderStatus: 'Cancelled', exchangeTs: CHANGED_TS + 1 }
  const result = await takeSnapshot(
    {
      reader: {
        wallet: nothing,
        coins: nothing,
        positions: nothing,
        legsOf: async () => (own === null ? null : { ...(await nothing()), events: own }),
        openOrders: nothing,
        order: async () => ({ ...(await nothing()), events: [cancelled] }),
      },
      categories: ['linear'],
      coins: new HeldCoins(),
      legs,
      orders,
      store: async ({ events }) => {
        stored.push(...events)
        return true
      },
    },
    AbortSignal.timeout(5000),
  )
  return { result, stored }
}

describe('a snapshot', () => {
  it('leaves open what changed just before it, and settles what changed earlier', async () => {
    const legs = new LegBook()
    const orders = new OpenOrders()
    legs.note(LEG)
    orders.note(ORDER)
    const early = await snapshotAt(CHANGED_TS + 500, legs, orders)
    expect(early).toEqual({ result: { isStored: true, isSettled: false }, stored: [] })
    const late = await snapshotAt(CHANGED_TS + 3500, legs, orders)
    expect(late.result).toEqual({ isStored: true, isSettled: true })
    expect(late.stored).toMatchObject([
      { channel: 'position', side: '', size: '0', exchangeTs: CHANGED_TS + 3500 },
      { channel: 'order', orderStatus: 'Cancelled' },
    ])
  })
  it('takes no leg for flat that the list was not asked for, and asks again soon', async () => {
    const legs = new LegBook()
    legs.note(LEG)
    const orders = new OpenOrders()
    const unasked = await snapshotAt(CHANGED_TS + 3500, legs, orders, () => false)
    expect(unasked).toEqual({ result: { isStored: true, isSettled: false }, stored: [] })
    const asked = await snapshotAt(CHANGED_TS + 7000, legs, orders, (name) => name === LEG.symbol)
    expect(asked.stored).toMatchObject([{ symbol: LEG.symbol, size: '0' }])
    expect(asked.result.isSettled).toBe(true)
  })

  it('takes no leg for flat of which the exchange refuses to tell', async () => {
    const legs = new LegBook()
    legs.note(LEG)
    const orders = new OpenOrders()
    const refused = await snapshotAt(CHANGED_TS + 3500, legs, orders, () => true, null)
    expect(refused).toEqual({ result: { isStored: true, isSettled: true }, stored: [] })
    const told = await snapshotAt(CHANGED_TS + 7000, legs, orders)
    expect(told.stored).toMatchObject([{ symbol: LEG.symbol, size: '0' }])
  })

  it('takes no leg for flat that a list of several pages left out, but as the exchange tells it by name', async () => {
    const legs = new LegBook()
    const [long, short] = [1, 2].map((positionIdx) => ({ ...LEG, positionIdx }))
    for (const leg of [long, short]) legs.note(leg as PositionEvent)
    const told = { ...long, size: '0.02', exchangeTs: CHANGED_TS + 3600 } as PositionEvent
    const { stored } = await snapshotAt(CHANGED_TS + 3500, legs, new OpenOrders(), () => true, [
      told,
    ])
    expect(stored).toMatchObject([
      { positionIdx: 1, side: 'Buy', size: '0.02' },
      { positionIdx: 2, side: '', size: '0' },
    ])
    const list = { exchangeTs: CHANGED_TS + 9000, localTsUs: (CHANGED_TS + 9000) * 1000 }
    expect(legs.absent('linear', [], list)).toMatchObject([{ positionIdx: 1 }])
  })
})
