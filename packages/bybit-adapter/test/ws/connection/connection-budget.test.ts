import { expect, test } from 'vitest'
import { ConnectionBudget } from '../../../src/index.ts'
import { SteppedClock } from '../../support/stepped-clock.ts'

const WINDOW_MS = 300_000

test('no window, wherever it begins, holds more than the limit', async () => {
  const clock = new SteppedClock()
  const budget = new ConnectionBudget({ limit: 3, windowMs: WINDOW_MS, clock })
  const grantedAt: number[] = []
  const asking = Array.from({ length: 10 }, () =>
    budget.acquire().then(() => grantedAt.push(clock.nowMs)),
  )
  for (let step = 0; step < 40; step++) {
    await new Promise(setImmediate)
    clock.advance(30_000)
  }
  await Promise.all(asking)
  for (const end of grantedAt) {
    const inWindow = grantedAt.filter((at) => at > end - WINDOW_MS && at <= end)
    expect(inWindow.length).toBeLessThanOrEqual(3)
  }
})

test('a caller that waits is told how long, and can give up without taking a place', async () => {
  const clock = new SteppedClock()
  const budget = new ConnectionBudget({ limit: 1, windowMs: WINDOW_MS, clock })
  expect(await budget.acquire()).toBe(true)
  clock.advance(100_000)
  const waits: number[] = []
  const controller = new AbortController()
  const { signal } = controller
  const waiting = budget.acquire({ signal, onWait: (waitMs) => waits.push(waitMs) })
  expect(waits).toEqual([200_000])
  controller.abort()
  expect(await waiting).toBe(false)
  expect(clock.pendingTimers).toBe(0)
  clock.advance(200_000)
  expect(await budget.acquire()).toBe(true)
})

test('urgent callers go first, then in the order of asking; no second exceeds its limit', async () => {
  const clock = new SteppedClock()
  const budget = new ConnectionBudget({ limit: 100, perSecond: 2, clock })
  const granted: string[] = []
  const asking = (['a5', 'b5', 'c5', 'd3', 'e3', 'f5'] as const).map((name) =>
    budget
      .acquire({ priority: name.endsWith('3') ? 3 : 5 })
      .then(() => granted.push(`${name} ${clock.nowMs % 10_000}`)),
  )
  for (let step = 0; step < 6; step++) {
    await new Promise(setImmediate)
    clock.advance(500)
  }
  await Promise.all(asking)
  expect(granted).toEqual(['a5 0', 'b5 0', 'd3 1000', 'e3 1000', 'c5 2000', 'f5 2000'])
  expect(clock.pendingTimers).toBe(0)
})

test('three hundred accounts beside the market data connect within a minute by the default', async () => {
  const clock = new SteppedClock()
  const budget = new ConnectionBudget({ clock })
  let connected = 0
  const asking = Array.from({ length: 308 }, () => budget.acquire().then(() => connected++))
  for (let step = 0; step < 59; step++) {
    await new Promise(setImmediate)
    clock.advance(1_000)
  }
  await Promise.all(asking)
  expect(connected).toBe(308)
})

test('a clock that is set back blocks connections for no longer than the window', async () => {
  const clock = new SteppedClock()
  const budget = new ConnectionBudget({ limit: 1, windowMs: WINDOW_MS, clock })
  await budget.acquire()
  clock.advance(-10 * WINDOW_MS)
  const waits: number[] = []
  void budget.acquire({ onWait: (waitMs) => waits.push(waitMs) })
  expect(waits).toEqual([WINDOW_MS])
})
