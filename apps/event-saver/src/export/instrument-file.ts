import { join } from 'node:path'
import { type Category, type Instrument, instrumentToJson } from '@grid/core-events'
import { type GridDatabase, InstrumentRepository, type InstrumentState } from '@grid/db'
import type { Kysely } from 'kysely'
import { ROW_FORMATS } from './formats.ts'
import type { InstrumentEntry } from './manifest.ts'
import { writeWhole } from './output-file.ts'
import type { ExportColumn, ExportFormat } from './row-format.ts'

const DAY_MS = 86_400_000

/** A category's day, and where its instruments are written. */
export interface InstrumentOrder {
  readonly db: Kysely<GridDatabase>
  readonly category: Category
  /** UTC, as `2026-11-21`. */
  readonly day: string
  readonly format: ExportFormat
  /** Whether no text of a CSV file may be a formula to a spreadsheet; default false. */
  readonly spreadsheetSafe?: boolean
  /** Absolute path. */
  readonly folder: string
}

type Row = Readonly<Record<string, unknown>>

/** The columns of a file of instruments, each with its value of a state. */
const COLUMNS: readonly (readonly [
  name: string,
  kind: ExportColumn['kind'],
  value: (state: InstrumentState, instrument: Instrument) => unknown,
])[] = [
  ['category', 'text', ({ category }) => category],
  ['symbol', 'text', ({ symbol }) => symbol],
  ['valid_from', 'ms', ({ validFrom }) => validFrom],
  ['valid_until', 'ms', ({ validUntil }) => validUntil],
  ['changed_after', 'ms', ({ changedAfter }) => changedAfter],
  ['confirmed_until', 'ms', ({ confirmedUntil }) => confirmedUntil],
  ['status', 'text', (_, { status }) => status],
  ['contract_type', 'text', (_, { contractType }) => contractType],
  ['options_type', 'text', (_, { optionsType }) => optionsType],
  ['base_coin', 'text', (_, { baseCoin }) => baseCoin],
  ['quote_coin', 'text', (_, { quoteCoin }) => quoteCoin],
  ['settle_coin', 'text', (_, { settleCoin }) => settleCoin],
  ['symbol_type', 'text', (_, { symbolType }) => symbolType],
  ['tick_size', 'numeric', (_, { priceFilter }) => priceFilter?.tickSize],
  ['min_price', 'numeric', (_, { priceFilter }) => priceFilter?.minPrice],
  ['max_price', 'numeric', (_, { priceFilter }) => priceFilter?.maxPrice],
  ['qty_step', 'numeric', (_, { lotSizeFilter }) => lotSizeFilter?.qtyStep],
  ['base_precision', 'numeric', (_, { lotSizeFilter }) => lotSizeFilter?.basePrecision],
  ['min_order_qty', 'numeric', (_, { lotSizeFilter }) => lotSizeFilter?.minOrderQty],
  ['max_order_qty', 'numeric', (_, { lotSizeFilter }) => lotSizeFilter?.maxOrderQty],
  ['min_notional_value', 'numeric', (_, { lotSizeFilter }) => lotSizeFilter?.minNotionalValue],
  ['xstock_multiplier', 'numeric', (_, { xstockMultiplier }) => xstockMultiplier],
  ['launch_time', 'ms', (_, { launchTime }) => launchTime],
  ['delivery_time', 'ms', (_, { deliveryTime }) => deliveryTime],
  ['funding_interval', 'bigint', (_, { fundingInterval }) => fundingInterval],
  ['auction_phase', 'text', (_, { preListingInfo }) => preListingInfo?.curAuctionPhase],
  ['details', 'jsonb', (_, instrument) => instrumentToJson(instrument)],
]

/**
 * Writes what a category listed on a day: every state that held at some time of it. The file is written
 * anew with every export, because it holds all instruments of the category.
 */
export async function exportInstruments(order: InstrumentOrder): Promise<InstrumentEntry> {
  const { db, category, day, format, folder, spreadsheetSafe = false } = order
  const exportedAt = Date.now()
  const repository = new InstrumentRepository(db)
  const from = Date.parse(`${day}T00:00:00Z`)
  // Before the states: of a list that is recorded meanwhile they may hold nothing.
  const last = (await repository.lastLists()).find((list) => list.category === category)
  const states = await repository.history({ category, from, to: from + DAY_MS })
  const knownFrom = await repository.firstKnown(category)
  const known = { knownFrom, knownUntil: last?.exchangeTs ?? null, exportedAt }
  const about = { category, day, format, spreadsheetSafe, rows: states.length }
  if (states.length === 0) return { ...about, path: null, bytes: null, sha256: null, ...known }
  const path = `instruments/${category}/${day}.${format}`
  const columns = COLUMNS.map(([name, kind]) => ({ name, field: name, kind }))
  const finished = await writeWhole(join(folder, path), async (file) => {
    const writer = ROW_FORMATS[format](columns, file, { spreadsheetSafe })
    for (const state of states) await writer.write(rowOf(state))
    await writer.finish()
  })
  return { ...about, path, ...finished, ...known }
}

function rowOf(state: InstrumentState): Row {
  const entries = COLUMNS.map(([name, , value]) => [name, value(state, state.instrument) ?? null])
  return Object.fromEntries(entries) as Row
}
