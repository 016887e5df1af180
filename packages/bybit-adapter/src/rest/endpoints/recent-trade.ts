import type { Category, PublicTradeEvent } from '@grid/core-events'
import { z } from 'zod'
import type { ListEndpoint } from '../lists/rest-list.ts'
import {
  rowDecimal,
  rowFlag,
  rowName,
  rowOptionalDecimal,
  rowSequence,
  rowTime,
} from './row-values.ts'

const tradeRow = z.looseObject({
  execId: rowName,
  symbol: rowName,
  price: rowDecimal,
  size: rowDecimal,
  side: rowName,
  time: rowTime,
  isBlockTrade: rowFlag,
  isRPITrade: rowFlag,
  seq: rowSequence,
  mP: rowOptionalDecimal,
  iP: rowOptionalDecimal,
  mIv: rowOptionalDecimal,
  iv: rowOptionalDecimal,
})

/** The newest trades; a row gives the event that the socket's item gives. */
export const RECENT_TRADE: ListEndpoint<PublicTradeEvent> = {
  path: '/v5/market/recent-trade',
  channel: 'publicTrade',
  schema: ({ localTsUs }, category) => recentTradeSchema(category, localTsUs),
}

function recentTradeSchema(category: Category, localTsUs: number): z.ZodType<PublicTradeEvent> {
  return tradeRow.transform((row) => ({
    channel: 'publicTrade',
    category,
    symbol: row.symbol,
    exchangeTs: row.time,
    localTsUs,
    source: 'rest',
    tradeId: row.execId,
    side: row.side,
    price: row.price,
    size: row.size,
    tickDirection: null,
    isBlockTrade: row.isBlockTrade,
    // The socket's option trades have no such flag, and a row must not depend on how it came.
    isRpiTrade: category === 'option' ? null : row.isRPITrade,
    seq: row.seq,
    matchIndex: -1,
    markPrice: row.mP,
    indexPrice: row.iP,
    markIv: row.mIv,
    iv: row.iv,
  }))
}

/** The order of trades within a symbol, as far as a REST row tells it. */
export function compareTrades(a: PublicTradeEvent, b: PublicTradeEvent): number {
  return (
    a.exchangeTs - b.exchangeTs ||
    a.seq - b.seq ||
    (a.tradeId < b.tradeId ? -1 : a.tradeId > b.tradeId ? 1 : 0)
  )
}
