import type { BookTruth, TickerTruth, TradeTruth } from '@grid/bybit-sim'
import {
  changedFields,
  type PublicTradeEvent,
  TICKER_FIELDS,
  type TickerEvent,
  type TickerFieldName,
} from '@grid/core-events'

/** A column's name with the value it must hold and the value it holds, both as text or null. */
export type ColumnPair = readonly [column: string, expected: string | null, stored: string | null]

/** A receive time may precede the production time by this much: two processes read two clocks. */
const CLOCK_TOLERANCE_US = 50_000

const TRADE_COLUMNS = [
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

const OPTION_MARKS = ['markPrice', 'indexPrice', 'markIv', 'iv'] as const

/** Wire names of option tickers that differ from the columns'. */
const OPTION_NAMES: Readonly<Record<string, string>> = {
  bidPrice: 'bid1Price',
  bidSize: 'bid1Size',
  bidIv: 'bid1Iv',
  askPrice: 'ask1Price',
  askSize: 'ask1Size',
  askIv: 'ask1Iv',
  markPriceIv: 'markIv',
}

/** Every column of a stored trade beside what was sent. */
export function tradeColumns(truth: TradeTruth, stored: PublicTradeEvent): ColumnPair[] {
  return [
    ...TRADE_COLUMNS.map((name): ColumnPair => [name, textOf(truth[name]), textOf(stored[name])]),
    ...OPTION_MARKS.map(
      (name): ColumnPair => [name, truth.option?.[name] ?? null, textOf(stored[name])],
    ),
    ...receptionColumns(truth.producedAtUs, stored),
  ]
}

/** Every column of a stored ticker beside the state that the exchange had after the message. */
export function tickerColumns(truth: TickerTruth, stored: TickerEvent): ColumnPair[] {
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
    ...(Object.keys(TICKER_FIELDS) as TickerFieldName[]).map(
      (name): ColumnPair => [name, wireText(name, values[name]), textOf(stored[name])],
    ),
    ...receptionColumns(truth.producedAtUs, stored),
  ]
}

const BOOK_COLUMNS: ReadonlySet<string> = new Set([
  'bid1Price',
  'bid1Size',
  'ask1Price',
  'ask1Size',
])

/** A book's values as one text, to be looked up. */
export function bookText(book: BookTruth): string {
  return [book.bidPrice, book.bidSize, book.askPrice, book.askSize].join(' ')
}

/**
 * Every column of a stored spot ticker; its best bid and ask are carried, so they must be those of
 * some book that was sent, or unknown.
 */
export function spotTickerColumns(
  truth: TickerTruth,
  stored: TickerEvent,
  knownBooks: ReadonlySet<string>,
): ColumnPair[] {
  const { bid1Price, bid1Size, ask1Price, ask1Size } = stored
  const carried = [bid1Price, bid1Size, ask1Price, ask1Size].join(' ')
  const isKnown = bid1Price === null || knownBooks.has(carried)
  return [
    ...tickerColumns(truth, stored).filter(([name]) => !BOOK_COLUMNS.has(name)),
    [
      'carried bid and ask',
      'of a book that was sent',
      isKnown ? 'of a book that was sent' : carried,
    ],
  ]
}

/** Every fresh column of a stored book; one that is sent again to a new connection has a later time. */
export function bookColumns(truth: BookTruth, stored: TickerEvent): ColumnPair[] {
  const isInTime = stored.exchangeTs >= truth.exchangeTs
  return [
    ['category', truth.category, stored.category],
    ['symbol', truth.symbol, stored.symbol],
    [
      'exchangeTs',
      'from when it stood',
      isInTime ? 'from when it stood' : textOf(stored.exchangeTs),
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

function receptionColumns(
  producedAtUs: number,
  stored: { readonly source: string; readonly localTsUs: number },
): ColumnPair[] {
  const tooEarly = stored.localTsUs < producedAtUs - CLOCK_TOLERANCE_US
  const tooLate = stored.localTsUs > Date.now() * 1000 + CLOCK_TOLERANCE_US
  const verdict = tooEarly ? 'before it was produced' : tooLate ? 'in the future' : 'in time'
  return [
    ['source', 'ws', stored.source],
    ['localTsUs', 'in time', verdict],
  ]
}

function textOf(value: string | number | boolean | null): string | null {
  return value === null ? null : String(value)
}

/** The wire writes "not applicable" as an empty text, and a delivery as ISO 8601. */
function wireText(name: string, text: string | undefined): string | null {
  if (text === undefined || text === '') return null
  return name === 'deliveryTime' ? String(Date.parse(text)) : text
}

function sortedNames(names: readonly string[]): string {
  return [...names].sort().join(' ')
}
