import type { TradeTruth } from '@grid/bybit-sim'
import type { PublicTradeEvent } from '@grid/core-events'
import { PublicTradeRepository } from '@grid/db'
import { type ChannelComparison, EVER } from './channel-comparison.ts'
import { type ColumnPair, receptionColumns, textOf } from './columns.ts'

const COLUMNS = [
  'category',
  'symbol',
  'exchangeTs',
  'tradeId',
  'side',
  'price',
  'size',
  'tickDirection',
  'isBlockTrade',
  'isRpiTrade',
  'seq',
  'matchIndex',
] as const

const OPTION_COLUMNS = ['markPrice', 'indexPrice', 'markIv', 'iv'] as const

/** Trades, each with every column. */
export const TRADES: ChannelComparison<TradeTruth, PublicTradeEvent> = {
  name: 'publicTrade',
  kind: 'trade',
  channel: 'publicTrade',
  // The stream of option trades is that of their base coin.
  streamSymbol: ({ category, symbol }) =>
    category === 'option' ? (symbol.split('-')[0] ?? symbol) : symbol,
  idOf: ({ tradeId }) => tradeId,
  rows: (db, instrument) => new PublicTradeRepository(db).range({ ...instrument, ...EVER }),
  idOfRow: ({ tradeId }) => tradeId,
  isRepaired: ({ source }) => source === 'rest',
  columns: () => ({ compare: tradeColumns }),
}

/** What REST does not tell of a trade. */
const UNKNOWN_TO_REST = { tickDirection: null, matchIndex: -1 } as const

function tradeColumns(sent: TradeTruth, stored: PublicTradeEvent): ColumnPair[] {
  const isOfRest = stored.source === 'rest'
  const truth = isOfRest ? { ...sent, ...UNKNOWN_TO_REST } : sent
  return [
    ...COLUMNS.map((name): ColumnPair => [name, textOf(truth[name]), textOf(stored[name])]),
    ...OPTION_COLUMNS.map(
      (name): ColumnPair => [name, truth.option?.[name] ?? null, textOf(stored[name])],
    ),
    ...receptionColumns(truth.producedAtUs, stored, isOfRest ? 'rest' : 'ws'),
  ]
}
