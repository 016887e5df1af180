import {
  type OrderEvent,
  orderContentHash,
  PRIVATE_CHANNELS,
  positionContentHash,
  walletContentHash,
} from '@grid/core-events'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  AccountTransactionRepository,
  type BulkInsertResult,
  ExecutionRepository,
  migrate,
  OrderRepository,
  PositionSnapshotRepository,
  TickerSnapshotRepository,
  WalletSnapshotRepository,
} from '../../src/index.ts'
import { bulkInsert } from '../../src/insert/bulk-insert.ts'
import { ACCOUNT_TABLES } from '../../src/tables/account-tables.ts'
import type { EventTable, StoredRow } from '../../src/tables/shape/event-table.ts'
import { DATABASES, type OpenedDatabase, START_TIMEOUT_MS } from '../support/databases.ts'
import { collect, decimal, T0, ticker } from '../support/events.ts'
import {
  addTenant,
  execution,
  order,
  position,
  transaction,
  wallet,
} from '../support/private-events.ts'
import { sampleRow } from '../support/sample-rows.ts'

/** Another value of each kind of columns than that of a sample row. */
const OTHER: Readonly<Record<string, unknown>> = {
  text: 'other',
  numeric: '2.50',
  bigint: 8,
  digits: '8',
  integer: 1,
  boolean: false,
  jsonb: { key: 'other' },
  ms: T0 + 1,
}
const FAR = Date.UTC(2090, 0, 1)
interface Changed {
  readonly source: 'ws' | 'rest'
  readonly extra: unknown
}

const NONE = { inserted: 0, duplicates: 0, merged: 0, conflicts: [] }

describe.each(DATABASES)('on %s', (_kind, open) => {
  let opened: OpenedDatabase
  beforeAll(async () => {
    opened = await open()
    await migrate(opened.db, { environment: 'testnet' })
  }, START_TIMEOUT_MS)
  afterAll(() => opened.close())

  const later = { exchangeTs: T0 + 9, localTsUs: (T0 + 10) * 1000 }
  const absurdities: readonly (readonly [string, Partial<OrderEvent>, Partial<OrderEvent>])[] = [
    ['quantity', { orderStatus: 'PartiallyFilled', cumExecQty: decimal('1e60') }, {}],
    ['quantity of an open state', { cumExecQty: decimal('1e60') }, { orderStatus: 'New' }],
    ['quantity of a final state', { orderStatus: 'Filled', cumExecQty: decimal('1e60') }, {}],
    ['time', { exchangeTs: FAR }, { orderStatus: 'New' }],
    ['time of a final state', { orderStatus: 'Filled', exchangeTs: FAR }, {}],
    ['status', { orderStatus: 'Beyond' }, { orderStatus: 'New' }],
  ]

  it.each(absurdities)(
    'an absurd %s of one state of an order does not hold its place',
    async (name, absurd, next) => {
      const { scope, accountId } = await addTenant(opened.db, `absurd ${name}`)
      const orders = new OrderRepository(opened.db)
      const wrong = order({ accountId, ...absurd })
      const right = order({
        accountId,
        orderStatus: 'Filled',
        cumExecQty: decimal('1'),
        ...later,
        ...next,
      })
      await orders.bulkInsert([wrong])
      await orders.bulkInsert([right])
      const [state] = await orders.states(scope, { accountId })
      expect(state?.contentHash).toBe(right.contentHash)
      // In one batch, and the other way round.
      for (const [n, states] of [
        [wrong, right],
        [right, wrong],
      ].entries()) {
        const orderId = `batch ${n}`
        await orders.bulkInsert(states.map((each) => ({ ...each, orderId })))
        const [newest] = await orders.states(scope, { accountId, orderId })
        expect(newest?.contentHash).toBe(right.contentHash)
      }
    },
  )

  it.each([
    ['in decades', FAR],
    ['in six hours', T0 + 6 * 3_600_000],
  ])('a leg or a coin with a time %s does not hide the later states', async (name, far) => {
    const { scope, accountId } = await addTenant(opened.db, `far ${name}`)
    const positions = new PositionSnapshotRepository(opened.db)
    const wallets = new WalletSnapshotRepository(opened.db)
    const [leg, coin] = [position({ accountId }), wallet({ accountId })]
    await positions.bulkInsert([{ ...leg, exchangeTs: far }])
    await wallets.bulkInsert([{ ...coin, exchangeTs: far }])
    await positions.bulkInsert([{ ...leg, ...later }])
    await wallets.bulkInsert([{ ...coin, ...later }])
    expect(await positions.latest(scope, { accountId })).toMatchObject([later])
    expect(await wallets.latest(scope, { accountId })).toMatchObject([later])
  })

  it('an absurd time is not when something was last stored, unless nothing else is known', async () => {
    const { scope, accountId } = await addTenant(opened.db, 'last')
    const executions = new ExecutionRepository(opened.db)
    const query = { accountId }
    const stored = execution({ accountId, execId: 'first', localTsUs: T0 * 1000 })
    const ahead = (ms: number) => ({ ...stored, execId: `ahead ${ms}`, exchangeTs: T0 + ms })
    await executions.bulkInsert([ahead(61_000), ahead(FAR - T0)])
    expect(await executions.lastTs(scope, query)).toBe(T0)
    await executions.bulkInsert([stored, ahead(7)])
    expect(await executions.lastTs(scope, query)).toBe(T0 + 7)
    await executions.bulkInsert([ahead(60_000)])
    expect(await executions.lastTs(scope, query)).toBe(T0 + 60_000)
    // Of those that were received before a time.
    const before = (us: number) => executions.lastTs(scope, { ...query, receivedBeforeUs: us })
    expect(await before(T0 * 1000)).toBeNull()
    expect(await before(T0 * 1000 + 1)).toBe(T0 + 60_000)
  })

  it('of what was received before a time the newest is when something was last stored', async () => {
    const { scope, accountId } = await addTenant(opened.db, 'received')
    const executions = new ExecutionRepository(opened.db)
    const at = (ms: number, ahead = 0) => {
      const times = { exchangeTs: T0 + ms + ahead, localTsUs: (T0 + ms) * 1000 }
      return execution({ accountId, execId: `at ${ms}`, ...times })
    }
    await executions.bulkInsert([at(0), at(100), at(200, 61_000), at(300)])
    const before = (ms: number) =>
      executions.lastTs(scope, { accountId, receivedBeforeUs: (T0 + ms) * 1000 })
    expect(await before(301)).toBe(T0 + 300)
    expect(await before(300)).toBe(T0 + 100)
    expect(await before(0)).toBeNull()
  })

  it('where the clock is behind by minutes, the newest state is the newest all the same', async () => {
    const { scope, accountId } = await addTenant(opened.db, 'behind')
    const positions = new PositionSnapshotRepository(opened.db)
    for (const [at, behindMs] of [
      [0, 0],
      [600_000, 120_000],
      [602_000, 120_000],
      [601_000, 120_000],
    ] as const) {
      const localTsUs = (T0 + at - behindMs) * 1000
      await positions.bulkInsert([position({ accountId, exchangeTs: T0 + at, localTsUs })])
    }
    expect(await positions.latest(scope, { accountId })).toMatchObject([
      { exchangeTs: T0 + 602_000 },
    ])
  })

  it('states of one instant that differ only in keys that are not known are conflicts, not duplicates', async () => {
    const { accountId } = await addTenant(opened.db, 'extras')
    const extra = { fee: 1, more: { a: 1, b: [2] } }
    const [leg, coin, state] = [
      position({ accountId, extra }),
      wallet({ accountId, extra }),
      order({ accountId, extra }),
    ]
    const kinds = [
      { insert: new PositionSnapshotRepository(opened.db), event: leg },
      { insert: new WalletSnapshotRepository(opened.db), event: coin },
      { insert: new OrderRepository(opened.db), event: state },
      { insert: new TickerSnapshotRepository(opened.db), event: ticker({ extra }) },
      {
        insert: new AccountTransactionRepository(opened.db),
        event: transaction({ accountId, extra }),
      },
    ] as unknown as readonly {
      readonly insert: {
        bulkInsert(events: readonly Changed[]): Promise<BulkInsertResult<Changed>>
      }
      readonly event: Changed
    }[]
    for (const { insert, event } of kinds) {
      const conflictOf = async (other: Partial<Changed>): Promise<unknown> => {
        const offered = { ...event, ...other }
        const { duplicates, conflicts } = await insert.bulkInsert([offered])
        expect(duplicates + conflicts.length).toBe(1)
        if (conflicts.length > 0) expect(conflicts[0]?.event.extra).toBe(offered.extra)
        return conflicts[0]?.field
      }
      expect(await insert.bulkInsert([event])).toEqual({ ...NONE, inserted: 1 })
      for (const other of [null, { fee: 2 }, { ...extra, other: 1 }]) {
        expect(await conflictOf({ extra: other })).toBe('extra')
      }
      expect(await conflictOf({ extra: { more: { b: [2], a: 1 }, fee: 1 } })).toBeUndefined()
      // The other source has other keys, or none.
      expect(await conflictOf({ source: 'rest', extra: null })).toBeUndefined()
      expect(await conflictOf({ source: 'rest', extra: { fee: 1, own: 1 } })).toBeUndefined()
      expect(await conflictOf({ source: 'rest', extra: { fee: 2 } })).toBe('extra')
    }
  })

  it('an execution that differs in any value is a conflict, and what one source leaves out is none', async () => {
    const { accountId } = await addTenant(opened.db, 'differing')
    const executions = new ExecutionRepository(opened.db)
    const values = {
      orderPrice: decimal('100'),
      orderQty: decimal('3'),
      orderType: 'Limit',
      createType: 'CreateByUser',
      stopOrderType: 'Stop',
      execFeeV2: decimal('0.1'),
      marketUnit: 'baseCoin',
      markPrice: decimal('99'),
      indexPrice: decimal('98'),
      underlyingPrice: decimal('97'),
      tradeIv: decimal('0.5'),
      markIv: decimal('0.6'),
      extra: { known: 1, other: 2 },
    } as const
    const stored = execution({ accountId, ...values })
    expect(await executions.bulkInsert([stored])).toEqual({ ...NONE, inserted: 1 })
    const differing = Object.entries(values).map(([field, value]) => {
      const changed = field === 'extra' ? { known: 3 } : value === 'Limit' ? 'Market' : '7'
      return [field, { ...stored, [field]: changed }] as const
    })
    for (const [field, event] of differing) {
      const { conflicts } = await executions.bulkInsert([event])
      expect(conflicts.map((conflict) => conflict.field)).toEqual([field])
      expect(conflicts[0]?.event).toBe(event)
    }
    const worded = {
      ...stored,
      orderType: 'UNKNOWN',
      createType: null,
      stopOrderType: 'UNKNOWN',
      indexPrice: decimal('0'),
      orderPrice: decimal('100.0'),
      source: 'rest',
      extra: { known: 1, rest: 4 },
    } as const
    expect(await executions.bulkInsert([worded])).toEqual({ ...NONE, duplicates: 1 })
  })

  it('an execution that said nothing of a value at first is filled by the delivery that says it', async () => {
    const { scope, accountId } = await addTenant(opened.db, 'nothing said')
    const executions = new ExecutionRepository(opened.db)
    const said = {
      orderType: 'Limit',
      createType: 'CreateByUser',
      stopOrderType: 'Stop',
      markPrice: decimal('99'),
      indexPrice: decimal('98'),
      underlyingPrice: decimal('97'),
      tradeIv: decimal('0.5'),
      markIv: decimal('0.6'),
    } as const
    const nothing = Object.entries(said).map(([field, value]) => [
      field,
      Number.isNaN(Number(value)) ? 'UNKNOWN' : decimal('0.0'),
    ])
    const whole = execution({ accountId, ...said })
    const silent = { ...whole, ...Object.fromEntries(nothing), source: 'rest' } as const
    const read = async () => {
      const range = executions.range(scope, { accountId, from: 0, to: T0 + 60_000 })
      return (await collect(range))[0]
    }
    expect(await executions.bulkInsert([silent])).toEqual({ ...NONE, inserted: 1 })
    expect(await executions.bulkInsert([silent])).toEqual({ ...NONE, duplicates: 1 })
    expect(await executions.bulkInsert([whole])).toEqual({ ...NONE, merged: 1 })
    expect(await read()).toMatchObject(said)
    expect(await executions.bulkInsert([silent])).toEqual({ ...NONE, duplicates: 1 })
    expect(await read()).toMatchObject(said)
  })

  it('no value of any event of accounts differs unseen: it is in the key, in its hash, or compared', async () => {
    const { accountId } = await addTenant(opened.db, 'any value')
    const hashes: Readonly<Record<string, (event: never) => string>> = {
      order: orderContentHash,
      position: positionContentHash,
      wallet: walletContentHash,
    }
    // When and how a row came, and its place in its message.
    const ofDelivery = new Set(['localTsUs', 'source', 'contentHash', 'arrival'])
    for (const channel of PRIVATE_CHANNELS) {
      const table: EventTable<StoredRow> = ACCOUNT_TABLES[channel] as never
      const hashed = (row: StoredRow): StoredRow => {
        const hash = hashes[channel]
        return hash === undefined ? row : Object.assign(row, { contentHash: hash(row as never) })
      }
      const row = hashed(sampleRow(table, { accountId, source: 'ws', arrival: 0 }))
      expect(await bulkInsert(opened.db, table, [row])).toEqual({ ...NONE, inserted: 1 })
      for (const { field, kind } of table.columns) {
        if (ofDelivery.has(field) || table.key.includes(field)) continue
        const other = hashed({ ...row, [field]: OTHER[kind] })
        const { duplicates, merged } = await bulkInsert(opened.db, table, [other])
        expect([channel, field, duplicates + merged]).toEqual([channel, field, 0])
      }
    }
  })
})
