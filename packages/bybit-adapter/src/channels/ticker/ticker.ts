import type { Category } from '@grid/core-events'
import type { ChannelDialect, TopicKind, TopicProof } from '../channel-mapper.ts'
import { TickerMapper } from './ticker-mapper.ts'
import { TickerStates } from './ticker-state.ts'
import { TopOfBookMapper } from './top-of-book.ts'

/** Spot and option tickers are always whole: the first comes when something changes. */
const TICKER_PROOF: { readonly [Name in Category]: TopicProof } = {
  linear: 'snapshot',
  inverse: 'snapshot',
  spot: 'ack',
  option: 'data',
}

const BOOK: TopicKind = { prefix: 'orderbook.1', proof: 'snapshot', tailOf: (symbol) => symbol }

/** Tickers: topic `tickers.{symbol}`; on spot, whose tickers lack them, bid and ask of `orderbook.1`. */
export const tickerDialect: ChannelDialect = {
  channel: 'ticker',
  topicKinds: (category) => {
    const proof = TICKER_PROOF[category]
    const tickers: TopicKind = { prefix: 'tickers', proof, tailOf: (symbol) => symbol }
    return category === 'spot' ? [tickers, BOOK] : [tickers]
  },
  createMappers: (category) => {
    const states = new TickerStates(category)
    const tickers = new TickerMapper(category, states)
    return category === 'spot' ? [tickers, new TopOfBookMapper(states)] : [tickers]
  },
}
