import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import * as packageExports from '../../src/index.ts'
import {
  AccountRepository,
  AccountTransactionRepository,
  CaptureGapRepository,
  CredentialRepository,
  DeadLetterRepository,
  ExecutionRepository,
  migrate,
  OrderRepository,
  PositionSnapshotRepository,
  PublicTradeRepository,
  RunRepository,
  StrategyRepository,
  type TenantScope,
  TickerSnapshotRepository,
  UserRepository,
  WalletSnapshotRepository,
} from '../../src/index.ts'
import {
  DATABASES,
  type OpenedDatabase,
  openPostgres,
  START_TIMEOUT_MS,
} from '../support/databases.ts'
import { collect } from '../support/events.ts'
import { credential, fillTenant, KEYS, type Tenant } from '../support/private-events.ts'

/** A user's call of a method about a tenant's rows; for the tenant itself it must give something. */
type Call = (scope: TenantScope, victim: Tenant) => Promise<unknown>

const ALL = { from: 0, to: Number.MAX_SAFE_INTEGER }

/** Methods of collectors, which store events of any account and fill gaps of market data only. */
const INGEST = new Set(['bulkInsert', 'insert', 'fill'])
/** Repositories of market data, which everybody may read, and the operator's. */
const NOT_OF_TENANTS: readonly object[] = [
  PublicTradeRepository,
  TickerSnapshotRepository,
  packageExports.InstrumentRepository,
  packageExports.OperatorRepository,
]

function callsOn(db: OpenedDatabase['db']): ReadonlyMap<object, Readonly<Record<string, Call>>> {
  const users = new UserRepository(db)
  const accounts = new AccountRepository(db, { keys: KEYS })
  const credentials = new CredentialRepository(db, { keys: KEYS })
  const strategies = new StrategyRepository(db)
  const runs = new RunRepository(db)
  const orders = new OrderRepository(db)
  const executions = new ExecutionRepository(db)
  const positions = new PositionSnapshotRepository(db)
  const wallets = new WalletSnapshotRepository(db)
  const ledger = new AccountTransactionRepository(db)
  const eventCalls = (
    repository:
      | typeof executions
      | typeof positions
      | typeof orders
      | typeof wallets
      | typeof ledger,
  ): Record<string, Call> => ({
    range: (scope, { accountId }) =>
      collect<unknown>(repository.range(scope, { accountId, ...ALL })),
    rangeByRun: (scope, { runId }) =>
      collect<unknown>(repository.rangeByRun(scope, { runId, ...ALL })),
    lastTs: (scope, { accountId }) => repository.lastTs(scope, { accountId }),
  })
  const ownOf = <Row extends { accountId: string | null }>(rows: Promise<Row[]>, victim: Tenant) =>
    rows.then((all) => all.filter(({ accountId }) => accountId === victim.accountId))
  return new Map<object, Record<string, Call>>([
    [
      UserRepository,
      {
        // Here the scope names the user itself: it must not find another user under its own id.
        get: async (scope, { userId }) => {
          const user = await users.get(scope)
          return user?.userId === userId ? user : null
        },
        setStatus: async (scope, { userId }) => {
          const user = await users.setStatus(scope, 'active')
          return user?.userId === userId ? user : null
        },
      },
    ],
    [
      CredentialRepository,
      {
        list: (scope, { accountId }) => credentials.list(scope, accountId),
        getActive: (scope, { accountId }) => credentials.getActive(scope, accountId),
      },
    ],
    [
      StrategyRepository,
      {
        listByAccount: (scope, { accountId }) => strategies.listByAccount(scope, accountId),
        listEnabled: (scope, { accountId }) => strategies.listEnabled(scope, accountId),
        getBySymbol: (scope, { accountId }) =>
          strategies.getBySymbol(scope, { accountId, symbol: 'BTCUSDT' }),
        setEnabled: (scope, { strategyId }) => strategies.setEnabled(scope, strategyId, true),
        add: (scope, { accountId }) =>
          strategies.add(scope, { accountId, strategyType: 'Grid', symbol: 'ETHUSDT', config: {} }),
      },
    ],
    [
      ExecutionRepository,
      {
        ...eventCalls(executions),
        exists: (scope, { accountId }) => executions.exists(scope, { accountId, execId: 'e1' }),
        listByOrderLinkId: (scope, { runId }) =>
          executions.listByOrderLinkId(scope, { runId, orderLinkId: 'link' }),
      },
    ],
    [
      OrderRepository,
      {
        ...eventCalls(orders),
        states: (scope, { accountId }) => orders.states(scope, { accountId }),
        listOpen: (scope, { accountId }) => orders.listOpen(scope, { accountId }),
        activeAt: (scope, { accountId, runId }) =>
          orders.activeAt(scope, { accountId, runId, symbol: 'BTCUSDT', at: ALL.to / 1e3 }),
      },
    ],
    [
      PositionSnapshotRepository,
      {
        ...eventCalls(positions),
        latest: (scope, { accountId }) => positions.latest(scope, { accountId }),
      },
    ],
    [
      WalletSnapshotRepository,
      {
        ...eventCalls(wallets),
        latest: (scope, { accountId }) => wallets.latest(scope, { accountId }),
      },
    ],
    [AccountTransactionRepository, eventCalls(ledger)],
    [
      CaptureGapRepository,
      {
        list: (of, victim) => ownOf(new CaptureGapRepository(db).list({ of }), victim),
        setState: (of, { gapId }) => new CaptureGapRepository(db).setState(of, gapId, 'filled'),
        // The intruder’s own gap is of another state.
        countByState: async (of) => (await new CaptureGapRepository(db).countByState(of)).filled,
      },
    ],
    [
      DeadLetterRepository,
      { list: (of, victim) => ownOf(new DeadLetterRepository(db).list({ of }), victim) },
    ],
    [
      RunRepository,
      {
        get: (scope, { runId }) => runs.get(scope, runId),
        list: (scope, { accountId }) => runs.list(scope, { accountId }),
        getLatestByType: async (scope, { userId }) => {
          const run = await runs.getLatestByType(scope, 'live')
          return run?.userId === userId ? run : null
        },
        heartbeat: (scope, { runId }) => runs.heartbeat(scope, runId),
        start: (scope, { accountId }) => runs.start(scope, { accountId, runType: 'shadow' }),
        finish: (scope, { runId }) => runs.finish(scope, runId),
        closeStale: (scope, { accountId }) =>
          runs.closeStale(scope, { accountId, strategyId: null, runType: 'shadow' }),
      },
    ],
    [
      AccountRepository,
      {
        get: (scope, { accountId }) => accounts.get(scope, accountId),
        getByName: (scope, { name }) => accounts.getByName(scope, name),
        list: async (scope, { accountId }) =>
          (await accounts.list(scope)).filter((account) => account.accountId === accountId),
        listEnabled: async (scope, { accountId }) =>
          (await accounts.listEnabled(scope)).filter((account) => account.accountId === accountId),
        show: (scope, { accountId }) => accounts.show(scope, accountId),
        disable: (scope, { accountId }) => accounts.disable(scope, accountId),
        enable: (scope, { accountId }) => accounts.enable(scope, accountId),
        rotate: (scope, { accountId }) => accounts.rotate(scope, accountId, credential()),
        remove: (scope, { accountId }) => accounts.remove(scope, accountId),
        add: (scope, { name, accountId }) =>
          accounts
            .add(scope, { accountName: name, accountId, credential: credential() })
            .catch(asNotFound),
      },
    ],
  ])
}

/** That an id is in use does not tell whose it is. */
function asNotFound(error: unknown): null {
  if ((error as { code?: unknown }).code === 'ALREADY_EXISTS') return null
  throw error
}

function methodsOf(repository: object): readonly string[] {
  const names = new Set<string>()
  const { prototype } = repository as { readonly prototype: object }
  for (let owner = prototype; owner !== Object.prototype; owner = Object.getPrototypeOf(owner)) {
    for (const name of Object.getOwnPropertyNames(owner)) names.add(name)
  }
  return [...names].filter((name) => name !== 'constructor' && !INGEST.has(name)).toSorted()
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
