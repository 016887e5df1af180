import {
  EXECUTION_VALUES,
  type ExecutionEvent,
  ORDER_VALUES,
  type OrderEvent,
  orderContentHash,
  POSITION_VALUES,
  type PositionEvent,
  positionContentHash,
  Secret,
  WALLET_VALUES,
  type WalletEvent,
  walletContentHash,
} from '@grid/core-events'
import type { Kysely } from 'kysely'
import {
  type Account,
  AccountRepository,
  type AccountTransaction,
  AccountTransactionRepository,
  CaptureGapRepository,
  CollectorRepository,
  DeadLetterRepository,
  EncryptionKeys,
  ExecutionRepository,
  type GridDatabase,
  LineRepository,
  LossRepository,
  type NewCredential,
  OperatorRepository,
  OrderRepository,
  PositionSnapshotRepository,
  RunRepository,
  SpanRepository,
  StrategyRepository,
  type TenantScope,
  WalletSnapshotRepository,
  WantedRepository,
} from '../../src/index.ts'
import { decimal, T0 } from './events.ts'

/** Keys for tests. */
export const KEYS: EncryptionKeys = EncryptionKeys.parse(`k1:${keyOf(1)}`)

/** 32 equal bytes in base64. */
export function keyOf(byte: number): string {
  return Buffer.alloc(32, byte).toString('base64')
}

export function credential(apiKey = 'KEY', secret = 'SECRET'): NewCredential {
  return { apiKey, secret: new Secret(secret) }
}

/** A user with an account and a row in every table. */
export interface Tenant extends TenantScope {
  readonly name: string
  readonly accountId: string
  readonly strategyId: string
  readonly runId: string
  /** Its gap of the wallet. */
  readonly gapId: string
  /** Its dead letter. */
  readonly letterId: string
}

/** Adds a user with one account of the same name. */
export async function addTenant(
  db: Kysely<GridDatabase>,
  name: string,
): Promise<{ readonly scope: TenantScope; readonly account: Account; readonly accountId: string }> {
  const { userId } = await new OperatorRepository(db).addUser({ username: name })
  const scope = { userId }
  const account = await new AccountRepository(db, { keys: KEYS }).add(scope, {
    accountName: name,
    environment: 'testnet',
    credential: credential(),
  })
  return { scope, account, accountId: account.accountId }
}

const stamp = { exchangeTs: T0, localTsUs: T0 * 1000 + 7_123, source: 'ws', extra: null } as const
const instrument = { category: 'linear', symbol: 'BTCUSDT', ...stamp } as const

function nothing<Values>(kinds: Values): { [Name in keyof Values]: null } {
  const entries = Object.keys(kinds as object).map((name) => [name, null])
  return Object.fromEntries(entries) as { [Name in keyof Values]: null }
}

export function execution(
  overrides: Partial<ExecutionEvent> & Pick<ExecutionEvent, 'accountId'>,
): ExecutionEvent {
  return {
    channel: 'execution',
    ...instrument,
    ...nothing(EXECUTION_VALUES),
    execId: 'e1',
    side: 'Buy',
    execPrice: decimal('100000.10'),
    execQty: decimal('0.003'),
    seq: 190_000_000_001,
    ...overrides,
  }
}

export function order(overrides: Partial<OrderEvent> & Pick<OrderEvent, 'accountId'>): OrderEvent {
  const event = {
    channel: 'order',
    ...instrument,
    ...nothing(ORDER_VALUES),
    orderId: 'o1',
    orderStatus: 'New',
    side: 'Buy',
    qty: decimal('1'),
    leavesQty: decimal('1'),
    cumExecQty: decimal('0'),
    ...overrides,
  } as const
  return { ...event, contentHash: orderContentHash(event) }
}

export function position(
  overrides: Partial<PositionEvent> & Pick<PositionEvent, 'accountId'>,
): PositionEvent {
  const event = {
    channel: 'position',
    ...instrument,
    ...nothing(POSITION_VALUES),
    positionIdx: 0,
    side: 'Buy',
    size: decimal('1'),
    seq: 7,
    ...overrides,
  } as const
  return { ...event, contentHash: positionContentHash(event) }
}

export function wallet(
  overrides: Partial<WalletEvent> & Pick<WalletEvent, 'accountId'>,
): WalletEvent {
  const event = {
    channel: 'wallet',
    ...stamp,
    ...nothing(WALLET_VALUES),
    accountType: 'UNIFIED',
    coin: 'USDT',
    walletBalance: decimal('1000.5'),
    ...overrides,
  } as const
  return { ...event, contentHash: walletContentHash(event) }
}

export function transaction(
  overrides: Partial<AccountTransaction> & Pick<AccountTransaction, 'accountId'>,
): AccountTransaction {
  return {
    channel: 'transaction',
    ...instrument,
    transactionId: 'x1',
    currency: 'USDT',
    type: 'TRADE',
    tradeId: 't1',
    transSubType: null,
    side: 'Buy',
    qty: decimal('1'),
    size: decimal('-1'),
    tradePrice: decimal('100000.5'),
    funding: null,
    fee: decimal('0.055'),
    cashFlow: decimal('0'),
    change: decimal('-0.055'),
    cashBalance: decimal('1000'),
    feeRate: decimal('0.00055'),
    bonusChange: null,
    orderId: 'o1',
    orderLinkId: null,
    extraFees: null,
    ...overrides,
  }
}

/** Adds a user with an account, a strategy, a run, and a row in every table of private data. */
export async function fillTenant(db: Kysely<GridDatabase>, name: string): Promise<Tenant> {
  const { scope, accountId } = await addTenant(db, name)
  const { strategyId } = await new StrategyRepository(db).add(scope, {
    accountId,
    strategyType: 'GridStrategy',
    symbol: 'BTCUSDT',
    config: { step: '0.2' },
  })
  const { runId } = await new RunRepository(db).start(scope, {
    accountId,
    strategyId,
    runType: 'live',
    startTs: T0 - 1000,
  })
  const orderLinkId = 'link'
  await new ExecutionRepository(db).bulkInsert([execution({ accountId, orderLinkId })])
  await new OrderRepository(db).bulkInsert([order({ accountId, orderLinkId })])
  await new PositionSnapshotRepository(db).bulkInsert([position({ accountId })])
  await new WalletSnapshotRepository(db).bulkInsert([wallet({ accountId })])
  await new AccountTransactionRepository(db).bulkInsert([transaction({ accountId })])
  const gap = { accountId, channel: 'wallet', startTs: T0, endTs: T0, reason: 'start' } as const
  const gaps = new CaptureGapRepository(db)
  await gaps.insert([gap], { collector: 'test' })
  const [stored] = await gaps.list({ accountId, of: scope })
  const letters = new DeadLetterRepository(db)
  await letters.bulkInsert([
    {
      code: 'ITEM_MALFORMED',
      reason: 'coin is missing',
      field: 'coin',
      category: null,
      channel: 'wallet',
      topic: 'wallet',
      symbol: null,
      accountId,
      source: 'ws',
      localTsUs: T0 * 1000,
      raw: Buffer.from(name),
    },
  ])
  const owner = { collector: 'test', journalId: accountId }
  const collectorId = await new CollectorRepository(db).register(owner)
  const stream = { accountId, channel: 'wallet' } as const
  await new WantedRepository(db).begin('test', [{ stream, from: T0 }])
  const opening = { collectorId, position: 1, openedAt: T0, accountId }
  const { lineId } = await new LineRepository(db).open(opening)
  await new SpanRepository(db).claim(lineId, [{ stream, from: T0 }])
  await new LossRepository(db).add([{ stream, from: T0, reason: 'test' }])
  const list = await letters.list({ of: scope })
  const letterId = list.find((letter) => letter.accountId === accountId)?.id ?? ''
  return { ...scope, name, accountId, strategyId, runId, gapId: stored?.id ?? '', letterId }
}
