import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  ExecutionRepository,
  migrate,
  type NewRun,
  OperatorRepository,
  OrderRepository,
  PositionSnapshotRepository,
  type Run,
  RunRepository,
  StrategyRepository,
  type TenantScope,
  WalletSnapshotRepository,
} from '../../src/index.ts'
import { DATABASES, type OpenedDatabase, START_TIMEOUT_MS } from '../support/databases.ts'
import { collect, decimal, T0 } from '../support/events.ts'
import { addTenant, execution, order, position, wallet } from '../support/private-events.ts'

const ALL = { from: 0, to: Number.MAX_SAFE_INTEGER }

describe.each(DATABASES)('runs on %s', (_name, open) => {
  let opened: OpenedDatabase
  let runs: RunRepository
  let strategies: StrategyRepository
  let operator: OperatorRepository
  let executions: ExecutionRepository
  beforeAll(async () => {
    opened = await open()
    await migrate(opened.db, { environment: 'testnet' })
    runs = new RunRepository(opened.db)
    strategies = new StrategyRepository(opened.db)
    operator = new OperatorRepository(opened.db)
    executions = new ExecutionRepository(opened.db)
  }, START_TIMEOUT_MS)
  afterAll(() => opened.close())

  const addStrategy = async (scope: TenantScope, accountId: string, symbol = 'BTCUSDT') => {
    const strategy = { accountId, strategyType: 'GridStrategy', symbol, config: {} }
    return (await strategies.add(scope, strategy)).strategyId
  }
  /** The runs of an account's executions, by id. */
  const attributed = async (scope: TenantScope, accountId: string) => {
    const stored = await collect(executions.range(scope, { accountId, ...ALL }))
    return Object.fromEntries(stored.map(({ execId, runId }) => [execId, runId]))
  }

  it('an instrument has one strategy', async () => {
    const { scope, accountId } = await addTenant(opened.db, 'strategist')
    const strategyId = await addStrategy(scope, accountId)
    await expect(addStrategy(scope, accountId)).rejects.toMatchObject({ code: 'ALREADY_EXISTS' })
    await addStrategy(scope, accountId, 'ADAUSDT')
    const listed = await strategies.listByAccount(scope, accountId)
    expect(listed.map(({ symbol }) => symbol)).toEqual(['ADAUSDT', 'BTCUSDT'])
    expect(listed[1]).toMatchObject({ strategyId, category: 'linear', config: {}, isEnabled: true })
    const inverse = { accountId, category: 'inverse', symbol: 'BTCUSDT' } as const
    expect(await strategies.getBySymbol(scope, inverse)).toBeNull()
    await strategies.setEnabled(scope, strategyId, false)
    expect(await strategies.listEnabled(scope, accountId)).toHaveLength(1)
  })

  it('a run starts, has heartbeats, ends, and is listed with the newest first', async () => {
    const { scope, accountId } = await addTenant(opened.db, 'runner')
    const strategyId = await addStrategy(scope, accountId)
    const configSnapshot = { step: '0.2', nested: [1, { a: null }] }
    const run = { accountId, strategyId, runType: 'live', configSnapshot } as const
    const first = await runs.start(scope, { ...run, startTs: T0, gridcoreVersion: '1.2' })
    expect(first).toMatchObject({
      ...scope,
      ...run,
      startTs: T0,
      endTs: null,
      status: 'running',
      gridcoreVersion: '1.2',
    })
    const second = await runs.start(scope, { accountId, runType: 'recording' })
    expect(await runs.list(scope)).toEqual([second, first])
    expect(await runs.list(scope, { runType: 'live' })).toEqual([first])
    expect(await runs.list(scope, { accountId, limit: 1 })).toEqual([second])
    expect(await runs.heartbeat(scope, first.runId)).toBe(true)
    expect(await runs.finish(scope, first.runId, { endTs: T0 + 5 })).toMatchObject({
      status: 'completed',
      endTs: T0 + 5,
    })
    expect(await runs.heartbeat(scope, first.runId)).toBe(false)
    await expect(runs.finish(scope, first.runId)).rejects.toMatchObject({ code: 'NOT_FOUND' })
    expect(await runs.list(scope, { statuses: ['running'] })).toMatchObject([second])
    expect(await runs.getLatestByType(scope, 'live')).toMatchObject({ runId: first.runId })
    expect(await runs.getLatestByType(scope, 'live', ['failed'])).toBeNull()
    expect(await operator.latestRunByType('recording')).toMatchObject({ runId: second.runId })
    expect(
      await runs.closeStale(scope, { accountId, strategyId: null, runType: 'recording' }),
    ).toBe(1)
    expect(await runs.get(scope, second.runId)).toMatchObject({ status: 'completed' })
  })

  it('a run is refused with another user’s account or strategy', async () => {
    const mine = await addTenant(opened.db, 'mine')
    const theirs = await addTenant(opened.db, 'theirs')
    const strategyId = await addStrategy(theirs.scope, theirs.accountId)
    const run = { accountId: mine.accountId, strategyId, runType: 'live' } as const
    await expect(runs.start(mine.scope, run)).rejects.toMatchObject({ code: '23503' })
    const elsewhere = { ...run, accountId: theirs.accountId }
    await expect(runs.start(mine.scope, elsewhere)).rejects.toMatchObject({ code: 'NOT_FOUND' })
  })

  it('an event gets the run of its account, instrument and time when it is stored', async () => {
    const { scope, accountId } = await addTenant(opened.db, 'attributed')
    const other = await addTenant(opened.db, 'attributed too')
    const strategyId = await addStrategy(scope, accountId)
    const start = async (run: Partial<NewRun>, endTs?: number): Promise<Run> => {
      const started = await runs.start(scope, { accountId, strategyId, runType: 'live', ...run })
      return endTs === undefined ? started : runs.finish(scope, started.runId, { endTs })
    }
    await start({ runType: 'backtest', startTs: T0 - 50 })
    const first = await start({ startTs: T0 }, T0 + 100)
    const second = await start({ startTs: T0 + 100 })
    const shadow = await start({ runType: 'shadow', startTs: T0 + 150 })
    const at = (execId: string, exchangeTs: number, more = {}) =>
      execution({ accountId, execId, exchangeTs, ...more })
    await executions.bulkInsert([
      at('before', T0 - 1),
      at('start', T0),
      at('last', T0 + 99),
      at('next', T0 + 100),
      at('both', T0 + 200),
      at('other symbol', T0, { symbol: 'ETHUSDT' }),
      at('other category', T0, { category: 'spot' }),
      execution({ accountId: other.accountId }),
    ])
    expect(await attributed(scope, accountId)).toEqual({
      before: null,
      start: first.runId,
      last: first.runId,
      next: second.runId,
      both: second.runId,
      'other symbol': null,
      'other category': null,
    })
    expect(await attributed(other.scope, other.accountId)).toEqual({ e1: null })
    const ofRun = executions.rangeByRun(scope, { runId: first.runId, ...ALL })
    expect((await collect(ofRun)).map(({ execId }) => execId)).toEqual(
      ['last', 'start'].toSorted().toReversed(),
    )

    const orders = new OrderRepository(opened.db)
    const filled = {
      orderStatus: 'Filled',
      cumExecQty: decimal('1'),
      leavesQty: decimal('0'),
    } as const
    await orders.bulkInsert([
      order({ accountId, exchangeTs: T0 + 1 }),
      order({ accountId, exchangeTs: T0 + 9, ...filled }),
    ])
    expect(await orders.states(scope, { accountId })).toMatchObject([{ runId: first.runId }])
    const query = { runId: first.runId, accountId, symbol: 'BTCUSDT' }
    expect(await orders.activeAt(scope, { ...query, at: T0 + 8 })).toMatchObject([
      { orderStatus: 'New' },
    ])
    expect(await orders.activeAt(scope, { ...query, at: T0 + 9 })).toEqual([])
    expect(await orders.activeAt(scope, { ...query, at: T0 })).toEqual([])
    const positions = new PositionSnapshotRepository(opened.db)
    await positions.bulkInsert([position({ accountId })])
    expect(await positions.latest(scope, { accountId, runId: first.runId })).toHaveLength(1)

    // A row without a symbol belongs to a run only when no other is going on.
    const wallets = new WalletSnapshotRepository(opened.db)
    await wallets.bulkInsert(
      [T0 - 1, T0, T0 + 200].map((exchangeTs) => wallet({ accountId, exchangeTs })),
    )
    const stored = await collect(wallets.range(scope, { accountId, ...ALL }))
    expect(stored.map(({ runId }) => runId)).toEqual([null, first.runId, null])
    expect(shadow.status).toBe('running')
  })

  it('events that were stored before their run get it later', async () => {
    const { scope, accountId } = await addTenant(opened.db, 'late')
    const orders = new OrderRepository(opened.db)
    await executions.bulkInsert([
      execution({ accountId, execId: 'old', exchangeTs: T0 - 5000 }),
      execution({ accountId, execId: 'new' }),
    ])
    await orders.bulkInsert([order({ accountId })])
    expect(await operator.attributeEvents({ since: 0 })).toBe(0)
    const strategyId = await addStrategy(scope, accountId)
    const run = { accountId, strategyId, runType: 'live', startTs: T0 - 9000 } as const
    const { runId } = await runs.start(scope, run)
    expect(await operator.attributeEvents({ since: T0 })).toBe(3)
    expect(await attributed(scope, accountId)).toEqual({ old: null, new: runId })
    expect(await orders.states(scope, { accountId })).toMatchObject([{ runId }])
    expect(await operator.attributeEvents({ since: T0 })).toBe(0)
    expect(await operator.attributeEvents({ since: 0 })).toBe(1)
  })

  it('a run without heartbeats ends at its last one, and loses later events', async () => {
    const { scope, accountId } = await addTenant(opened.db, 'crashed')
    const strategyId = await addStrategy(scope, accountId)
    const run = { accountId, strategyId, runType: 'live' } as const
    const { runId } = await runs.start(scope, { ...run, startTs: T0 })
    await sql`update runs set heartbeat_ts = ${new Date(T0 + 50)} where run_id = ${runId}`.execute(
      opened.db,
    )
    await executions.bulkInsert([
      execution({ accountId, execId: 'alive', exchangeTs: T0 + 49 }),
      execution({ accountId, execId: 'dead', exchangeTs: T0 + 50 }),
    ])
    expect(await attributed(scope, accountId)).toEqual({ alive: runId, dead: runId })
    const alive = await addTenant(opened.db, 'alive')
    const living = await runs.start(alive.scope, { ...alive, runType: 'recording', startTs: T0 })
    const closed = await operator.closeOrphanedRuns({ silentForMs: 60_000 })
    const mine = closed.filter((each) => each.accountId === accountId)
    expect(mine).toMatchObject([{ runId, status: 'failed', endTs: T0 + 50 }])
    expect(closed.map((each) => each.runId)).not.toContain(living.runId)
    expect(await attributed(scope, accountId)).toEqual({ alive: runId, dead: null })
    expect(await runs.heartbeat(scope, runId)).toBe(false)
  })
})
