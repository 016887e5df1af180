import { nowMs, systemClock } from '@grid/core-events'
import { expect, test } from 'vitest'
import { type LimitReport, RateLimiter } from '../../src/index.ts'
import { hops } from '../support/hops.ts'
import { SteppedClock } from '../support/stepped-clock.ts'
import { until } from '../support/until.ts'

const NOTHING: LimitReport = {
  limit: null,
  remaining: null,
  resetAtMs: null,
  isLimited: false,
  isIpBan: false,
}
const TIME = '/v5/market/time'

test('no window of the exchange holds more than the limit, however long requests take', async () => {
  const limit = 8
  const limiter = new RateLimiter({ endpointLimits: { [TIME]: limit } })
  const arrivals: number[] = []
  const random = seeded(7)
  await Promise.all(
    Array.from({ length: 28 }, () =>
      limiter.run(TIME, async () => {
        await systemSleep(random() * 250)
        arrivals.push(performance.now())
        await systemSleep(random() * 250)
      }),
    ),
  )
  for (const end of arrivals) {
    const inWindow = arrivals.filter((at) => at > end - 1000 && at <= end)
    expect(inWindow.length).toBeLessThanOrEqual(limit)
  }
})

test('twenty workers fill every window as soon as it opens, and not before', async () => {
  const limit = 40
  const clock = new SteppedClock()
  const limiter = new RateLimiter({ endpointLimits: { [TIME]: limit }, clock })
  const windows = 6
  let left = windows * limit
  let sent = 0
  const work = async (): Promise<void> => {
    while (left-- > 0) await limiter.run(TIME, async () => void sent++)
  }
  const workers = Promise.all(Array.from({ length: 20 }, work))
  for (let window = 1; window <= windows; window++) {
    await until(`${window} windows`, () => sent === window * limit)
    // The last answers must be counted before time goes on.
    await hops()
    clock.advance(1000)
    await hops()
    expect(sent).toBe(window * limit)
    clock.advance(1)
  }
  await workers
})

test('the address counts all requests together, each endpoint its own', async () => {
  const clock = new SteppedClock()
  const limiter = new RateLimiter({ ipLimit: 6, ipShare: 0.5, clock })
  let sent = 0
  const calls = ['/a', '/b', '/c', '/d'].flatMap((path) =>
    [1, 2].map(() =>
      limiter.run(path, async () => {
        sent++
      }),
    ),
  )
  await hops()
  expect(sent).toBe(3)
  clock.advance(4999)
  await hops()
  expect(sent).toBe(3)
  clock.advance(2)
  await until('three more', () => sent === 6)
  clock.advance(5001)
  await Promise.all(calls)
  expect(clock.pendingTimers).toBe(0)
})

test('an endpoint begins with a low limit, then uses what the exchange allows', async () => {
  const limiter = new RateLimiter({ endpointShare: 0.9 })
  expect(limiter.endpointLimit(TIME)).toBe(9)
  await limiter.run(TIME, async (report) => report({ ...NOTHING, limit: 120 }))
  expect(limiter.endpointLimit(TIME)).toBe(108)
  await limiter.run('/silent', async (report) => report(NOTHING))
  expect(limiter.endpointLimit('/silent')).toBe(45)
})

test('what others on the address use is left to them, and taken back later', async () => {
  const limiter = new RateLimiter()
  const told = (remaining: number): Promise<void> =>
    limiter.run(TIME, async (report) => report({ ...NOTHING, limit: 20, remaining }))
  await told(19)
  expect(limiter.endpointLimit(TIME)).toBe(20)
  await told(12)
  expect(limiter.endpointLimit(TIME)).toBe(14)
  await told(17)
  expect(limiter.endpointLimit(TIME)).toBe(20)
})

test('our own pending requests are never taken for those of others', async () => {
  const limiter = new RateLimiter({ endpointLimits: { [TIME]: 10 } })
  let left = 10
  await Promise.all(
    Array.from({ length: 10 }, () =>
      limiter.run(TIME, async (report) => {
        await systemSleep(5)
        const remaining = --left
        await systemSleep(20)
        report({ ...NOTHING, limit: 10, remaining })
      }),
    ),
  )
  expect(limiter.endpointLimit(TIME)).toBe(10)
})

test.each([
  ['until the reset that the exchange names', 700, 700],
  ['for 1 to 2 s when it names none', null, 1500],
  ['for 1 to 2 s when the clocks disagree', 60_000, 1500],
])('too many visits pause that endpoint alone, %s', async (_name, resetIn, waitMs) => {
  const clock = new SteppedClock()
  const limiter = new RateLimiter({ clock, random: () => 0.5 })
  const resetAtMs = resetIn === null ? null : nowMs(clock) + resetIn
  await limiter.run(TIME, async (report) => report({ ...NOTHING, isLimited: true, resetAtMs }))
  let sent = 0
  const send = async (): Promise<void> => {
    sent++
  }
  const call = limiter.run(TIME, send)
  await limiter.run('/other', send)
  clock.advance(waitMs - 1)
  await hops()
  expect(sent).toBe(1)
  await until('the pause is waited for', () => clock.pendingTimers === 1)
  clock.advance(1)
  await call
  expect(sent).toBe(2)
})

test('a banned address sends nothing for 10 minutes: calls fail at once, or wait', async () => {
  const clock = new SteppedClock()
  const limiter = new RateLimiter({ clock })
  await limiter.run(TIME, async (report) => report({ ...NOTHING, isIpBan: true }))
  const retryAtMs = nowMs(clock) + 600_000
  expect(limiter.bannedUntilMs).toBe(retryAtMs)
  let sent = 0
  const send = async (): Promise<void> => {
    sent++
  }
  const refused = { code: 'IP_BANNED', retryable: true, retryAtMs, endpoint: '/other' }
  await expect(limiter.run('/other', send)).rejects.toMatchObject(refused)
  const waiting = limiter.run(TIME, send, { onBan: 'wait' })
  await until('the ban is waited for', () => clock.pendingTimers === 1)
  clock.advance(599_999)
  await hops()
  expect(sent).toBe(0)
  clock.advance(1)
  await waiting
  await limiter.run('/other', send)
  expect(sent).toBe(2)
  expect(limiter.bannedUntilMs).toBeNull()
})

test('a clock that is set back lengthens neither a ban nor a window', async () => {
  const clock = new SteppedClock()
  const limiter = new RateLimiter({ clock, endpointLimits: { [TIME]: 1 } })
  await limiter.run(TIME, async (report) => report({ ...NOTHING, limit: 1, isIpBan: true }))
  clock.advance(-86_400_000)
  const call = limiter.run(TIME, async () => 'sent', { onBan: 'wait' })
  await until('someone waits', () => clock.pendingTimers > 0)
  clock.advance(1001)
  await hops()
  clock.advance(600_000)
  expect(await call).toBe('sent')
})

test('urgent requests go first, and one that gives up takes no place', async () => {
  const clock = new SteppedClock()
  const limiter = new RateLimiter({ clock, endpointLimits: { [TIME]: 1 } })
  const sent: string[] = []
  const send = (name: string) => async (): Promise<void> => {
    sent.push(name)
  }
  await limiter.run(TIME, send('first'))
  const controller = new AbortController()
  const { signal } = controller
  const late = limiter.run(TIME, send('late'), { priority: 9 })
  const given = limiter.run(TIME, send('given up'), { priority: 0, signal })
  const soon = limiter.run(TIME, send('soon'), { priority: 1 })
  controller.abort('enough')
  await expect(given).rejects.toMatchObject({ code: 'ABORTED', cause: 'enough', retryable: false })
  for (const call of [soon, late]) {
    await hops()
    expect(clock.pendingTimers).toBe(1)
    clock.advance(1001)
    await call
  }
  expect(sent).toEqual(['first', 'soon', 'late'])
})

test('a failed request holds its place no longer than a successful one', async () => {
  const clock = new SteppedClock()
  const limiter = new RateLimiter({ clock, endpointLimits: { [TIME]: 1 } })
  const failing = limiter.run(TIME, () => Promise.reject(new Error('broken')))
  await expect(failing).rejects.toThrow('broken')
  const call = limiter.run(TIME, async () => 'sent')
  await until('a place is waited for', () => clock.pendingTimers === 1)
  clock.advance(1001)
  expect(await call).toBe('sent')
})

test.each([
  [{ ipShare: 0 }, 'ipShare'],
  [{ endpointShare: 1.5 }, 'endpointShare'],
  [{ ipLimit: 0 }, 'ipLimit'],
  [{ ipWindowMs: Number.NaN }, 'ipWindowMs'],
  [{ endpointLimits: { [TIME]: -1 } }, 'endpointLimits'],
  [{ defaultEndpointLimit: Number.POSITIVE_INFINITY }, 'defaultEndpointLimit'],
])('%o is refused by name', (options, option) => {
  const refused = expect.objectContaining({ code: 'INVALID_OPTION', option })
  expect(() => new RateLimiter(options)).toThrow(refused)
})

function systemSleep(ms: number): Promise<void> {
  return new Promise((resolve) => systemClock.setTimer(resolve, ms))
}

function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 48_271) % 2_147_483_647
    return state / 2_147_483_647
  }
}
