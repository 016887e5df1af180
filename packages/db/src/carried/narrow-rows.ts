import type { Kysely } from 'kysely'
import { dayOf } from '../partitions/partition-day.ts'
import type { GridDatabase } from '../schema/database.ts'
import type { DailyTable, StoredRow } from '../tables/shape/event-table.ts'
import { type CarriedValues, ROW_FORM, type RowForm } from '../tables/shape/row-form.ts'
import type { FormedRows } from './fold-rows.ts'
import { type FreshFields, freshFields } from './fresh-fields.ts'
import { readStoredEnds } from './stored-ends.ts'
import type { StreamDay } from './stream-memory.ts'

/** A row of an instrument. */
export interface InstrumentRow extends StoredRow {
  readonly category: string
  readonly symbol: string
}

/** A table whose rows may leave values to the rows before them. */
export interface CarriedTable<Row extends InstrumentRow> extends DailyTable<Row> {
  readonly carried: CarriedValues<Row>
}

/** A base comes at the latest after as many other rows, so that few must be read to complete one. */
const MOST_ROWS_SINCE_BASE = 64
/** After this time a base comes too, but not before as many others. */
const BASE_AGE_MS = 60_000
const FEWEST_ROWS_SINCE_BASE = 20

/** The name of a row's stream and UTC day. */
function streamKey({ category, symbol, exchangeTs }: InstrumentRow): string {
  return `${dayOf(exchangeTs)} ${category} ${symbol}`
}

/** The names of rows' streams and days; those of one stream mostly come in a row. */
export function streamKeys(rows: readonly InstrumentRow[]): readonly string[] {
  let last: InstrumentRow | undefined
  let key = ''
  return rows.map((row) => {
    const isSame =
      row.symbol === last?.symbol &&
      row.category === last.category &&
      dayOf(row.exchangeTs) === dayOf(last.exchangeTs)
    if (!isSame) key = streamKey(row)
    last = row
    return key
  })
}

/**
 * Decides for each row of a batch in which form it is stored.
 *
 * A row leaves values out only if it follows the last stored row of its instrument and day, and if those
 * values are that row's. So what is read is what was offered, whatever the offered rows say, unless another
 * process stored another row of the stream meanwhile: decision 0024 says what is read then.
 */
export class RowNarrower<Row extends InstrumentRow> {
  /** What will be known of the streams of the batch once its rows are stored. */
  readonly known: Map<string, StreamDay<Row>> = new Map()
  readonly #target: CarriedTable<Row>
  readonly #fields: FreshFields<Row>
  readonly #rows: readonly Row[]
  readonly #keys: readonly string[]

  /** The rows must come in the order in which they are read. */
  constructor(target: CarriedTable<Row>, rows: readonly Row[]) {
    this.#target = target
    this.#fields = freshFields(target.carried)
    this.#rows = rows
    this.#keys = streamKeys(rows)
  }

  /** Takes over what is remembered of the batch's streams, and asks the database about the others. */
  async learn(
    db: Kysely<GridDatabase>,
    remembered: (key: string) => StreamDay<Row> | undefined,
  ): Promise<void> {
    const unknown = new Map<string, { category: string; day: number; symbols: Set<string> }>()
    for (const [index, key] of this.#keys.entries()) {
      if (key === this.#keys[index - 1]) continue
      const day = remembered(key)
      if (day !== undefined) {
        this.known.set(key, day)
        continue
      }
      const { category, symbol, exchangeTs } = this.#rows[index] as Row
      const group = `${dayOf(exchangeTs)} ${category}`
      const others = unknown.get(group) ?? { category, day: dayOf(exchangeTs), symbols: new Set() }
      others.symbols.add(symbol)
      unknown.set(group, others)
    }
    for (const [group, { category, day, symbols }] of unknown) {
      const ends = await readStoredEnds(db, this.#target, { category, day, symbols: [...symbols] })
      for (const [symbol, { firstTs, lastTs }] of ends) {
        const known = { firstTs, lastTs, last: null, baseTs: lastTs, rowsSinceBase: 0 }
        this.known.set(`${group} ${symbol}`, known)
      }
    }
  }

  /** Gives the rows, and the form in which each is to be stored. */
  narrow(): FormedRows<Row> {
    let day: StreamDay<Row> | undefined
    const forms = this.#rows.map((row, index) => {
      const key = this.#keys[index] as string
      if (key !== this.#keys[index - 1]) day = this.known.get(key)
      const form = this.#formAfter(day, row)
      day = dayAfter(day, row, form)
      if (key !== this.#keys[index + 1]) this.known.set(key, day)
      return form
    })
    return { rows: this.#rows, forms }
  }

  #formAfter(day: StreamDay<Row> | undefined, row: Row): RowForm {
    const { carried, compare } = this.#target
    if (day === undefined) return ROW_FORM.base
    const { last } = day
    const isAfter = last === null ? row.exchangeTs > day.lastTs : compare(last, row) < 0
    // The first row of a day is whole anyway, so one that came late may become the first.
    if (!isAfter) return row.exchangeTs < day.firstTs ? ROW_FORM.base : ROW_FORM.apart
    if (last === null || isBaseDue(day, row)) return ROW_FORM.base
    return carried.isWhole(row) || !this.#continues(last, row) ? ROW_FORM.whole : ROW_FORM.delta
  }

  /** Whether the values that a row's message did not carry are those of the row before it. */
  #continues(before: Row, row: Row): boolean {
    for (const field of this.#fields.of(row).carried) {
      if (row[field] !== before[field]) return false
    }
    return true
  }
}

function isBaseDue({ baseTs, rowsSinceBase }: StreamDay<unknown>, row: StoredRow): boolean {
  const rows = rowsSinceBase + 1
  if (rows >= MOST_ROWS_SINCE_BASE) return true
  return rows >= FEWEST_ROWS_SINCE_BASE && row.exchangeTs - baseTs >= BASE_AGE_MS
}

/** What is known of a stream's day once a row is stored in a form. */
function dayAfter<Row extends StoredRow>(
  day: StreamDay<Row> | undefined,
  row: Row,
  form: RowForm,
): StreamDay<Row> {
  const { exchangeTs } = row
  if (day !== undefined && form === ROW_FORM.apart) return day
  if (day !== undefined && exchangeTs < day.firstTs) return { ...day, firstTs: exchangeTs }
  const firstTs = day?.firstTs ?? exchangeTs
  const isBase = day === undefined || form === ROW_FORM.base
  return {
    firstTs,
    lastTs: exchangeTs,
    last: row,
    baseTs: isBase ? exchangeTs : day.baseTs,
    rowsSinceBase: isBase ? 0 : day.rowsSinceBase + 1,
  }
}
