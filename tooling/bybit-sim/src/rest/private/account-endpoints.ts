import { restWalletRow } from '../../accounts/rows/wallet-row.ts'
import type { Query } from '../request/query.ts'
import { badParameter } from '../request/refusal.ts'
import { needPermission, type PrivateScene } from './private-endpoint.ts'
import { DAY_MS } from './time-window.ts'

/** `GET /v5/account/wallet-balance`. */
export function walletBalance(query: Query, { account, key, prices }: PrivateScene): object {
  needPermission(key, ['Wallet'])
  if (query.text('accountType') !== 'UNIFIED') {
    throw badParameter('accountType only support UNIFIED.')
  }
  const coins = query.text('coin')
  const named = coins === '' ? null : coins.split(',')
  return { list: [restWalletRow(account, named, prices)] }
}

/** `GET /v5/account/info`. */
export function accountInfo(_: Query, { account, key }: PrivateScene): object {
  needPermission(key, ['Wallet', 'ContractTrade', 'Spot', 'Options'])
  return {
    marginMode: 'REGULAR_MARGIN',
    updatedTime: String(account.createdMs),
    unifiedMarginStatus: 6,
    dcpStatus: 'OFF',
    timeWindow: 10,
    smpGroup: 0,
    isMasterTrader: false,
    spotHedgingStatus: 'OFF',
  }
}

/** `GET /v5/user/query-api`: the key itself; needs no permission. */
export function queryApi(_: Query, { account, key, now }: PrivateScene): object {
  const expires = key.expiresAt
  const day = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`
  return {
    id: key.id,
    note: '',
    apiKey: key.apiKey,
    readOnly: key.readOnly ? 1 : 0,
    secret: '',
    permissions: key.permissions,
    ips: key.ips,
    type: 1,
    deadlineDay: expires === null ? -2 : Math.floor((expires - now) / DAY_MS),
    expiredAt: day(expires ?? 0),
    createdAt: day(key.createdAt),
    unified: 0,
    uta: 1,
    userID: Number(account.uid),
    inviterID: 0,
    vipLevel: 'No VIP',
    mktMakerLevel: '0',
    affiliateID: 0,
    rsaPublicKey: key.rsaPublicKey,
    isMaster: true,
    parentUid: '0',
    kycLevel: 'LEVEL_DEFAULT',
    kycRegion: '',
  }
}
