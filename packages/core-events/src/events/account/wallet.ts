import { z } from 'zod'
import { contentHash } from '../../values/content-hash.ts'
import type { Decimal } from '../../values/decimal.ts'
import { type JsonObject, jsonObjectSchema } from '../../values/json.ts'
import { type ValueKinds, valueShape } from '../../values/value-kind.ts'
import type { AccountEventBase, OpenEnum } from '../channel.ts'
import { accountEventShape, contentHashSchema, nameSchema } from '../event-schema.ts'

/**
 * The state of one coin in a wallet, with the account's totals of the same message (topic `wallet`;
 * REST `/v5/account/wallet-balance`).
 *
 * `exchangeTs` is the time of the message or reply. A message names only the coins that changed. One
 * without coins gives one event with the coin `''`, so that its totals are kept.
 */
export interface WalletEvent extends AccountEventBase, WalletValues {
  readonly channel: 'wallet'
  readonly accountType: OpenEnum<'UNIFIED' | 'CONTRACT' | 'SPOT' | 'FUND'>
  /** `''` when the message has no coin. */
  readonly coin: string
  /** Distinguishes states of one coin and millisecond: {@link walletContentHash}. */
  readonly contentHash: string
  /**
   * Keys that this version does not know, as sent: those of the coin under their own names, those of
   * the account with the prefix `account.`; null when there are none.
   */
  readonly extra: JsonObject | null
}

/** The values of a wallet that may be unknown: null when absent or `""`. */
export interface WalletValues extends WalletTotals, CoinValues {}

/** The values of the whole account, in USD; null in isolated margin mode. */
export interface WalletTotals {
  readonly accountIMRate: Decimal | null
  readonly accountMMRate: Decimal | null
  readonly accountIMRateByMp: Decimal | null
  readonly accountMMRateByMp: Decimal | null
  readonly accountLTV: Decimal | null
  readonly totalEquity: Decimal | null
  readonly totalWalletBalance: Decimal | null
  readonly totalMarginBalance: Decimal | null
  readonly totalAvailableBalance: Decimal | null
  readonly totalPerpUPL: Decimal | null
  readonly totalInitialMargin: Decimal | null
  readonly totalMaintenanceMargin: Decimal | null
  readonly totalInitialMarginByMp: Decimal | null
  readonly totalMaintenanceMarginByMp: Decimal | null
}

/** The values of one coin, in that coin. */
export interface CoinValues {
  readonly equity: Decimal | null
  /** In USD. */
  readonly usdValue: Decimal | null
  readonly walletBalance: Decimal | null
  readonly free: Decimal | null
  readonly locked: Decimal | null
  readonly availableToWithdraw: Decimal | null
  readonly availableToBorrow: Decimal | null
  readonly borrowAmount: Decimal | null
  readonly spotBorrow: Decimal | null
  readonly accruedInterest: Decimal | null
  readonly totalOrderIM: Decimal | null
  readonly totalPositionIM: Decimal | null
  readonly totalPositionMM: Decimal | null
  readonly unrealisedPnl: Decimal | null
  readonly cumRealisedPnl: Decimal | null
  readonly bonus: Decimal | null
  readonly spotHedgingQty: Decimal | null
  /** Whether the user allows the coin as collateral. */
  readonly collateralSwitch: boolean | null
  /** Whether the exchange allows the coin as collateral. */
  readonly marginCollateral: boolean | null
  readonly colRes: OpenEnum<'-1' | '0' | '1' | '2'> | null
}

/** The kind of each value of the account. */
export const WALLET_TOTALS: ValueKinds<WalletTotals> = {
  accountIMRate: 'decimal',
  accountMMRate: 'decimal',
  accountIMRateByMp: 'decimal',
  accountMMRateByMp: 'decimal',
  accountLTV: 'decimal',
  totalEquity: 'decimal',
  totalWalletBalance: 'decimal',
  totalMarginBalance: 'decimal',
  totalAvailableBalance: 'decimal',
  totalPerpUPL: 'decimal',
  totalInitialMargin: 'decimal',
  totalMaintenanceMargin: 'decimal',
  totalInitialMarginByMp: 'decimal',
  totalMaintenanceMarginByMp: 'decimal',
}

/** The kind of each value of a coin. */
export const COIN_VALUES: ValueKinds<CoinValues> = {
  equity: 'decimal',
  usdValue: 'decimal',
  walletBalance: 'decimal',
  free: 'decimal',
  locked: 'decimal',
  availableToWithdraw: 'decimal',
  availableToBorrow: 'decimal',
  borrowAmount: 'decimal',
  spotBorrow: 'decimal',
  accruedInterest: 'decimal',
  totalOrderIM: 'decimal',
  totalPositionIM: 'decimal',
  totalPositionMM: 'decimal',
  unrealisedPnl: 'decimal',
  cumRealisedPnl: 'decimal',
  bonus: 'decimal',
  spotHedgingQty: 'decimal',
  collateralSwitch: 'flag',
  marginCollateral: 'flag',
  colRes: 'text',
}

/** The kind of each value of a wallet that may be null. */
export const WALLET_VALUES: ValueKinds<WalletValues> = { ...WALLET_TOTALS, ...COIN_VALUES }

/** Validates a {@link WalletEvent}; unknown keys are refused. */
export const walletEventSchema: z.ZodType<WalletEvent> = z.strictObject({
  channel: z.literal('wallet'),
  ...accountEventShape,
  ...valueShape(WALLET_VALUES),
  accountType: nameSchema,
  coin: z.union([z.literal(''), nameSchema]),
  contentHash: contentHashSchema,
  extra: jsonObjectSchema.nullable(),
})

/** All fields of a coin and its account, except deprecated fields that never change. */
const HASHED: readonly (keyof WalletEvent)[] = [
  'accountIMRate',
  'accountMMRate',
  'accountIMRateByMp',
  'accountMMRateByMp',
  'totalEquity',
  'totalWalletBalance',
  'totalMarginBalance',
  'totalAvailableBalance',
  'totalPerpUPL',
  'totalInitialMargin',
  'totalMaintenanceMargin',
  'totalInitialMarginByMp',
  'totalMaintenanceMarginByMp',
  'equity',
  'usdValue',
  'walletBalance',
  'locked',
  'borrowAmount',
  'spotBorrow',
  'accruedInterest',
  'totalOrderIM',
  'totalPositionIM',
  'totalPositionMM',
  'unrealisedPnl',
  'cumRealisedPnl',
  'bonus',
  'spotHedgingQty',
  'collateralSwitch',
  'marginCollateral',
  'colRes',
]

/**
 * The hash of the content of a coin's state: 32 hexadecimal digits, described in the README.
 *
 * @example
 * const event: WalletEvent = { ...values, contentHash: walletContentHash(values) }
 */
export function walletContentHash(event: Omit<WalletEvent, 'contentHash'>): string {
  return contentHash(event as WalletEvent, HASHED)
}

/**
 * The identity of a coin's state: account, account type, coin, time of the message and content.
 *
 * @example
 * walletKey(wallet) // 'wallet|0b0e5c6e-…|UNIFIED|USDT|1760000000101|9f86…'
 */
export function walletKey(event: WalletEvent): string {
  const { accountId, accountType, coin, exchangeTs } = event
  return `wallet|${accountId}|${accountType}|${coin}|${exchangeTs}|${event.contentHash}`
}
