import {
  EXECUTION_VALUES,
  ORDER_VALUES,
  type OrderEvent,
  POSITION_VALUES,
  type ValueKind,
  WALLET_VALUES,
} from '@grid/core-events'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  AccountTransactionRepository,
  classifyDatabaseError,
  ExecutionRepository,
  migrate,
  OrderRepository,
  PositionSnapshotRepository,
  WalletSnapshotRepository,
} from '../../src/index.ts'
import {
  DATABASES,
  type OpenedDatabase,
  openPostgres,
  START_TIMEOUT_MS,
} from '../support/databases.ts'
import { collect, decimal, T0 } from '../support/events.ts'
import {
  addTenant,
  execution,
  order,
  position,
  transaction,
  wallet,
} from '../support/private-events.ts'

const ALL = { from: 0, to: Number.MAX_SAFE_INTEGER }
const NONE = { inserted: 0, duplicates: 0, merged: 0, conflicts: [] }

describe.each(DATABASES)('private data on %s', (_name, open) => {
  let opened: OpenedDatabase
  let executions: ExecutionRepository
  let orders: OrderRepository
  let positions: PositionSnapshotRepository
  let wallets: WalletSnapshotRepository
  beforeAll(async () => {
    opened = await open()
    await migrate(opened.db, { environment: 'testnet' })
    executions = new ExecutionRepository(opened.db)
    orders = new OrderRepository(opened.db)
    positions = new PositionSnapshotRepository(opened.db)
    wallets = new WalletSnapshotRepository(opened.db)
  }, START_TIMEOUT_MS)
  afterAll(() => opened.close())

  it('an execution is stored once; a later delivery fills its null values', async () => {
    const { scope, accountId } = await addTenant(opened.db, 'fills')
    const live = execution({ accountId, orderId: 'o1', execPnl: decimal('-1.250'), isMaker: true })
    const { execPnl: _, ...rest } = live
    const byRest = { ...rest, execPnl: null, execFeeV2: decimal('0.1'), source: 'rest' as const }
    const first = { ...byRest, execId: 'rest first', execFeeV2: null }
    expect(await executions.bulkInsert([live, first])).toEqual({ ...NONE, inserted: 2 })
    expect(await executions.bulkInsert([live])).toEqual({ ...NONE, duplicates: 1 })
    const second = { ...live, execId: 'rest first', localTsUs: 1 }
    expect(await executions.bulkInsert([byRest, second])).toEqual({ ...NONE, merged: 2 })
    expect(await collect(executions.range(scope, { accountId, ...ALL }))).toEqual([
      { ...live, execFeeV2: decimal('0.1'), runId: null },
      { ...first, execPnl: decimal('-1.250'), runId: null },
    ])
    const other = { ...live, execPnl: decimal('3'), feeRate: decimal('0.01') }
    expect(await executions.bulkInsert([other])).toEqual({
      ...NONE,
      conflicts: [{ event: other, field: 'execPnl', stored: '-1.250', offered: '3' }],
    })
  })

  it('one execution id in two accounts, categories or symbols is of two executions', async () => {
    const [one, two] = [await addTenant(opened.db, 'one'), await addTenant(opened.db, 'two')]
    const fill = execution({ accountId: one.accountId })
    const sent = [
      fill,
      { ...fill, accountId: two.accountId },
      { ...fill, category: 'inverse' as const },
      { ...fill, symbol: 'ETHUSDT' },
    ]
    expect(await executions.bulkInsert(sent)).toMatchObject({ inserted: 4 })
    const query = { accountId: one.accountId, symbol: 'BTCUSDT', ...ALL }
    expect(await collect(executions.range(one.scope, query))).toHaveLength(2)
    expect(await executions.exists(one.scope, { ...one, execId: 'e1' })).toBe(true)
    expect(await executions.exists(one.scope, { ...one, execId: 'e2' })).toBe(false)
  })

  it('an event of an unknown account is poison, and nothing of its batch is stored', async () => {
    const { accountId } = await addTenant(opened.db, 'known')
    const unknown = '00000000-0000-4000-8000-000000000000'
    const sent = [execution({ accountId }), execution({ accountId: unknown })]
    const error = await executions.bulkInsert(sent).catch((reason: unknown) => reason)
    expect(error).toMatchObject({ code: '23503' })
    expect(classifyDatabaseError(error)).toBe('poison')
    expect(await executions.bulkInsert([execution({ accountId })])).toMatchObject({ inserted: 1 })
  })

  it('every state of an order is stored, and the newest is found in any order of arrival', async () => {
    const step = (overrides: Partial<OrderEvent>, exchangeTs: number) => ({
      ...overrides,
      exchangeTs: T0 + exchangeTs,
    })
    const steps = [
      step({ orderStatus: 'Untriggered' }, 0),
      step({ orderStatus: 'Triggered' }, 1),
      step({ orderStatus: 'New' }, 1),
      step({ orderStatus: 'New', price: decimal('2') }, 9),
      step({ orderStatus: 'PartiallyFilled', cumExecQty: decimal('0.5') }, 5),
      step({ orderStatus: 'PartiallyFilled', cumExecQty: decimal('10') }, 5),
      step({ orderStatus: 'Cancelled', cumExecQty: decimal('10'), leavesQty: decimal('0') }, 5),
    ]
    const orderings = [steps, steps.toReversed(), [3, 6, 0, 5, 2, 4, 1].map((n) => steps[n])]
    for (const [index, ordering] of orderings.entries()) {
      const { scope, accountId } = await addTenant(opened.db, `order ${index}`)
      const events = ordering.map((each) => order({ accountId, ...each }))
      // Half of them at once, the others one by one.
      expect(await orders.bulkInsert(events.slice(0, 3))).toEqual({ ...NONE, inserted: 3 })
      for (const event of events.slice(3)) await orders.bulkInsert([event])
      expect(await orders.bulkInsert(events)).toEqual({ ...NONE, duplicates: 7 })
      const history = await collect(orders.range(scope, { accountId, ...ALL }))
      expect(history).toHaveLength(7)
      expect(await orders.states(scope, { accountId })).toMatchObject([
        {
          orderStatus: 'Cancelled',
          cumExecQty: '10',
          contentHash: order({ accountId, ...steps[6] }).contentHash,
        },
      ])
      expect(await orders.listOpen(scope, { accountId })).toEqual([])
    }
  })

  it('an order of a status that is not known here counts as open', async () => {
    const { scope, accountId } = await addTenant(opened.db, 'statuses')
    const statuses = ['New', 'OnHold', 'Triggered', 'Cancelled', 'Deactivated', 'Rejected']
    await orders.bulkInsert(
      statuses.map((orderStatus) => order({ accountId, orderId: orderStatus, orderStatus })),
    )
    const open = await orders.listOpen(scope, { accountId })
    expect(open.map(({ orderStatus }) => orderStatus).sort()).toEqual([
      'New',
      'OnHold',
      'Triggered',
    ])
  })

  it('of equally new states the last one to arrive counts, and a second delivery is no arrival', async () => {
    const { scope, accountId } = await addTenant(opened.db, 'ties')
    const filled = { orderStatus: 'Filled', cumExecQty: decimal('1') } as const
    const first = order({ accountId, ...filled, localTsUs: T0 * 1000 + 5 })
    const second = order({
      accountId,
      ...filled,
      cancelType: 'CancelByUser',
      localTsUs: T0 * 1000 + 5,
    })
    const cancelType = async () => (await orders.states(scope, { accountId }))[0]?.cancelType
    const inOneMessage = [
      { ...first, orderId: 'a' },
      { ...second, orderId: 'a' },
      { ...second, orderId: 'b' },
      { ...first, orderId: 'b' },
    ]
    await orders.bulkInsert(inOneMessage)
    const states = await orders.states(scope, { accountId })
    expect(states.map((state) => [state.orderId, state.cancelType])).toEqual([
      ['a', 'CancelByUser'],
      ['b', null],
    ])
    await sql`delete from order_states`.execute(opened.db)
    // One message in two batches.
    await orders.bulkInsert([first])
    await orders.bulkInsert([second])
    expect(await cancelType()).toBe('CancelByUser')
    // Another collector, and later REST, deliver the first state again.
    await orders.bulkInsert([{ ...first, localTsUs: T0 * 1000 + 9 }])
    await orders.bulkInsert([{ ...first, source: 'rest', localTsUs: T0 * 1000 + 99 }])
    expect(await cancelType()).toBe('CancelByUser')
    // A replay of the journal brings states that were received before.
    await orders.bulkInsert([
      order({ accountId, ...filled, cancelType: 'CancelBySmp', localTsUs: T0 * 1000 }),
    ])
    expect(await cancelType()).toBe('CancelByUser')
  })

  it('stores the history of an order and its newest state, or neither', async () => {
    const { scope, accountId } = await addTenant(opened.db, 'atomic')
    const fail = opened.db.transaction().execute(async (trx) => {
      const result = await new OrderRepository(trx).bulkInsert([order({ accountId })])
      expect(result).toMatchObject({ inserted: 1 })
      throw new Error('rolled back')
    })
    await expect(fail).rejects.toThrow('rolled back')
    expect(await orders.states(scope, { accountId })).toEqual([])
    await sql`create function refuse() returns trigger language plpgsql
      as $$ begin raise exception 'refused' using errcode = '23514'; end $$`.execute(opened.db)
    await sql`create trigger refuse before insert on order_states for each row
      when (new.order_id = 'refused') execute function refuse()`.execute(opened.db)
    const refused = orders.bulkInsert([order({ accountId, orderId: 'refused' })])
    await expect(refused).rejects.toMatchObject({ code: '23514' })
    await sql`drop trigger refuse on order_states`.execute(opened.db)
    expect(await collect(orders.range(scope, { accountId, ...ALL }))).toEqual([])
  })

  it('a conflict in an order’s history names the event that was sent', async () => {
    const { accountId } = await addTenant(opened.db, 'twins')
    const stored = order({ accountId })
    await orders.bulkInsert([stored])
    // Equal in all fields that are hashed.
    const twin = { ...stored, side: 'Sell' }
    const { conflicts } = await orders.bulkInsert([order({ accountId, orderId: 'o2' }), twin])
    expect(conflicts).toEqual([{ event: twin, field: 'side', stored: 'Buy', offered: 'Sell' }])
    expect(conflicts[0]?.event).toBe(twin)
  })

  it('positions and wallets are stored once for each content; the newest is found by leg and coin', async () => {
    const { scope, accountId } = await addTenant(opened.db, 'snapshots')
    const long = position({ accountId, positionIdx: 1 })
    const short = position({ accountId, positionIdx: 2, side: 'Sell', exchangeTs: T0 - 5 })
    const flat = position({
      accountId,
      positionIdx: 1,
      side: '',
      size: decimal('0'),
      exchangeTs: T0 + 5,
      seq: 8,
    })
    const again = { ...long, localTsUs: 1, source: 'rest' as const }
    expect(await positions.bulkInsert([long, short, flat])).toEqual({ ...NONE, inserted: 3 })
    expect(await positions.bulkInsert([again])).toEqual({ ...NONE, duplicates: 1 })
    const stored = (list: object[]) => list.map((each) => ({ ...each, runId: null }))
    expect(await positions.latest(scope, { accountId })).toEqual(stored([flat, short]))
    expect(await positions.latest(scope, { accountId, at: T0 })).toEqual(stored([long, short]))
    expect(await positions.latest(scope, { accountId, at: T0 - 1 })).toEqual(stored([short]))
    expect(await positions.latest(scope, { accountId, side: 'Buy' })).toEqual(stored([long]))

    const usdt = wallet({ accountId, totalEquity: decimal('12345678901234567890.123456789') })
    const btc = wallet({ accountId, coin: 'BTC' })
    const totals = wallet({ accountId, coin: '', walletBalance: null })
    const later = wallet({
      accountId,
      exchangeTs: T0 + 1,
      walletBalance: decimal('-0.5'),
      availableToWithdraw: decimal('7'),
    })
    expect(await wallets.bulkInsert([usdt, btc, totals, later])).toEqual({ ...NONE, inserted: 4 })
    expect(await wallets.bulkInsert([usdt, btc, totals, later])).toEqual({ ...NONE, duplicates: 4 })
    expect(await wallets.latest(scope, { accountId })).toEqual(stored([totals, btc, later]))
    expect(await wallets.latest(scope, { accountId, coin: 'USDT', at: T0 })).toEqual(stored([usdt]))
    expect(await collect(wallets.range(scope, { accountId, coin: 'USDT', ...ALL }))).toEqual(
      stored([usdt, later]),
    )
    const { rows } = await sql`select available_balance::text as available from wallet_snapshots
      where available_balance is not null`.execute(opened.db)
    expect(rows).toEqual([{ available: '7' }])
  })

  it('ledger entries that share an id are all stored', async () => {
    const { scope, accountId } = await addTenant(opened.db, 'ledger')
    const ledger = new AccountTransactionRepository(opened.db)
    const trade = transaction({ accountId })
    const entries = [
      trade,
      { ...trade, tradeId: 't2' },
      { ...trade, currency: 'BTC' },
      { ...trade, type: 'TRANSFER_IN', tradeId: '', symbol: null, category: null },
    ]
    expect(await ledger.bulkInsert(entries)).toEqual({ ...NONE, inserted: 4 })
    const changed = { ...trade, change: decimal('2') }
    expect(await ledger.bulkInsert([...entries, changed])).toMatchObject({
      duplicates: 4,
      conflicts: [{ event: changed, field: 'change' }],
    })
    expect(await collect(ledger.range(scope, { accountId, ...ALL }))).toHaveLength(4)
    expect(await ledger.lastTs(scope, { accountId })).toBe(T0)
  })

  it('reads in total order, over pages that split one instant', async () => {
    const { scope, accountId } = await addTenant(opened.db, 'pages')
    const sent = [0, 1, 2].flatMap((ms) =>
      [9, 10].flatMap((seq) =>
        ['a', 'b'].map((id) =>
          execution({ accountId, exchangeTs: T0 + ms, seq, execId: `${id}${seq}.${ms}` }),
        ),
      ),
    )
    await executions.bulkInsert(sent.toReversed())
    for (const pageSize of [1, 3, 4, 1000]) {
      const query = { accountId, from: T0, to: T0 + 3, pageSize }
      expect(await collect(executions.range(scope, query))).toEqual(
        sent.map((each) => ({ ...each, runId: null })),
      )
    }
    expect(
      await collect(executions.range(scope, { accountId, from: T0 + 1, to: T0 + 2 })),
    ).toHaveLength(4)
    expect(await executions.lastTs(scope, { accountId })).toBe(T0 + 2)
    expect(await executions.lastTs(scope, { accountId, symbol: 'ETHUSDT' })).toBeNull()
  })

  it('gives back every value as it was sent, and nulls as nulls', async () => {
    const { scope, accountId } = await addTenant(opened.db, 'exact')
    const filled = {
      execution: execution({ accountId, ...valuesOf(EXECUTION_VALUES) }),
      order: order({ accountId, ...valuesOf(ORDER_VALUES) }),
      position: position({ accountId, ...valuesOf(POSITION_VALUES), side: '', seq: -1 }),
      wallet: wallet({ accountId, ...valuesOf(WALLET_VALUES) }),
    }
    const more = {
      exchangeTs: T0 + 1,
      localTsUs: 1,
      source: 'rest',
      extra: { a: [1, { b: 'ü' }] },
    } as const
    const all = { accountId, ...ALL }
    const sent = [filled.execution, execution({ accountId, ...more, execId: 'e2' })]
    await executions.bulkInsert(sent)
    const withRun = (list: object[]) => list.map((each) => ({ ...each, runId: null }))
    expect(await collect(executions.range(scope, all))).toEqual(withRun(sent))
    const states = [filled.order, order({ accountId, ...more })]
    await orders.bulkInsert(states)
    expect(await collect(orders.range(scope, all))).toEqual(withRun(states))
    // The other one was received in 1970, so its time is none.
    expect(await orders.states(scope, { accountId })).toEqual(withRun([filled.order]))
    const legs = [filled.position, position({ accountId, ...more })]
    await positions.bulkInsert(legs)
    expect(await collect(positions.range(scope, all))).toEqual(withRun(legs))
    const coins = [filled.wallet, wallet({ accountId, ...more })]
    await wallets.bulkInsert(coins)
    expect(await collect(wallets.range(scope, all))).toEqual(withRun(coins))
  })
})

/** A value of its kind for each name; no two are equal. */
function valuesOf<Values extends object>(kinds: Values): object {
  const entries = Object.entries<ValueKind>(kinds as Readonly<Record<string, ValueKind>>)
  const byKind: Readonly<Record<ValueKind, (n: number) => unknown>> = {
    decimal: (n) => `${n % 2 ? '-' : ''}1234567890123456${n}.000123456789012345${n}0`,
    text: (n) => `té"\\{},\n${n}`,
    integer: (n) => -n,
    timestamp: (n) => T0 + n,
    flag: (n) => n % 2 === 0,
    json: (n) => [{ [`k${n}`]: 'v"' }],
    object: (n) => ({ [`k${n}`]: '0.10' }),
  }
  return Object.fromEntries(entries.map(([name, kind], n) => [name, byKind[kind](n + 1)]))
}

it(
  'two collectors that store the same orders at once leave the same states',
  async () => {
    const opened = await openPostgres()
    await migrate(opened.db, { environment: 'testnet' })
    const { scope, accountId } = await addTenant(opened.db, 'raced')
    const steps = Array.from({ length: 1200 }, (_, n) => {
      const filled = n % 6
      return order({
        accountId,
        orderId: `o${Math.floor(n / 6) % 40}`,
        exchangeTs: T0 + Math.floor(n / 12),
        localTsUs: T0 * 1000 + n,
        orderStatus: filled === 5 ? 'Filled' : filled === 0 ? 'New' : 'PartiallyFilled',
        cumExecQty: decimal(String(filled)),
        price: decimal(String(n)),
      })
    })
    const store = async (seed: number) => {
      const orders = new OrderRepository(opened.db)
      const mixed = steps.toSorted(
        (a, b) => mix(Number(a.price), seed) - mix(Number(b.price), seed),
      )
      let inserted = 0
      for (let at = 0; at < mixed.length; at += 100) {
        inserted += (await orders.bulkInsert(mixed.slice(at, at + 100))).inserted
      }
      return inserted
    }
    const counts = await Promise.all([1, 2, 3].map(store))
    expect(counts.reduce((sum, count) => sum + count)).toBe(steps.length)
    const states = await new OrderRepository(opened.db).states(scope, { accountId })
    const newest = new Map<string, OrderEvent>()
    for (const step of steps) {
      const best = newest.get(step.orderId)
      const isNewer =
        best === undefined ||
        Number(step.cumExecQty) > Number(best.cumExecQty) ||
        (step.cumExecQty === best.cumExecQty && step.exchangeTs >= best.exchangeTs)
      if (isNewer) newest.set(step.orderId, step)
    }
    expect(new Map(states.map((state) => [state.orderId, state.price]))).toEqual(
      new Map([...newest].map(([orderId, { price }]) => [orderId, price])),
    )
    await opened.close()
  },
  START_TIMEOUT_MS,
)

function mix(value: number, seed: number): number {
  return (value * 7919 * (seed + 1)) % 1213
}
