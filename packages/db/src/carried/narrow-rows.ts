import type { Kysely } from 'kysely'
import { dayOf } from '../partitions/partition-day.ts'
import type { GridDatabase } from '../schema/database.ts'
import type { DailyTable, StoredRow } from '../tables/shape/event-table.ts'
import { type CarriedValues, ROW_FORM, type RowForm, setForm } from '../tables/shape/row-form.ts'
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
 * values are that row's. So what is read is what was offered, whatever the offered rows say.
 */
export class RowNarrower<Row extends InstrumentRow> {
  /** What will be known of the streams of the batch once its rows are stored. */
  readonly known: Map<string, StreamDay<Row>> = new Map()
  readonly #target: CarriedTable<Row>
  readonly #fields: FreshFields<Row>
  readonly #blank: Partial<Record<keyof Row, unknown>>
  readonly #ownFields: readonly (keyof Row & string)[]

  constructor(target: CarriedTable<Row>) {
    const { carried, columns } = target
    const values = new Set<string>(carried.fields)
    this.#target = target
    this.#fields = freshFields(carried)
    this.#ownFields = columns.map(({ field }) => field).filter((field) => !values.has(field))
    // A parsed object: copies of it stay fast, see `decodePage`.
    const nothing = Object.fromEntries(columns.map(({ field }) => [field, null]))
    this.#blank = JSON.parse(JSON.stringify(nothing))
  }

  /** Takes over what is remembered of the batch's streams, and asks the database about the others. */
  async learn(
    db: Kysely<GridDatabase>,
    rows: readonly Row[],
    remembered: (key: string) => StreamDay<Row> | undefined,
  ): Promise<void> {
    const unknown = new Map<string, { category: string; day: number; symbols: Set<string> }>()
    const seen = new Set<string>()
    const keys = streamKeys(rows)
    for (const [index, row] of rows.entries()) {
      const key = keys[index] as string
      if (seen.has(key)) continue
      seen.add(key)
      const day = remembered(key)
      if (day !== undefined) {
        this.known.set(key, day)
        continue
      }
      const { category, symbol, exchangeTs } = row
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

  /** Gives the rows as they are stored. They must come in the order in which they are read. */
  narrow(rows: readonly Row[]): readonly Row[] {
    const keys = streamKeys(rows)
    return rows.map((row, index) => {
      const form = this.#place(row, keys[index] as string)
      return setForm(form === ROW_FORM.delta ? this.#delta(row) : row, form)
    })
  }

  /** Decides a row's form, and notes what is known after it. */
  #place(row: Row, key: string): RowForm {
    const { carried, compare } = this.#target
    const { exchangeTs } = row
    const day = this.known.get(key)
    if (day === undefined) {
      const only = { firstTs: exchangeTs, lastTs: exchangeTs, last: row }
      this.known.set(key, { ...only, baseTs: exchangeTs, rowsSinceBase: 0 })
      return ROW_FORM.base
    }
    const { last } = day
    const isAfter = last === null ? exchangeTs > day.lastTs : compare(last, row) < 0
    if (!isAfter) {
      if (exchangeTs >= day.firstTs) return ROW_FORM.apart
      // The first row of a day is whole anyway, so this one may become the first.
      this.known.set(key, { ...day, firstTs: exchangeTs })
      return ROW_FORM.base
    }
    const isBase = last === null || isBaseDue(day, row)
    const isWhole = isBase || carried.isWhole(row) || !this.#continues(last, row)
    this.known.set(key, {
      firstTs: day.firstTs,
      lastTs: exchangeTs,
      last: row,
      baseTs: isBase ? exchangeTs : day.baseTs,
      rowsSinceBase: isBase ? 0 : day.rowsSinceBase + 1,
    })
    return isBase ? ROW_FORM.base : isWhole ? ROW_FORM.whole : ROW_FORM.delta
  }

  /** Whether the values that a row's message did not carry are those of the row before it. */
  #continues(before: Row, row: Row): boolean {
    for (const field of this.#fields.of(row).carried) {
      if (row[field] !== before[field]) return false
    }
    return true
  }

  #delta(row: Row): Row {
    const narrow = { ...this.#blank }
    for (const field of this.#ownFields) narrow[field] = row[field]
    for (const field of this.#fields.of(row).fresh) narrow[field] = row[field]
    // Sound: values that are left out may be null.
    return narrow as Row
  }
}

function isBaseDue({ baseTs, rowsSinceBase }: StreamDay<unknown>, row: StoredRow): boolean {
  const rows = rowsSinceBase + 1
  if (rows >= MOST_ROWS_SINCE_BASE) return true
  return rows >= FEWEST_ROWS_SINCE_BASE && row.exchangeTs - baseTs >= BASE_AGE_MS
}
