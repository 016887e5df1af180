import { accountInfo, queryApi, walletBalance } from './account-endpoints.ts'
import { closedPnl } from './closed-pnl.ts'
import { executionList } from './execution-list.ts'
import { orderHistory, realtimeOrders } from './orders.ts'
import { positionList } from './position-list.ts'
import type { PrivateEndpoint } from './private-endpoint.ts'
import { transactionLog } from './transaction-log.ts'

/** The signed endpoints by path, with their documented limits. A new endpoint adds its line here. */
export const PRIVATE_ENDPOINTS: ReadonlyMap<string, PrivateEndpoint> = new Map([
  ['/v5/execution/list', { limit: 50, retMsg: 'OK', answer: executionList }],
  ['/v5/order/realtime', { limit: 50, retMsg: 'OK', answer: realtimeOrders }],
  ['/v5/order/history', { limit: 50, retMsg: 'OK', answer: orderHistory }],
  ['/v5/position/list', { limit: 50, retMsg: 'OK', answer: positionList }],
  ['/v5/position/closed-pnl', { limit: 50, retMsg: 'OK', answer: closedPnl }],
  ['/v5/account/wallet-balance', { limit: 50, retMsg: 'OK', answer: walletBalance }],
  ['/v5/account/transaction-log', { limit: 25, retMsg: 'OK', answer: transactionLog }],
  ['/v5/account/info', { limit: 50, retMsg: 'OK', answer: accountInfo }],
  ['/v5/user/query-api', { limit: 10, retMsg: '', answer: queryApi }],
])
