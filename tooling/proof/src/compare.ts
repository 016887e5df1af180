import type { BookTruth, TickerTruth, TradeTruth, TruthItem } from '@grid/bybit-sim'
import type { Category, PublicChannel, PublicTradeEvent, TickerEvent } from '@grid/core-events'
import {
  CaptureGapRepository,
  type GridDatabase,
  PublicTradeRepository,
  TickerSnapshotRepository,
} from '@grid/db'
import type { Kysely } from 'kysely'
import {
  bookColumns,
  bookText,
  type ColumnPair,
  spotTickerColumns,
  tickerColumns,
  tradeColumns,
} from './expected-columns.ts'
import { Findings } from './findings.ts'
import { GapCover, type Unsent } from './gap-cover.ts'

/** How the items of one channel compare. */
export interface ChannelProof {
  /** Items written to at least one subscriber. */
  readonly sent: number
  /** Rows stored. */
  readonly stored: number
}

/** What the comparison of a database with the truth found. */
export interface Proof extends Unsent {
  readonly trades: ChannelProof
  readonly tickers: ChannelProof
  readonly missing: number
  readonly unexpected: number
  /** Columns that hold something else than was sent. */
  readonly different: number
  /** The first findings, as sentences. */
  readonly samples: readonly string[]
}

interface Instrument {
  readonly category: Category
  readonly symbol: string
}

/** The items of one instrument, by what identifies them within it. */
interface Items<Truth> {
  readonly instrument: Instrument
  readonly byId: Map<string, Truth>
}

/**
 * Compares every stored row of the truth's symbols with what the simulator sent, column by column,
 * and every item that it sent to nobody with the recorded gaps.
 *
 * @example
 * const proof = await compareWithTruth(db, simulator.truth())
 * proof.missing === 0 && proof.unexpected === 0 && proof.different === 0
 */
export async function compareWithTruth(
  db: Kysely<GridDatabase>,
  truth: AsyncIterable<TruthItem> | Iterable<TruthItem>,
): Promise<Proof> {
  const findings = new Findings()
  const trades = new Map<string, Items<TradeTruth>>()
  const tickers = new Map<string, Items<TickerTruth>>()
  const books = new Map<string, Items<BookTruth>>()
  const cover = new GapCover(await new CaptureGapRepository(db).list())
  for await (const item of truth) {
    if (item.kind === 'trade') {
      place(trades, item, item.tradeId)
      cover.note('publicTrade', item)
    } else if (item.kind === 'ticker') {
      place(tickers, item, tickerId(item))
      cover.note('ticker', item)
    } else if (item.kind === 'book' && item.category === 'spot') {
      place(books, item, String(item.seq))
      cover.note('ticker', item, 'book')
    }
  }

  const tradeRows = new PublicTradeRepository(db)
  const tickerRows = new TickerSnapshotRepository(db)
  const tradeProof = await compareChannel('publicTrade', trades, findings, {
    rows: (instrument) => tradeRows.range({ ...instrument, ...EVER }),
    id: (row: PublicTradeEvent) => row.tradeId,
    columns: tradeColumns,
  })
  // The spot ticker has no bid and ask: those come from books, which are stored as its deltas.
  const isSpot = (row: TickerEvent): boolean => row.category === 'spot'
  const tickerProof = await compareChannel('ticker', tickers, findings, {
    rows: (instrument) =>
      only(tickerRows.range({ ...instrument, ...EVER }), (row) => !isSpot(row) || row.isSnapshot),
    id: (row: TickerEvent) => tickerId(row),
    columns: (truth, row) => {
      if (!isSpot(row)) return tickerColumns(truth, row)
      const known = [...(books.get(nameOf(row))?.byId.values() ?? [])].map(bookText)
      return spotTickerColumns(truth, row, new Set(known))
    },
  })
  const bookProof = await compareChannel('ticker', books, findings, {
    rows: (instrument) =>
      only(tickerRows.range({ ...instrument, ...EVER }), (row) => !row.isSnapshot),
    id: (row: TickerEvent) => String(row.seq),
    columns: bookColumns,
  })
  return {
    trades: tradeProof,
    tickers: {
      sent: tickerProof.sent + bookProof.sent,
      stored: tickerProof.stored + bookProof.stored,
    },
    missing: findings.missing,
    unexpected: findings.unexpected,
    different: findings.different,
    ...cover.result(),
    samples: findings.samples,
  }
}

const EVER = { from: Date.UTC(2019, 0, 1), to: Date.UTC(2100, 0, 1) }

interface ChannelRows<Truth, Row> {
  rows(instrument: Instrument): AsyncIterable<Row>
  id(row: Row): string
  columns(truth: Truth, row: Row): ColumnPair[]
}

async function compareChannel<Truth extends { readonly sentTo: readonly number[] }, Row>(
  channel: PublicChannel,
  instruments: ReadonlyMap<string, Items<Truth>>,
  findings: Findings,
  { rows, id, columns }: ChannelRows<Truth, Row>,
): Promise<ChannelProof> {
  let sent = 0
  let stored = 0
  for (const [name, { instrument, byId }] of instruments) {
    const expected = new Map([...byId].filter(([, item]) => item.sentTo.length > 0))
    const missing = new Set(expected.keys())
    sent += expected.size
    for await (const row of rows(instrument)) {
      stored += 1
      const what = `${channel} ${name} ${id(row)}`
      const truth = expected.get(id(row))
      if (truth === undefined) {
        findings.addUnexpected(what)
        continue
      }
      missing.delete(id(row))
      for (const [column, wanted, found] of columns(truth, row)) {
        if (wanted !== found) findings.addDifferent(what, column, wanted, found)
      }
    }
    for (const key of missing) findings.addMissing(`${channel} ${name} ${key}`)
  }
  return { sent, stored }
}

async function* only<Row>(
  rows: AsyncIterable<Row>,
  isWanted: (row: Row) => boolean,
): AsyncGenerator<Row> {
  for await (const row of rows) if (isWanted(row)) yield row
}

function nameOf({ category, symbol }: Instrument): string {
  return `${category} ${symbol}`
}

function place<Truth extends Instrument>(
  instruments: Map<string, Items<Truth>>,
  item: Truth,
  id: string,
): void {
  const { category, symbol } = item
  const name = nameOf(item)
  const items = instruments.get(name) ?? { instrument: { category, symbol }, byId: new Map() }
  instruments.set(name, items)
  items.byId.set(id, item)
}

function tickerId(ticker: {
  readonly exchangeTs: number
  readonly seq: number
  readonly isSnapshot: boolean
}): string {
  return `${ticker.exchangeTs} ${ticker.seq} ${ticker.isSnapshot ? 'snapshot' : 'delta'}`
}
