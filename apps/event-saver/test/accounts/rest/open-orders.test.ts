import type { OrderEvent } from '@grid/core-events'
import { describe, expect, it } from 'vitest'
import { OpenOrders } from '../../../src/accounts/rest/open-orders.ts'

const T0 = 1_760_000_000_000

describe('orders that are absent from a list', () => {
  const order = (orderId: string, orderStatus: string, exchangeTs = T0): OrderEvent =>
    ({ category: 'linear', orderId, orderStatus, exchangeTs, localTsUs: T0 * 1000 }) as OrderEvent

  const listAt = (ms: number) => ({ exchangeTs: T0 + ms, localTsUs: (T0 + ms) * 1000 })

  it('are found, unless they ended, were forgotten, or changed just before', () => {
    const orders = new OpenOrders()
    for (const id of ['resting', 'listed', 'ended', 'gone']) orders.note(order(id, 'New'))
    orders.note(order('ended', 'Filled'))
    // States of an order may arrive in any order.
    orders.note(order('ended', 'PartiallyFilled'))
    orders.note(order('young', 'Untriggered', T0 + 4900))
    orders.forget(order('gone', 'New'))
    const absent = orders.absent('linear', [order('listed', 'New')], listAt(5000))
    expect(absent.map(({ orderId }) => orderId)).toEqual(['resting'])
    expect(orders.absent('spot', [], listAt(5000))).toEqual([])
  })

  it('are found whatever their status is called, until the exchange told of them by their names', () => {
    const orders = new OpenOrders()
    orders.note(order('held', 'OnHold'))
    orders.note(order('held', 'New', T0 + 100))
    orders.note(order('other', 'OnHold'))
    const absent = () => orders.absent('linear', [], listAt(5000)).map(({ orderId }) => orderId)
    expect(absent()).toEqual(['held', 'other'])
    orders.noteAbsent(order('held', 'Expired', T0 + 200))
    orders.noteAbsent(order('other', 'New'))
    expect(absent()).toEqual(['other'])
  })

  it.each([6 * 3_600_000, 365 * 86_400_000])(
    'are found though a state of theirs is %d ms ahead of its receipt',
    (aheadMs) => {
      const orders = new OpenOrders()
      orders.note(order('absurd', 'New', T0 + aheadMs))
      expect(orders.absent('linear', [], listAt(5000))).toMatchObject([{ orderId: 'absurd' }])
      expect(orders.isSettled('linear', [], listAt(5000))).toBe(true)
      expect(orders.isSettled('linear', [], listAt(500))).toBe(false)
    },
  )
})
