import {
  CATEGORIES,
  type Category,
  CHANNEL_DEFINITIONS,
  type ExecutionEvent,
  eventKey,
  PRIVATE_CHANNELS,
  type PrivateChannel,
  systemClock,
} from '@grid/core-events'
import type { GapState, StoredGap } from '@grid/db'
import { describe, expect, it } from 'vitest'
import type { Completeness } from '../../../src/accounts/rest/completeness.ts'
import { GapRepair } from '../../../src/accounts/rest/gap-repair.ts'

const T0 = 1_760_000_000_000
const ACCOUNT_ID = '0b0e5c6e-6a0f-5d0e-9b3a-3f6f0a4b7c11'

/** What an exchange tells, and what is stored. */
interface Told {
  told: Completeness
  unreadable: number
  stored: readonly ExecutionEvent[]
  listed: readonly ExecutionEvent[]
  isRefused: boolean
}

const execution = (execId: string, exchangeTs: number): ExecutionEvent =>
  ({
    channel: 'execution',
    accountId: ACCOUNT_ID,
    category: 'linear',
    symbol: 'BTCUSDT',
    execId,
    exchangeTs,
  }) as ExecutionEvent

describe('the repair of gaps', () => {
  const gap = (id: string, channel: PrivateChannel, endTs: number): StoredGap =>
    ({ id, channel, accountId: ACCOUNT_ID, startTs: T0, endTs, state: 'open' }) as StoredGap

  /** A repair of some gaps by an exchange that answers with nothing, at a settable time. */
  function repair(
    gaps: StoredGap[],
    isStored = true,
    categories: readonly Category[] = CATEGORIES,
  ) {
    const states = new Map<string, GapState>()
    const reads: string[] = []
    const told: string[] = []
    const more: Told = {
      told: 'whole',
      unreadable: 0,
      stored: [],
      listed: [],
      isRefused: false,
    }
    const at = { ms: T0 + 1000, fails: false, offsetMs: 0, denied: '' }
    const read =
      (channel: string) =>
      async (
        category: string,
        { from, to }: { from: number; to: number },
        take: (rows: never) => Promise<void>,
      ) => {
        reads.push(`${channel} ${category} ${from - T0} ${to - T0}`)
        if (at.fails) throw new Error('away')
        const events = channel === 'execution' && category === 'linear' ? more.listed : []
        await take({ events, deadLetters: Array.from({ length: more.unreadable }) } as never)
        return category === at.denied ? 'part' : more.told
      }
    const work = new GapRepair({
      accountId: ACCOUNT_ID,
      scope: { userId: 'u1' },
      reader: {
        executions: read('execution'),
        orders: read('order'),
      },
      categories,
      gaps: {
        list: async () => gaps.filter(({ id }) => !states.has(id)),
        setState: async (_of, id, state) => {
          states.set(id, state)
          return true
        },
      },
      clock: { ...systemClock, nowUs: () => at.ms * 1000 },
      settleMs: 30_000,
      clockOffsetMs: () => at.offsetMs,
      recorded: async () => true,
      store: async () => isStored,
      isRefused: () => more.isRefused,
      storedExecutions: async (_of, { from, to }) =>
        new Set(
          more.stored
            .filter(({ exchangeTs }) => exchangeTs >= from && exchangeTs <= to)
            .map((event) => eventKey(event)),
        ),
      onOrders: () => {},
      onClosed: (_gap, _state, faults) => told.push(...faults),
    })
    return { run: () => work.run(new AbortController().signal), states, reads, at, more, told }
  }

  it('reads a gap at once, and reads it again and closes it when the history has settled', async () => {
    const { run, states, reads, at } = repair([
      gap('a', 'execution', T0 + 500),
      gap('w', 'wallet', T0),
    ])
    expect(await run()).toBe(T0 + 30_500)
    expect(reads).toEqual(CATEGORIES.map((category) => `execution ${category} -5000 5500`))
    // Before that time a call does not read it again.
    expect(await run()).toBe(T0 + 30_500)
    expect(reads).toHaveLength(4)
    expect(states.size).toBe(0)
    at.ms = T0 + 30_500
    expect(await run()).toBeNull()
    expect(reads).toHaveLength(8)
    expect([...states]).toEqual([['a', 'filled']])
  })

  it('widens the interval by the difference of the clocks, and closes as partial what it may not read', async () => {
    const { run, states, reads, at } = repair([gap('a', 'execution', T0)])
    at.ms = T0 + 60_000
    at.offsetMs = -300_000.5
    at.denied = 'spot'
    expect(await run()).toBeNull()
    expect(reads[0]).toBe(`execution ${CATEGORIES[0]} -305001 305001`)
    expect([...states]).toEqual([['a', 'partial']])
  })

  it('closes as partial what may have happened in categories that are not read', async () => {
    const { run, states, at } = repair([gap('a', 'execution', T0)], true, ['linear', 'spot'])
    at.ms = T0 + 60_000
    expect(await run()).toBeNull()
    expect([...states]).toEqual([['a', 'partial']])
  })

  it.each(['unreadable', 'refused'])('closes as partial what has a row that is %s', async (how) => {
    const { run, states, at, more } = repair([gap('a', 'execution', T0)])
    at.ms = T0 + 60_000
    more.listed = [execution('a', T0)]
    if (how === 'unreadable') more.unreadable = 1
    else more.isRefused = true
    expect(await run()).toBeNull()
    expect([...states]).toEqual([['a', 'partial']])
  })

  it('reads again for a while what leaves out a stored execution, and fills it once nothing is left out', async () => {
    const { run, states, at, more } = repair([gap('a', 'execution', T0), gap('o', 'order', T0)])
    const [known, missed] = [execution('known', T0 - 1000), execution('missed', T0)]
    // What is stored but younger than the history needs to be complete says nothing.
    more.stored = [known, execution('young', T0 + 4000)]
    more.listed = [missed]
    at.ms = T0 + 30_000
    expect(await run()).toBe(T0 + 60_000)
    // A gap of orders is closed as partial in any case.
    expect([...states]).toEqual([['o', 'partial']])
    at.ms = T0 + 60_000
    more.stored = [known]
    more.listed = [known, missed]
    expect(await run()).toBeNull()
    expect(states.get('a')).toBe('filled')
  })

  it.each(['a stored execution', 'a list of instruments'])(
    'closes as partial what leaves out %s for minutes',
    async (what) => {
      const { run, states, at, more, told } = repair([gap('a', 'execution', T0)])
      if (what === 'a stored execution') more.stored = [execution('known', T0)]
      else more.told = 'doubtful'
      const because =
        more.told === 'doubtful' ? 'option: the exchange told only a part' : '1 stored'
      for (at.ms = T0 + 30_000; at.ms < T0 + 330_000; at.ms += 30_000) {
        expect(await run()).toBe(at.ms + 30_000)
      }
      expect(states.size).toBe(0)
      expect(await run()).toBeNull()
      expect([...states]).toEqual([['a', 'partial']])
      expect(told).toContainEqual(expect.stringContaining(because))
    },
  )

  it('closes gaps of orders as partial, because history lacks the states in between', async () => {
    const { run, states, at } = repair([gap('o', 'order', T0)])
    at.ms = T0 + 60_000
    expect(await run()).toBeNull()
    expect([...states]).toEqual([['o', 'partial']])
  })

  it.each(PRIVATE_CHANNELS)(
    'closes gaps of %s only if the exchange keeps its history',
    async (channel) => {
      const { run, states, at } = repair([gap('a', channel, T0)])
      at.ms = T0 + 60_000
      await run()
      expect(states.has('a')).toBe(CHANNEL_DEFINITIONS[channel].history === 'all')
    },
  )

  it('leaves a gap open that cannot be read, or whose rows are not all stored', async () => {
    const { run, states, at } = repair([gap('a', 'execution', T0)], false)
    at.ms = T0 + 60_000
    expect(await run()).toBe(T0 + 120_000)
    const broken = repair([gap('a', 'execution', T0)])
    broken.at.ms = T0 + 60_000
    broken.at.fails = true
    await expect(broken.run()).rejects.toThrow('away')
    expect(states.size + broken.states.size).toBe(0)
  })
})
