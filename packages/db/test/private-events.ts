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
  EncryptionKeys,
  type GridDatabase,
  type NewCredential,
  OperatorRepository,
  type TenantScope,
} from '../src/index.ts'
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

/** A user with one account, both new, named alike. */
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
