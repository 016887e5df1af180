import {
  AccountRepository,
  AccountTransactionRepository,
  CaptureGapRepository,
  CredentialRepository,
  DeadLetterRepository,
  ExecutionRepository,
  OrderRepository,
  PositionSnapshotRepository,
  RunRepository,
  StrategyRepository,
  type TenantScope,
  UserRepository,
  WalletSnapshotRepository,
} from '../../src/index.ts'
import type { OpenedDatabase } from './databases.ts'
import { collect } from './events.ts'
import { credential, KEYS, type Tenant } from './private-events.ts'

/** A user's call of a method about a tenant's rows; for the tenant itself it must give something. */
export type Call = (scope: TenantScope, victim: Tenant) => Promise<unknown>

const ALL = { from: 0, to: Number.MAX_SAFE_INTEGER }

/** A call of every method of the repositories that take a user. */
export function callsOn(
  db: OpenedDatabase['db'],
): ReadonlyMap<object, Readonly<Record<string, Call>>> {
  const users = new UserRepository(db)
  const accounts = new AccountRepository(db, { keys: KEYS })
  const credentials = new CredentialRepository(db, { keys: KEYS })
  const strategies = new StrategyRepository(db)
  const runs = new RunRepository(db)
  const orders = new OrderRepository(db)
  const executions = new ExecutionRepository(db)
  const positions = new PositionSnapshotRepository(db)
  const wallets = new WalletSnapshotRepository(db)
  const letters = new DeadLetterRepository(db)
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
      {
        list: (of, victim) => ownOf(letters.list({ of }), victim),
        // Before it is retried: only what waits has a reason to wait.
        setReasons: (of, { letterId }) => letters.setReasons(of, new Map([[letterId, 'coin']])),
        markRetried: (of, { letterId }) => letters.markRetried(of, [letterId]),
      },
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
