import { setImmediate as turn } from 'node:timers/promises'
import {
  type Clock,
  type Decimal,
  type OrderEvent,
  type PositionEvent,
  positionEventSchema,
  systemClock,
} from '@grid/core-events'
import type { EnabledAccount, GapState, StoredGap } from '@grid/db'
import { pino } from 'pino'
import { describe, expect, it } from 'vitest'
import { AccountFollower } from '../../src/accounts/account-follower.ts'
import { AccountJobs } from '../../src/accounts/account-jobs.ts'
import { verdictOf } from '../../src/accounts/account-status.ts'
import { GapRepair } from '../../src/accounts/rest/gap-repair.ts'
import { LegBook } from '../../src/accounts/rest/leg-book.ts'
import { OpenOrders } from '../../src/accounts/rest/open-orders.ts'
import { RunKeeper } from '../../src/accounts/run-keeper.ts'

const T0 = 1_760_000_000_000
const ACCOUNT_ID = '0b0e5c6e-6a0f-5d0e-9b3a-3f6f0a4b7c11'

/** A clock that stands still, but for timers, which fire at once. */
const hurried: Clock = {
  nowUs: () => systemClock.nowUs(),
  setTimer: (callback) => systemClock.setTimer(callback, 0),
}

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

describe('legs that a list leaves out', () => {
  const reply = { exchangeTs: T0 + 5000, localTsUs: (T0 + 5100) * 1000 }

  it('are flat, and nothing else is known of them', () => {
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

  it('may have been opened while the list was made', () => {
    const book = new LegBook()
    book.note(leg({ exchangeTs: T0 + 4900 }))
    expect(book.absent('linear', [], reply)).toEqual([])
    // A message that came late is no news.
    book.note(leg({ exchangeTs: T0, size: '5' as Decimal }))
    expect(book.absent('linear', [], reply)).toEqual([])
  })
})

describe('orders that a list leaves out', () => {
  const order = (orderId: string, orderStatus: string, exchangeTs = T0): OrderEvent =>
    ({ category: 'linear', orderId, orderStatus, exchangeTs }) as OrderEvent

  it('are asked for, unless they ended, are listed, or are too new', () => {
    const orders = new OpenOrders()
    for (const id of ['resting', 'listed', 'ended', 'gone']) orders.note(order(id, 'New'))
    orders.note(order('ended', 'Filled'))
    // States of one order come in any order.
    orders.note(order('ended', 'PartiallyFilled'))
    orders.note(order('young', 'Untriggered', T0 + 4900))
    orders.forget(order('gone', 'New'))
    const absent = orders.absent('linear', [order('listed', 'New')], T0 + 5000)
    expect(absent.map(({ orderId }) => orderId)).toEqual(['resting'])
    expect(orders.absent('spot', [], T0 + 5000)).toEqual([])
  })
})

describe('the list of accounts', () => {
  it('is read again at a hint, also one that comes while it is read', async () => {
    const stop = new AbortController()
    const never: Clock = { ...systemClock, setTimer: () => ({ cancel: () => {} }) }
    let reads = 0
    let isChanged = false
    const follower = new AccountFollower({
      clock: never,
      load: async () => {
        reads += 1
        if (reads === 1) follower.hint()
        await turn()
        return isChanged ? [{ accountId: ACCOUNT_ID } as EnabledAccount] : []
      },
      onAccounts: (accounts) => {
        if (accounts.length > 0) stop.abort()
      },
      onRetry: () => {},
    })
    const running = follower.run(stop.signal)
    await expect.poll(() => reads).toBe(2)
    isChanged = true
    follower.hint()
    await running
    expect(reads).toBe(3)
  })

  it('is tried again when it cannot be read, and what is captured goes on', async () => {
    const stop = new AbortController()
    const told: (string | number)[] = []
    let reads = 0
    const follower = new AccountFollower({
      clock: hurried,
      load: async () => {
        reads += 1
        if (reads < 3) throw new Error('away')
        return []
      },
      onAccounts: () => {
        told.push('accounts')
        stop.abort()
      },
      onRetry: (_, failures) => told.push(failures),
    })
    await follower.run(stop.signal)
    expect(told).toEqual([1, 2, 0, 'accounts'])
  })
})

describe('the jobs of an account', () => {
  const WHOLE = { isStored: true, isSettled: true }

  function jobs(options: { fails?: number; isLive?: () => boolean } = {}) {
    const done: string[] = []
    const retries: number[] = []
    let failures = options.fails ?? 0
    const job = (name: string) => {
      done.push(name)
      if (failures-- > 0) throw new Error('refused')
    }
    const it = new AccountJobs({
      clock: hurried,
      repair: async () => {
        job('repair')
        return null
      },
      snapshot: async () => {
        job('snapshot')
        return WHOLE
      },
      snapshotIntervalMs: 3_600_000,
      isLive: options.isLive ?? (() => true),
      onRetry: (_, count) => retries.push(count),
      random: () => 0,
    })
    return { it, done, retries }
  }

  it('ask nothing while the key is not let in', async () => {
    let isLive = false
    const { it: work, done } = jobs({ isLive: () => isLive })
    const stop = new AbortController()
    work.requestSnapshot()
    const running = work.run(stop.signal)
    for (let round = 0; round < 20; round++) await turn()
    expect(done).toEqual([])
    isLive = true
    work.requestRepair()
    await expect.poll(() => done).toEqual(['repair', 'snapshot'])
    expect(work.snapshotAt).not.toBeNull()
    stop.abort()
    await running
  })

  it('are tried again until they are done', async () => {
    const { it: work, done, retries } = jobs({ fails: 2 })
    const stop = new AbortController()
    work.requestRepair()
    const running = work.run(stop.signal)
    await expect.poll(() => retries).toEqual([1, 2, 0])
    expect(done).toEqual(['repair', 'repair', 'repair'])
    stop.abort()
    await running
  })

  it('take the account as it stands although its history cannot be read', async () => {
    const { it: work, done } = jobs({ fails: 1 })
    const stop = new AbortController()
    work.requestRepair()
    work.requestSnapshot()
    const running = work.run(stop.signal)
    await expect.poll(() => done).toEqual(['repair', 'snapshot', 'repair'])
    stop.abort()
    await running
  })

  it('end at once, whatever is under way', async () => {
    const stop = new AbortController()
    const started = Promise.withResolvers<void>()
    const work = new AccountJobs({
      clock: hurried,
      repair: () => {
        started.resolve()
        return new Promise(() => {})
      },
      snapshot: async () => WHOLE,
      snapshotIntervalMs: 1000,
      isLive: () => true,
      onRetry: () => {},
    })
    work.requestRepair()
    const running = work.run(stop.signal)
    await started.promise
    stop.abort()
    await running
  })
})

describe('the keeper of runs', () => {
  it('closes orphans once, and looks further back from time to time', async () => {
    const stop = new AbortController()
    const done: string[] = []
    let minute = 0
    const keeper = new RunKeeper({
      operator: {
        closeOrphanedRuns: async ({ silentForMs }) => {
          done.push(`orphans ${silentForMs}`)
          if (minute++ === 0) throw new Error('away')
          return []
        },
        attributeEvents: async ({ since }) => {
          const hours = (T0 + minute * 60_000 - since) / 3_600_000
          done.push(`events of ${hours} h`)
          minute += 1
          if (minute === 64) stop.abort()
          return 0
        },
      },
      clock: { ...hurried, nowUs: () => (T0 + minute * 60_000) * 1000 },
      log: pino({ level: 'silent' }),
      runTimeoutMs: 900_000,
    })
    await keeper.run(stop.signal)
    expect(done.slice(0, 4)).toEqual([
      'orphans 900000',
      'orphans 900000',
      'events of 168 h',
      'events of 1 h',
    ])
    expect(done.filter((text) => text === 'events of 168 h')).toHaveLength(2)
    expect(done.filter((text) => text.startsWith('orphans'))).toHaveLength(2)
  })
})

describe('the repair of gaps', () => {
  const gap = (id: string, channel: 'execution' | 'order' | 'wallet', endTs: number): StoredGap =>
    ({ id, channel, accountId: ACCOUNT_ID, startTs: T0, endTs, state: 'open' }) as StoredGap

  /** A repair of some gaps by an exchange that answers with nothing, at a settable time. */
  function repair(gaps: StoredGap[], isStored = true) {
    const states = new Map<string, GapState>()
    const reads: string[] = []
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
        await take({ events: [], deadLetters: [] } as never)
        return category !== at.denied
      }
    const work = new GapRepair({
      accountId: ACCOUNT_ID,
      reader: { executions: read('execution'), orders: read('order') },
      categories: ['linear', 'spot'],
      gaps: {
        list: async () => gaps.filter(({ id }) => !states.has(id)),
        setState: async (id, state) => {
          states.set(id, state)
          return true
        },
      },
      clock: { ...systemClock, nowUs: () => at.ms * 1000 },
      settleMs: 30_000,
      clockOffsetMs: () => at.offsetMs,
      recorded: async () => true,
      store: async () => isStored,
      onOrders: () => {},
      onClosed: () => {},
    })
    return { run: () => work.run(new AbortController().signal), states, reads, at }
  }

  it('reads at once, and again once the history has settled, which closes the gap', async () => {
    const { run, states, reads, at } = repair([
      gap('a', 'execution', T0 + 500),
      gap('w', 'wallet', T0),
    ])
    expect(await run()).toBe(T0 + 30_500)
    expect(reads).toEqual(['execution linear -5000 5500', 'execution spot -5000 5500'])
    // Called before the time it is not read anew.
    expect(await run()).toBe(T0 + 30_500)
    expect(reads).toHaveLength(2)
    expect(states.size).toBe(0)
    at.ms = T0 + 30_500
    expect(await run()).toBeNull()
    expect(reads).toHaveLength(4)
    expect([...states]).toEqual([['a', 'filled']])
  })

  it('reads by the clock of the exchange, and does not call filled what it may not read', async () => {
    const { run, states, reads, at } = repair([gap('a', 'execution', T0)])
    at.ms = T0 + 60_000
    at.offsetMs = -300_000.5
    at.denied = 'spot'
    expect(await run()).toBeNull()
    expect(reads[0]).toBe('execution linear -305001 305001')
    expect([...states]).toEqual([['a', 'partial']])
  })

  it('closes gaps of orders as filled in part: states in between cannot be had', async () => {
    const { run, states, at } = repair([gap('o', 'order', T0)])
    at.ms = T0 + 60_000
    expect(await run()).toBeNull()
    expect([...states]).toEqual([['o', 'partial']])
  })

  it('leaves a gap open of which not every row is stored, or that cannot be read', async () => {
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

describe('the state of an account', () => {
  it('stays refused while each attempt with a refused key ends its connection', () => {
    const closed = {
      type: 'closed',
      connection: 1,
      code: 1000,
      reason: 'by the exchange',
      retryInMs: 60_000,
    } as const
    const state = { isWhole: false, isKeyRefused: true }
    expect(verdictOf(closed, state)).toBeNull()
    expect(verdictOf(closed, { ...state, isKeyRefused: false })).toMatchObject({
      state: 'connecting',
      code: 'CONNECTION_CLOSED',
    })
  })
})
