import { expect, test } from 'vitest'
import { type LimitReport, RateLimiter } from '../../src/index.ts'
import { hops } from '../support/hops.ts'
import { SteppedClock } from '../support/stepped-clock.ts'
import { until } from '../support/until.ts'

const LIMITED: LimitReport = {
  limit: null,
  remaining: null,
  resetAtMs: null,
  isLimited: true,
  isIpBan: false,
}
const WALLET = '/v5/account/wallet-balance'

test('accounts do not share an endpoint’s limit, and each learns its own', async () => {
  const clock = new SteppedClock()
  const limiter = new RateLimiter({ endpointLimits: { [WALLET]: 2 }, clock })
  const sent: string[] = []
  const ask = (account: string, limit: number | null = null): Promise<void> =>
    limiter.run(
      WALLET,
      async (report) => {
        sent.push(account)
        report({ ...LIMITED, isLimited: false, limit })
      },
      { account },
    )
  const calls = ['a', 'a', 'a', 'b', 'b'].map((account) => ask(account))
  await until('two of each', () => sent.length === 4)
  await hops()
  expect(sent.toSorted()).toEqual(['a', 'a', 'b', 'b'])
  clock.advance(1_001)
  await Promise.all(calls)
  clock.advance(1_001)
  await ask('a', 20)
  expect(limiter.endpointLimit(WALLET, 'a')).toBe(20)
  expect(limiter.endpointLimit(WALLET, 'b')).toBe(2)
})

test('a paused account delays no other, whatever it asks for meanwhile', async () => {
  const clock = new SteppedClock()
  const limiter = new RateLimiter({ ipLimit: 4, ipShare: 1, clock, random: () => 0 })
  const sent: string[] = []
  const ask = (account: string): Promise<void> =>
    limiter.run(WALLET, async () => void sent.push(account), { account })
  await limiter.run(WALLET, async (report) => report(LIMITED), { account: 'a' })
  const paused = Array.from({ length: 9 }, () => ask('a'))
  await hops()
  // The address has 3 places left: paused requests must not hold them.
  await Promise.all([ask('b'), ask('b')])
  expect(sent).toEqual(['b', 'b'])
  clock.advance(1_000)
  await until('the pause is over', () => sent.includes('a'))
  for (let turn = 0; turn < 4; turn++) {
    await hops()
    clock.advance(5_001)
  }
  await Promise.all(paused)
  expect(clock.pendingTimers).toBe(0)
})

test('urgent requests go before earlier ones', async () => {
  const clock = new SteppedClock()
  const limiter = new RateLimiter({ ipLimit: 1, ipShare: 1, clock })
  const sent: string[] = []
  const ask = (name: string, priority: 3 | 5): Promise<void> =>
    limiter.run(`/${name}`, async () => void sent.push(name), { priority })
  await ask('first', 5)
  const calls = [ask('public', 5), ask('private', 3)]
  for (let turn = 0; turn < 3; turn++) {
    await hops()
    clock.advance(5_001)
  }
  await Promise.all(calls)
  expect(sent).toEqual(['first', 'private', 'public'])
})
