import type { BalanceChange } from '../../accounts/holdings/account.ts'
import { fixedText } from '../../base/fixed.ts'
import type { WireRow } from '../../base/wire-row.ts'
import type { Query } from '../request/query.ts'
import { keysetPage } from './keyset-page.ts'
import { needPermission, type PrivateScene } from './private-endpoint.ts'
import { DAY_MS, timeWindow } from './time-window.ts'

/** `GET /v5/account/transaction-log`: every change of a balance, newest first. */
export function transactionLog(query: Query, scene: PrivateScene): object {
  const { account, key, now, rules } = scene
  needPermission(key, ['Wallet'])
  const { from, until } = timeWindow(query, now, DAY_MS)
  const category = query.text('category')
  const currency = query.text('currency')
  const type = query.text('type')
  const baseCoin = query.text('baseCoin')
  const found = [...account.changes.entries()].filter(([, change]) => {
    const instrument = change.execution?.desk.instrument
    const isDue =
      change.timeMs >= from && change.timeMs <= Math.min(until, now - rules.historyLagMs)
    return (
      isDue &&
      (category === '' || instrument?.category === category) &&
      (currency === '' || change.coin === currency) &&
      (type === '' || change.type === type) &&
      (baseCoin === '' || instrument?.baseCoin === baseCoin)
    )
  })
  const page = keysetPage(
    found,
    {
      // Ids are not unique, so the index tells changes of one millisecond apart: later ones first.
      placeOf: ([index, { timeMs }]) => ({ id: String(2e12 - index), timeMs }),
      rowOf: ([, change]) => rowOf(change),
    },
    query,
    query.limit(20, 50),
  )
  return { nextPageCursor: page.nextPageCursor, list: page.list }
}

function rowOf(change: BalanceChange): WireRow {
  const { execution } = change
  const isFunding = execution?.execType === 'Funding'
  return {
    id: change.id,
    symbol: execution?.desk.instrument.symbol ?? '',
    category: execution?.desk.instrument.category ?? '',
    side: execution?.side ?? 'None',
    transactionTime: String(change.timeMs),
    type: change.type,
    transSubType: '',
    qty: execution === null ? fixedText(change.cashFlow) : fixedText(execution.qty),
    size: fixedText(change.size),
    currency: change.coin,
    tradePrice: execution === null ? '0' : fixedText(execution.price),
    funding: isFunding ? fixedText(change.funding) : '',
    fee: fixedText(change.fee),
    cashFlow: fixedText(change.cashFlow),
    change: fixedText(change.cashFlow + change.funding - change.fee),
    cashBalance: fixedText(change.balance),
    feeRate: execution === null ? '' : fixedText(execution.feeRate),
    bonusChange: '',
    tradeId: execution?.execId ?? '',
    orderId: execution?.orderId ?? '',
    orderLinkId: execution?.orderLinkId ?? '',
    extraFees: '',
  }
}
