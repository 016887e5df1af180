import type { TickerTruth } from '@grid/bybit-sim'
import { changedFields, TICKER_FIELD_NAMES, type TickerEvent } from '@grid/core-events'
import { TickerSnapshotRepository } from '@grid/db'
import { type ChannelComparison, EVER, type InstrumentItems, only } from './channel-comparison.ts'
import { type ColumnPair, receptionColumns, sortedNames, textOf } from './columns.ts'
import { BOOK_COLUMNS, bookText } from './spot-books.ts'

/** Keys of option tickers that have another name in the table. */
const OPTION_NAMES: Readonly<Record<string, string>> = {
  bidPrice: 'bid1Price',
  bidSize: 'bid1Size',
  bidIv: 'bid1Iv',
  askPrice: 'ask1Price',
  askSize: 'ask1Size',
  askIv: 'ask1Iv',
  markPriceIv: 'markIv',
}

/** Ticker messages, each with the exchange's whole state after it. */
export const TICKERS: ChannelComparison<TickerTruth, TickerEvent> = {
  name: 'ticker',
  kind: 'ticker',
  channel: 'ticker',
  idOf: tickerId,
  // The deltas of a spot ticker are its books, which are compared on their own.
  rows: (db, instrument) =>
    only(
      new TickerSnapshotRepository(db).range({ ...instrument, ...EVER }),
      ({ category, isSnapshot }) => category !== 'spot' || isSnapshot,
    ),
  idOfRow: tickerId,
  columns: (items) => {
    const books = sentBooks(items)
    return {
      compare: (truth, row) =>
        truth.category === 'spot' ? spotColumns(truth, row, books) : tickerColumns(truth, row),
    }
  },
}

function tickerId(ticker: {
  readonly exchangeTs: number
  readonly seq: number
  readonly isSnapshot: boolean
}): string {
  return `${ticker.exchangeTs} ${ticker.seq} ${ticker.isSnapshot ? 'snapshot' : 'delta'}`
}

function tickerColumns(truth: TickerTruth, stored: TickerEvent): ColumnPair[] {
  const rename = (name: string): string =>
    truth.category === 'option' ? (OPTION_NAMES[name] ?? name) : name
  const values: Readonly<Partial<Record<string, string>>> = Object.fromEntries(
    Object.entries(truth.values).map(([name, value]) => [rename(name), value]),
  )
  return [
    ['category', truth.category, stored.category],
    ['symbol', truth.symbol, stored.symbol],
    ['exchangeTs', String(truth.exchangeTs), textOf(stored.exchangeTs)],
    ['seq', String(truth.seq), textOf(stored.seq)],
    ['isSnapshot', String(truth.isSnapshot), textOf(stored.isSnapshot)],
    [
      'changed',
      sortedNames(truth.sentKeys.map(rename)),
      sortedNames(changedFields(stored.changed)),
    ],
    ['extra', null, stored.extra === null ? null : JSON.stringify(stored.extra)],
    ...TICKER_FIELD_NAMES.map(
      (name): ColumnPair => [name, wireText(name, values[name]), textOf(stored[name])],
    ),
    ...receptionColumns(truth.producedAtUs, stored),
  ]
}

/**
 * A spot ticker carries no bid and ask of its own: its row has those of the last book, so they must be
 * the values of some book, or unknown.
 */
function spotColumns(
  truth: TickerTruth,
  stored: TickerEvent,
  books: ReadonlySet<string>,
): ColumnPair[] {
  const { bid1Price, bid1Size, ask1Price, ask1Size } = stored
  const carried = [bid1Price, bid1Size, ask1Price, ask1Size].join(' ')
  const isKnown = bid1Price === null || books.has(carried)
  return [
    ...tickerColumns(truth, stored).filter(([name]) => !BOOK_COLUMNS.has(name)),
    [
      'carried bid and ask',
      'of a book that was sent',
      isKnown ? 'of a book that was sent' : carried,
    ],
  ]
}

function sentBooks(items: InstrumentItems): ReadonlySet<string> {
  return new Set([...items.of('book')].map(bookText))
}

/** The wire writes "not applicable" as an empty text, and a delivery time as ISO 8601. */
function wireText(name: string, text: string | undefined): string | null {
  if (text === undefined || text === '') return null
  return name === 'deliveryTime' ? String(Date.parse(text)) : text
}
