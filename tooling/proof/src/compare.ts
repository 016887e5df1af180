import type { TickerTruth, TradeTruth, TruthItem } from '@grid/bybit-sim'
import type { Category, Channel, PublicTradeEvent, TickerEvent } from '@grid/core-events'
import {
  CaptureGapRepository,
  type GridDatabase,
  PublicTradeRepository,
  TickerSnapshotRepository,
} from '@grid/db'
import type { Kysely } from 'kysely'
import { type ColumnPair, tickerColumns, tradeColumns } from './expected-columns.ts'
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
  const cover = new GapCover(await new CaptureGapRepository(db).list())
  for await (const item of truth) {
    if (item.kind === 'trade') {
      place(trades, item, item.tradeId)
      cover.note('publicTrade', item)
    } else if (item.kind === 'ticker') {
      place(tickers, item, tickerId(item))
      cover.note('ticker', item)
    }
  }

  const tradeRows = new PublicTradeRepository(db)
  const tickerRows = new TickerSnapshotRepository(db)
  const tradeProof = await compareChannel('publicTrade', trades, findings, {
    rows: (instrument) => tradeRows.range({ ...instrument, ...EVER }),
    id: (row: PublicTradeEvent) => row.tradeId,
    columns: tradeColumns,
  })
  const tickerProof = await compareChannel('ticker', tickers, findings, {
    rows: (instrument) => tickerRows.range({ ...instrument, ...EVER }),
    id: (row: TickerEvent) => tickerId(row),
    columns: tickerColumns,
  })
  return {
    trades: tradeProof,
    tickers: tickerProof,
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
  channel: Channel,
  instruments: ReadonlyMap<string, Items<Truth>>,
  findings: Findings,
  { rows, id, columns }: ChannelRows<Truth, Row>,
): Promise<ChannelProof> {
  let sent = 0
  let stored = 0
  for (const [name, { instrument, byId }] of instruments) {
    const expected = new Map([...byId].filter(([, item]) => item.sentTo.length > 0))
    sent += expected.size
    for await (const row of rows(instrument)) {
      stored += 1
      const what = `${channel} ${name} ${id(row)}`
      const truth = expected.get(id(row))
      if (truth === undefined) {
        findings.addUnexpected(what)
        continue
      }
      expected.delete(id(row))
      for (const [column, wanted, found] of columns(truth, row)) {
        if (wanted !== found) findings.addDifferent(what, column, wanted, found)
      }
    }
    for (const missing of expected.keys()) findings.addMissing(`${channel} ${name} ${missing}`)
  }
  return { sent, stored }
}

function place<Truth extends Instrument>(
  instruments: Map<string, Items<Truth>>,
  item: Truth,
  id: string,
): void {
  const { category, symbol } = item
  const name = `${category} ${symbol}`
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
