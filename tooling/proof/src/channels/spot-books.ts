import type { BookTruth } from '@grid/bybit-sim'
import { changedFields, type TickerEvent } from '@grid/core-events'
import { TickerSnapshotRepository } from '@grid/db'
import { type ChannelComparison, EVER, only } from './channel-comparison.ts'
import { type ColumnPair, receptionColumns, sortedNames, textOf } from './columns.ts'

/** The ticker columns that a book sets. */
export const BOOK_COLUMNS: ReadonlySet<string> = new Set([
  'bid1Price',
  'bid1Size',
  'ask1Price',
  'ask1Size',
])

/** Books of spot pairs, which are stored as deltas of their tickers. */
export const SPOT_BOOKS: ChannelComparison<BookTruth, TickerEvent> = {
  name: 'book',
  kind: 'book',
  channel: 'ticker',
  isStored: ({ category }) => category === 'spot',
  idOf: ({ seq }) => String(seq),
  rows: (db, instrument) =>
    only(
      new TickerSnapshotRepository(db).range({ ...instrument, ...EVER }),
      ({ isSnapshot }) => !isSnapshot,
    ),
  idOfRow: ({ seq }) => String(seq),
  columns: () => ({ compare: bookColumns }),
}

/** A book's values as one text. */
export function bookText(book: BookTruth): string {
  return [book.bidPrice, book.bidSize, book.askPrice, book.askSize].join(' ')
}

/** The columns that a book sets; the others are carried. A repeated book has a later time. */
function bookColumns(truth: BookTruth, stored: TickerEvent): ColumnPair[] {
  const isInTime = stored.exchangeTs >= truth.exchangeTs
  return [
    ['category', truth.category, stored.category],
    ['symbol', truth.symbol, stored.symbol],
    [
      'exchangeTs',
      'at or after its first frame',
      isInTime ? 'at or after its first frame' : textOf(stored.exchangeTs),
    ],
    ['seq', String(truth.seq), textOf(stored.seq)],
    ['bid1Price', truth.bidPrice || null, stored.bid1Price],
    ['bid1Size', truth.bidSize || null, stored.bid1Size],
    ['ask1Price', truth.askPrice || null, stored.ask1Price],
    ['ask1Size', truth.askSize || null, stored.ask1Size],
    ['changed', sortedNames([...BOOK_COLUMNS]), sortedNames(changedFields(stored.changed))],
    ['extra', null, stored.extra === null ? null : JSON.stringify(stored.extra)],
    ...receptionColumns(truth.producedAtUs, stored),
  ]
}
