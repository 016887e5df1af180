import type { RawTruth, SymbolTotals, TruthItem } from '@grid/bybit-sim'
import type { Category, PublicChannel } from '@grid/core-events'
import type { GridDatabase } from '@grid/db'
import type { Kysely } from 'kysely'
import type { ColumnPair } from './columns.ts'

/** An item of the truth that a channel produced. */
export type Produced = Exclude<TruthItem, RawTruth | SymbolTotals>

/** An instrument. */
export interface Instrument {
  readonly category: Category
  readonly symbol: string
}

/** The produced items of one instrument. */
export interface InstrumentItems {
  /** Those of one kind, in the order of production. */
  of<Kind extends Produced['kind']>(kind: Kind): Iterable<Extract<Produced, { kind: Kind }>>
}

/** Compares items of one instrument with their rows. */
export interface ColumnComparer<Truth, Row> {
  compare(truth: Truth, row: Row): ColumnPair[]
}

/** How one kind of truth items compares with the rows that are stored of them. */
export interface ChannelComparison<Truth extends Produced = Produced, Row = unknown> {
  /** What findings call an item of this kind. */
  readonly name: string
  /** The kind of the items; each kind has one comparison. */
  readonly kind: Truth['kind']
  /** The channel that stores them. */
  readonly channel: PublicChannel
  /** Whether an item is stored in a row of its own. Default: all are. */
  isStored?(truth: Truth): boolean
  /** The symbol of the item's stream, which its gaps name. Default: the item's own. */
  streamSymbol?(truth: Truth): string
  /** What identifies an item within its instrument. */
  idOf(truth: Truth): string
  /** The stored rows of an instrument. */
  rows(db: Kysely<GridDatabase>, instrument: Instrument): AsyncIterable<Row>
  /** The id of the item that a row stores. */
  idOfRow(row: Row): string
  /** Whether a row was read later, as a repair of a gap does: its item need not have been sent. */
  isRepaired?(row: Row): boolean
  /** Compares the items of one instrument with their rows, column by column. */
  columns(items: InstrumentItems): ColumnComparer<Truth, Row>
}

/** All times, for reading whole tables. */
export const EVER = { from: Date.UTC(2019, 0, 1), to: Date.UTC(2100, 0, 1) } as const

/** The rows that pass a test. */
export async function* only<Row>(
  rows: AsyncIterable<Row>,
  isWanted: (row: Row) => boolean,
): AsyncGenerator<Row> {
  for await (const row of rows) if (isWanted(row)) yield row
}
