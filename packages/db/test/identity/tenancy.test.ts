import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import * as packageExports from '../../src/index.ts'
import {
  CaptureGapRepository,
  DeadLetterRepository,
  migrate,
  PublicTradeRepository,
  TickerSnapshotRepository,
} from '../../src/index.ts'
import {
  DATABASES,
  type OpenedDatabase,
  openPostgres,
  START_TIMEOUT_MS,
} from '../support/databases.ts'
import { fillTenant, type Tenant } from '../support/private-events.ts'
import { callsOn } from '../support/tenant-calls.ts'

/** Methods of collectors and operators, which store events of any account and fill gaps of market data only. */
const INGEST = new Set(['bulkInsert', 'insert', 'fill'])
/** Methods of repositories that hold data of tenants too, and that give market data only. */
const OF_MARKETS = new Set(['countByDay'])
/** Repositories of market data, which everybody may read, the collectors' and the operator's. */
const NOT_OF_TENANTS: readonly object[] = [
  PublicTradeRepository,
  TickerSnapshotRepository,
  packageExports.InstrumentRepository,
  packageExports.JournalPositionRepository,
  packageExports.OperatorRepository,
  packageExports.CollectorRepository,
  packageExports.WantedRepository,
  packageExports.LineRepository,
  packageExports.SpanRepository,
  packageExports.LossRepository,
]

function methodsOf(repository: object): readonly string[] {
  const names = new Set<string>()
  const { prototype } = repository as { readonly prototype: object }
  for (let owner = prototype; owner !== Object.prototype; owner = Object.getPrototypeOf(owner)) {
    for (const name of Object.getOwnPropertyNames(owner)) names.add(name)
  }
  return [...names]
    .filter((name) => !['constructor', ...INGEST, ...OF_MARKETS].includes(name))
    .toSorted()
}

async function outcomeOf(call: Promise<unknown>): Promise<'something' | 'nothing'> {
  try {
    const given = await call
    const isEmpty = Array.isArray(given) && given.length === 0
    return isEmpty || given === null || given === false || given === 0 ? 'nothing' : 'something'
  } catch (error) {
    if ((error as { code?: unknown }).code === 'NOT_FOUND') return 'nothing'
    throw error
  }
}

it(
  'may change the state of no gap of market data, which belongs to everyone',
  async () => {
    const opened = await openPostgres()
    await migrate(opened.db, { environment: 'testnet' })
    const { userId } = await fillTenant(opened.db, 'tenant')
    const gaps = new CaptureGapRepository(opened.db)
    const gap = {
      category: 'linear',
      channel: 'ticker',
      symbol: 'BTCUSDT',
      reason: 'start',
    } as const
    await gaps.insert([{ ...gap, startTs: 1, endTs: 2 }], { collector: 'c1' })
    const [stored] = await gaps.list()
    const id = stored?.id ?? ''
    expect(await gaps.setState({ userId }, id, 'filled')).toBe(false)
    expect(await gaps.countByState({ userId })).toMatchObject({ open: 2, filled: 0 })
    expect(await gaps.setState('everyone', id, 'filled')).toBe(true)
    await opened.close()
  },
  START_TIMEOUT_MS,
)

it(
  'may change no dead letter of market data either',
  async () => {
    const opened = await openPostgres()
    await migrate(opened.db, { environment: 'testnet' })
    const { userId } = await fillTenant(opened.db, 'tenant')
    const letters = new DeadLetterRepository(opened.db)
    const [own] = await letters.list({ of: { userId } })
    if (own === undefined) throw new Error('the tenant has no dead letter')
    const { accountId: _, ...origin } = own
    await letters.bulkInsert([{ ...origin, channel: 'ticker' }])
    const [stored] = await letters.list()
    const id = stored?.id ?? ''
    expect(await letters.setReasons({ userId }, new Map([[id, 'mine']]))).toBe(0)
    expect(await letters.markRetried({ userId }, [id])).toBe(0)
    expect(await letters.list()).toEqual([stored])
    expect(await letters.setReasons('everyone', new Map([[id, 'seen']]))).toBe(1)
    expect(await letters.markRetried('everyone', [id])).toBe(1)
    await opened.close()
  },
  START_TIMEOUT_MS,
)

describe.each(DATABASES)('a tenant, on %s,', (_name, open) => {
  let opened: OpenedDatabase
  let victim: Tenant
  let intruder: Tenant
  beforeAll(async () => {
    opened = await open()
    await migrate(opened.db, { environment: 'testnet' })
    victim = await fillTenant(opened.db, 'victim')
    intruder = await fillTenant(opened.db, 'intruder')
    const gaps = new CaptureGapRepository(opened.db)
    await gaps.setState('everyone', victim.gapId, 'filled')
  }, START_TIMEOUT_MS)
  afterAll(() => opened.close())

  it('is an argument of every method of every exported repository', () => {
    const repositories = Object.entries(packageExports)
      .filter(([name]) => /^[A-Z].*Repository$/.test(name))
      .map(([, repository]) => repository as object)
      .filter((repository) => !NOT_OF_TENANTS.includes(repository))
    const calls = callsOn(opened.db)
    expect([...calls.keys()].toSorted()).toEqual(repositories.toSorted())
    for (const [repository, methods] of calls) {
      expect(Object.keys(methods).toSorted(), String(repository)).toEqual(methodsOf(repository))
    }
  })

  it('reaches its own rows by each of them, and nobody else’s', async () => {
    for (const [repository, methods] of callsOn(opened.db)) {
      for (const [method, call] of Object.entries(methods)) {
        const name = `${(repository as { readonly name: string }).name}.${method}`
        expect([name, await outcomeOf(call(intruder, victim))]).toEqual([name, 'nothing'])
        expect([name, await outcomeOf(call(victim, victim))]).toEqual([name, 'something'])
      }
    }
  })
})
