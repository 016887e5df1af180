import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type Decimal,
  type OrderEvent,
  orderContentHash,
  type PositionEvent,
  positionContentHash,
  SOURCES,
  walletContentHash,
} from '../../src/index.ts'
import { order, position, wallet } from '../support/arbitraries.ts'

const [anOrder] = fc.sample(order, { numRuns: 1, seed: 1 }) as [OrderEvent]
const [aLeg] = fc.sample(position, { numRuns: 1, seed: 1 }) as [PositionEvent]
const decimal = (text: string): Decimal => text as Decimal

describe('content hash', () => {
  const receipt = fc.record({
    exchangeTs: fc.nat(),
    localTsUs: fc.nat(),
    source: fc.constantFrom(...SOURCES),
    accountId: fc.uuid(),
    extra: fc.constant({ unheard: true }),
  })

  it('depends on the content of the message, not on when and how it came', () => {
    fc.assert(
      fc.property(order, position, wallet, receipt, (state, leg, coin, other) => {
        expect(orderContentHash({ ...state, ...other })).toBe(state.contentHash)
        expect(positionContentHash({ ...leg, ...other })).toBe(leg.contentHash)
        expect(walletContentHash({ ...coin, ...other })).toBe(coin.contentHash)
      }),
    )
  })

  it('is equal for socket and REST, which write numbers and empty values differently', () => {
    const bySocket: OrderEvent = {
      ...anOrder,
      avgPrice: null,
      triggerPrice: null,
      tpslMode: 'UNKNOWN',
      stopOrderType: null,
      reduceOnly: false,
      leavesQty: decimal('0.10'),
    }
    const byRest: OrderEvent = {
      ...bySocket,
      avgPrice: decimal('0'),
      triggerPrice: decimal('0.00'),
      tpslMode: null,
      stopOrderType: 'UNKNOWN',
      reduceOnly: null,
      leavesQty: decimal('0.1'),
    }
    expect(orderContentHash(byRest)).toBe(orderContentHash(bySocket))
    const flat: PositionEvent = { ...aLeg, side: '', seq: -1, entryPrice: null }
    const none: PositionEvent = { ...flat, side: 'None', entryPrice: decimal('-0e5') }
    expect(positionContentHash(none)).toBe(positionContentHash(flat))
  })

  it.each([
    ['1.50', '1.5'],
    ['150e-2', '1.5'],
    ['0.15E+1', '1.5'],
    ['0001.5', '1.5'],
    ['-15e-3', '-0.015'],
    ['15e3', '15000'],
    ['100', '1e2'],
  ])('takes %s for %s', (a, b) => {
    const withQty = (qty: string): OrderEvent => ({ ...anOrder, qty: decimal(qty) })
    expect(orderContentHash(withQty(a))).toBe(orderContentHash(withQty(b)))
  })

  it.each([
    ['1.5', '-1.5'],
    ['1.5', '1.05'],
    ['10', '1'],
    ['0.1', '1'],
  ])('tells %s from %s', (a, b) => {
    const withQty = (qty: string): OrderEvent => ({ ...anOrder, qty: decimal(qty) })
    expect(orderContentHash(withQty(a))).not.toBe(orderContentHash(withQty(b)))
  })

  it('differs for states that an order can have within one millisecond', () => {
    const states: Partial<OrderEvent>[] = [
      { orderStatus: 'New' },
      { orderStatus: 'PartiallyFilled', cumExecQty: decimal('1') },
      { orderStatus: 'PartiallyFilled', cumExecQty: decimal('2') },
      { orderStatus: 'Filled', cumExecQty: decimal('2') },
      { orderStatus: 'Filled', cumExecQty: decimal('2'), cancelType: 'CancelByUser' },
      { orderStatus: 'New', price: decimal('2') },
      { orderStatus: 'New', takeProfit: decimal('2') },
      // The same number in another field.
      { orderStatus: 'New', stopLoss: decimal('2') },
    ]
    const base = { ...anOrder, cumExecQty: null, price: null, takeProfit: null, stopLoss: null }
    const hashes = states.map((state) => orderContentHash({ ...base, cancelType: null, ...state }))
    expect(new Set(hashes).size).toBe(states.length)
  })
})
