import {
  COIN_VALUES,
  type JsonObject,
  type JsonValue,
  WALLET_TOTALS,
  type WalletEvent,
  walletContentHash,
} from '@grid/core-events'
import { isWireObject } from '../../wire/wire.ts'
import { fault, ItemReader, isFault, type ReadItem } from './item-reader.ts'
import { type PrivateContext, type PrivateMapper, refused, timeless } from './private-mapper.ts'
import { optionalFields, REQUIRED } from './value-readers.ts'

const ACCOUNT = new ItemReader({
  ...optionalFields(WALLET_TOTALS),
  accountType: { field: 'accountType', ...REQUIRED.name },
})
const COIN = new ItemReader({
  ...optionalFields(COIN_VALUES),
  coin: { field: 'coin', ...REQUIRED.name },
})
/** The values of an account without coins. */
const NO_COIN: ReadItem = {
  values: {
    ...Object.fromEntries(Object.keys(COIN_VALUES).map((name) => [name, null])),
    coin: '',
  },
  extra: null,
}

/** Wallets: topic `wallet`, REST `/v5/account/wallet-balance`; each coin is an item. */
export const mapWallet: PrivateMapper<WalletEvent> = (element, context) => {
  if (context.exchangeTs === null) return timeless(context)
  if (!isWireObject(element)) return refused(fault(null, element, 'must be an object'))
  const { coin: coins = [], ...rest } = element
  if (!Array.isArray(coins)) return refused(fault('coin', coins, 'must be a list'))
  const account = ACCOUNT.read(rest)
  if (isFault(account)) return refused(account)
  if (coins.length === 0) return [walletEvent(account, NO_COIN, context, context.exchangeTs)]
  const { exchangeTs } = context
  return coins.map((item: unknown, index) => {
    const path = ['coin', index]
    if (!isWireObject(item)) return { fault: fault(null, item, 'must be an object'), path }
    const coin = COIN.read(item)
    return isFault(coin) ? { fault: coin, path } : walletEvent(account, coin, context, exchangeTs)
  })
}

function walletEvent(
  account: ReadItem,
  coin: ReadItem,
  { accountId, localTsUs, source }: PrivateContext,
  exchangeTs: number,
): WalletEvent {
  const event = {
    channel: 'wallet',
    accountId,
    exchangeTs,
    localTsUs,
    source,
    ...account.values,
    ...coin.values,
    extra: extraOf(account, coin),
  }
  // Sound: the readers fill every field, each by the reader of its kind.
  const complete = event as unknown as WalletEvent
  return { ...complete, contentHash: walletContentHash(complete) }
}

/** The coin's unknown keys as they are, the account's with `account.` in front. */
function extraOf(account: ReadItem, coin: ReadItem): JsonObject | null {
  if (account.extra === null) return coin.extra
  const ofAccount = Object.entries(account.extra).map(([key, value]): [string, JsonValue] => [
    `account.${key}`,
    value,
  ])
  return Object.fromEntries([...ofAccount, ...Object.entries(coin.extra ?? {})])
}
