import type { Category } from '@grid/core-events'
import {
  bySymbol,
  type ChannelDialect,
  type TopicKind,
  type TopicProof,
} from '../dialect/channel-dialect.ts'
import { TickerMapper } from './ticker-mapper.ts'
import { TickerStates } from './ticker-state.ts'
import { TickerTrades } from './ticker-trades.ts'
import { TopOfBookMapper } from './top-of-book.ts'

/** Spot and option tickers are always whole: the first comes only when something changes. */
const TICKER_PROOF: { readonly [Name in Category]: TopicProof } = {
  linear: 'snapshot',
  inverse: 'snapshot',
  spot: 'ack',
  option: 'data',
}

const BOOK: TopicKind = {
  prefix: 'orderbook.1',
  proof: 'snapshot',
  speaksOnTrade: true,
  tailOf: bySymbol,
}

/** Tickers: topic `tickers.{symbol}`; spot's have no bid and ask, which `orderbook.1.{symbol}` adds. */
export const tickerDialect: ChannelDialect<'ticker'> = {
  channel: 'ticker',
  topicKinds: (category) => {
    const proof = TICKER_PROOF[category]
    const tickers: TopicKind = { prefix: 'tickers', proof, speaksOnTrade: true, tailOf: bySymbol }
    return category === 'spot' ? [tickers, BOOK] : [tickers]
  },
  createMappers: (category) => {
    const states = new TickerStates(category)
    const tickers = new TickerMapper(category, states)
    return category === 'spot' ? [tickers, new TopOfBookMapper(states)] : [tickers]
  },
  isSnapshot: (event) => event.isSnapshot,
  createTradeWitness: () => new TickerTrades(),
}
