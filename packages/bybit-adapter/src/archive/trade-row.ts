import {
  type Decimal,
  EARLIEST_EXCHANGE_TS,
  isDecimal,
  isSymbol,
  LATEST_EXCHANGE_TS,
  type PublicTradeEvent,
} from '@grid/core-events'
import { describeValue } from '../wire/printable.ts'
import type { ArchiveLayout } from './archive-layout.ts'
import { archiveTime } from './archive-time.ts'
import type { TradeArchiveDay } from './trade-archive-url.ts'

/** Why a row yields no event. */
export interface RowFault {
  /** The column's name; null if the whole row is unreadable. */
  readonly field: string | null
  readonly reason: string
}

/** Printable ASCII without `|`: what the archive writes and `isSymbol` accepts. */
const ID = /^[!-{}~]{1,64}$/
const TICK_DIRECTIONS = ['PlusTick', 'ZeroPlusTick', 'MinusTick', 'ZeroMinusTick'] as const
const COMMA = ','

/** Reads the rows of one file, in order. */
export class TradeRowReader {
  readonly #day: TradeArchiveDay
  readonly #layout: ArchiveLayout
  /** The symbol as it looks in a text of which each character is one byte. */
  readonly #symbolText: string
  /** Where each column begins; the last entry is one past the row's end. */
  readonly #starts: Int32Array
  #row = 0

  constructor(day: TradeArchiveDay, layout: ArchiveLayout) {
    this.#day = day
    this.#layout = layout
    this.#symbolText = Buffer.from(day.symbol).toString('latin1')
    this.#starts = new Int32Array(layout.names.length + 1)
  }

  /**
   * Reads the row from `start` to `end` of a text of which each character is one byte.
   *
   * @param bytes the bytes of the text: ids are copied from there, so that they do not keep the text
   */
  read(
    text: string,
    bytes: Buffer,
    start: number,
    end: number,
    localTsUs: number,
  ): PublicTradeEvent | RowFault {
    this.#row++
    if (!this.#split(text, start, end)) return this.#columnsFault(text.slice(start, end))
    const layout = this.#layout
    const { category, symbol, day } = this.#day

    const exchangeTs = archiveTime(
      text,
      this.#start(layout.timestamp),
      this.#end(layout.timestamp),
      layout.isInSeconds,
    )
    if (!(exchangeTs >= EARLIEST_EXCHANGE_TS && exchangeTs < LATEST_EXCHANGE_TS)) {
      return this.#fault(text, layout.timestamp, 'is no time from 2019 to 2099')
    }
    if (layout.symbol >= 0 && !this.#is(text, layout.symbol, this.#symbolText)) {
      return this.#fault(text, layout.symbol, `is not ${symbol}`)
    }
    const side = this.#side(text)
    if (side === null) return this.#fault(text, layout.side, 'is neither Buy nor Sell')
    const price = this.#decimal(text, layout.price)
    if (price === null) return this.#fault(text, layout.price, 'is no decimal')
    const size = this.#decimal(text, layout.size)
    if (size === null) return this.#fault(text, layout.size, 'is no decimal')
    const tickDirection = this.#tickDirection(text)
    if (tickDirection === undefined) return this.#fault(text, layout.tickDirection, 'is no name')
    const isRpiTrade = this.#flag(text, layout.rpi)
    if (isRpiTrade === undefined) return this.#fault(text, layout.rpi, 'is neither 0 nor 1')
    const id = layout.tradeId
    const tradeId =
      id < 0 ? `arch:${day}:${this.#row}` : bytes.toString('latin1', this.#start(id), this.#end(id))
    if (id >= 0 && !ID.test(tradeId)) return this.#fault(text, id, 'is no id')

    return {
      channel: 'publicTrade',
      category,
      symbol,
      exchangeTs,
      localTsUs,
      source: 'archive',
      tradeId,
      side,
      price,
      size,
      tickDirection,
      isBlockTrade: null,
      isRpiTrade,
      seq: -1,
      matchIndex: -1,
      markPrice: null,
      indexPrice: null,
      markIv: null,
      iv: null,
    }
  }

  /** Finds the columns; false if their number is not the header's. */
  #split(text: string, start: number, end: number): boolean {
    const starts = this.#starts
    const last = starts.length - 1
    starts[0] = start
    let at = start
    for (let column = 1; column < last; column++) {
      at = text.indexOf(COMMA, at) + 1
      if (at === 0 || at > end) return false
      starts[column] = at
    }
    starts[last] = end + 1
    const next = text.indexOf(COMMA, at)
    return next < 0 || next >= end
  }

  #start(column: number): number {
    return this.#starts[column] ?? 0
  }

  #end(column: number): number {
    return (this.#starts[column + 1] ?? 0) - 1
  }

  #is(text: string, column: number, expected: string): boolean {
    const start = this.#start(column)
    return this.#end(column) - start === expected.length && text.startsWith(expected, start)
  }

  #side(text: string): 'Buy' | 'Sell' | null {
    const { side } = this.#layout
    if (this.#is(text, side, 'Buy') || this.#is(text, side, 'buy')) return 'Buy'
    if (this.#is(text, side, 'Sell') || this.#is(text, side, 'sell')) return 'Sell'
    return null
  }

  #decimal(text: string, column: number): Decimal | null {
    const value = text.slice(this.#start(column), this.#end(column))
    return isDecimal(value) ? value : null
  }

  #tickDirection(text: string): string | null | undefined {
    const { tickDirection } = this.#layout
    if (tickDirection < 0 || this.#is(text, tickDirection, '')) return null
    // A constant rather than a piece of this text, which would keep the whole text in memory.
    for (const known of TICK_DIRECTIONS) if (this.#is(text, tickDirection, known)) return known
    const value = text.slice(this.#start(tickDirection), this.#end(tickDirection))
    return isSymbol(value) && ID.test(value) ? value : undefined
  }

  #flag(text: string, column: number): boolean | null | undefined {
    if (column < 0 || this.#is(text, column, '')) return null
    if (this.#is(text, column, '0')) return false
    return this.#is(text, column, '1') ? true : undefined
  }

  #fault(text: string, column: number, what: string): RowFault {
    const field = this.#layout.names[column] ?? null
    const value = text.slice(this.#start(column), this.#end(column))
    return { field, reason: `${field} ${what}, got ${describeValue(value)}` }
  }

  #columnsFault(row: string): RowFault {
    const columns = row.split(COMMA).length
    const reason = `the row has ${columns} columns, the file ${this.#layout.names.length}`
    return { field: null, reason }
  }
}
