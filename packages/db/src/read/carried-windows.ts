import type { Kysely } from 'kysely'
import { type FormedRows, inOrder, RowFold } from '../carried/fold-rows.ts'
import type { Column } from '../columns/column.ts'
import { dayOf, startOfDay } from '../partitions/partition-day.ts'
import { type Interval, type StoredDay, storedDays, timeTexts } from '../partitions/stored-days.ts'
import type { GridDatabase } from '../schema/database.ts'
import type { DailyTable } from '../tables/shape/event-table.ts'
import type { Lookup } from '../tables/shape/lookup.ts'
import type { CarriedValues } from '../tables/shape/row-form.ts'
import { decodeFormed, formedPageSql } from './carried-page.ts'
import type { PageTexts } from './column-page.ts'
import type { SymbolRow } from './symbol-query.ts'
import { wholeWindowSql, windowSql } from './window-sql.ts'

/** How the pages of a reading are fetched and what they hold. */
export interface WindowPages<Row extends SymbolRow> {
  readonly target: DailyTable<Row>
  /** The columns that are read. */
  readonly columns: readonly Column<Row>[]
  /** The values that all rows have in common, which are not read. */
  readonly constants: Partial<Row>
  /** Whether all rows are of one symbol. */
  readonly isOfOne: boolean
  /** Runs a statement whose `$1` and `$2` are the category and the symbol or symbols. */
  readonly fetch: (sql: string, parameters: readonly unknown[]) => Promise<PageTexts>
}

/** A window that was read, with what was known of the rows before it. */
interface ReadWindow<Row extends SymbolRow> {
  readonly from: number
  readonly stored: FormedRows<Row>
  readonly fold: RowFold<Row>
}

/**
 * Reads windows of rows that may leave values to the rows before them, and makes them whole.
 *
 * What the rows of a window build on is read with them: a writer may have stored some since the window
 * before was read. Only on a day that is over it is kept from one window to the next.
 */
export class CarriedWindows<Row extends SymbolRow> {
  readonly #db: Kysely<GridDatabase>
  readonly #pages: WindowPages<Row>
  readonly #carried: CarriedValues<Row>
  readonly #interval: Interval
  readonly #statements = new Map<string, string>()
  #days: ReadonlyMap<number, StoredDay> | undefined
  #last: ReadWindow<Row> | undefined

  constructor(
    db: Kysely<GridDatabase>,
    pages: WindowPages<Row>,
    carried: CarriedValues<Row>,
    interval: Interval,
  ) {
    this.#db = db
    this.#pages = pages
    this.#carried = carried
    this.#interval = interval
  }

  /** Reads a window within a UTC day; at most `limit` rows, null for all. */
  async read(window: Interval, limit: number | null): Promise<readonly Row[]> {
    const { from } = window
    const day = await this.#dayOf(from)
    const fold = this.#knownBefore(from, day) ?? new RowFold(this.#carried)
    const isKnown = from === startOfDay(from) || fold === this.#last?.fold
    const lookup = day?.lookup ?? this.#pages.target.lookup
    const rows = await this.#fetch(lookup, window, limit, isKnown)
    const isBefore = (row: Row): boolean => row.exchangeTs < from
    if (!isKnown) {
      const before = inOrder(only(rows, isBefore), this.#pages.target.compare)
      fold.complete(before)
      fold.learn(before, from)
    }
    const stored = isKnown ? rows : only(rows, (row) => !isBefore(row))
    this.#last = { from, stored, fold }
    return fold.complete(stored)
  }

  /** What is known of the rows before an instant from the window that was read last, if that suffices. */
  #knownBefore(from: number, day: StoredDay | undefined): RowFold<Row> | undefined {
    const last = this.#last
    if (last === undefined || !day?.isOver) return undefined
    if (from < last.from || dayOf(from) !== dayOf(last.from)) return undefined
    last.fold.learn(last.stored, from)
    return last.fold
  }

  async #dayOf(epochMs: number): Promise<StoredDay | undefined> {
    this.#days ??= new Map(
      (await storedDays(this.#db, this.#pages.target, this.#interval)).map((day) => [day.day, day]),
    )
    return this.#days.get(dayOf(epochMs))
  }

  async #fetch(
    lookup: Lookup,
    window: Interval,
    limit: number | null,
    isKnown: boolean,
  ): Promise<FormedRows<Row>> {
    const { columns, constants, fetch } = this.#pages
    const parameters: unknown[] = [...timeTexts(window), limit]
    if (!isKnown) parameters.push(new Date(startOfDay(window.from)).toISOString())
    const page = await fetch(this.#sql(lookup, isKnown), parameters)
    return decodeFormed(columns, page, constants)
  }

  #sql(lookup: Lookup, isKnown: boolean): string {
    const name = `${lookup.partitionKey} ${isKnown}`
    const statement = { ...this.#pages, lookup }
    const sql =
      this.#statements.get(name) ??
      formedPageSql(
        this.#pages.columns,
        isKnown ? windowSql(statement, true) : wholeWindowSql(statement, this.#carried),
      )
    this.#statements.set(name, sql)
    return sql
  }
}

function only<Row>(
  { rows, forms }: FormedRows<Row>,
  isWanted: (row: Row) => boolean,
): FormedRows<Row> {
  return {
    rows: rows.filter(isWanted),
    forms: forms.filter((_, place) => isWanted(rows[place] as Row)),
  }
}
