import type { Category } from '@grid/core-events'
import type { Desk } from '../../market/desk.ts'
import type { TradeTruth } from '../../truth/trade-truth.ts'
import type { RestScene } from '../request/endpoint.ts'
import type { Query } from '../request/query.ts'

const MAX_ROWS: { readonly [Name in Category]: number } = {
  linear: 1000,
  inverse: 1000,
  spot: 60,
  option: 1000,
}

/** `GET /v5/market/recent-trade`: the newest trades as they were streamed, newest first. */
export function recentTrade(query: Query, { market, lies }: RestScene): object {
  const category = query.category()
  const most = MAX_ROWS[category]
  const limit = query.limit(Math.min(500, most), most)
  const one =
    category === 'option' ? query.desk(market, category) : query.requiredDesk(market, category)
  const baseCoin = query.text('baseCoin') || 'BTC'
  const name = one?.instrument.symbol ?? baseCoin
  const kept = one?.recent() ?? ofCoin(baseCoin, query, market.desks(category))
  return { category, list: lies.page(name, kept, limit).map(rowOf) }
}

function ofCoin(baseCoin: string, query: Query, desks: readonly Desk[]): TradeTruth[] {
  const optionType = query.text('optionType')
  return desks
    .filter(({ instrument }) => instrument.baseCoin === baseCoin)
    .filter(({ instrument }) => optionType === '' || instrument.optionsType === optionType)
    .flatMap((desk) => desk.recent())
    .sort((a, b) => b.producedAtUs - a.producedAtUs)
}

/** The trade of the socket under REST's names; time and seq are texts here. */
function rowOf(trade: TradeTruth): object {
  const { option } = trade
  return {
    execId: trade.tradeId,
    symbol: trade.symbol,
    price: trade.price,
    size: trade.size,
    side: trade.side,
    time: String(trade.exchangeTs),
    isBlockTrade: trade.isBlockTrade,
    isRPITrade: trade.isRpiTrade ?? false,
    ...(option === null
      ? {}
      : { mP: option.markPrice, iP: option.indexPrice, mIv: option.markIv, iv: option.iv }),
    seq: String(trade.seq),
  }
}
