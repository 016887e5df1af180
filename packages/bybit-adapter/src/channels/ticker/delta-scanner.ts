import { parseExchangeTs } from '@grid/core-events'
import type { TickerFieldReader } from './ticker-values.ts'

/** A delta as it was read: its first `count` readers and values belong together. */
export interface ScannedDelta {
  seq: number
  exchangeTs: number
  count: number
  readonly readers: TickerFieldReader[]
  readonly values: (string | number | null)[]
}

/** Values that are cut out of a text keep the whole text in memory: larger frames are parsed instead. */
const MAX_SCANNED_CHARS = 2048
const MAX_DECIMAL_LENGTH = 128

const START = '{"topic":"tickers.'
const MIDDLE = '","type":"delta","data":{"symbol":"'
const BETWEEN = '":"'
const TAIL = /\},"cs":(0|[1-9]\d{0,14}),"ts":([1-9]\d{12})\}$/y

const QUOTE = '"'.charCodeAt(0)
const COMMA = ','.charCodeAt(0)
const MINUS = '-'.charCodeAt(0)
const DOT = '.'.charCodeAt(0)
const ZERO = '0'.charCodeAt(0)
const NINE = '9'.charCodeAt(0)
const T = 't'.charCodeAt(0)
/** Where the topic begins. */
const TOPIC_AT = '{"topic":"'.length

/**
 * Reads ticker deltas of linear and inverse sockets in their usual form, without parsing them: in less
 * than the time that `JSON.parse` alone takes.
 *
 * Gives null for any other form, so that the frame must be parsed: for another order of the envelope's
 * keys, an unknown or repeated field, a value that is unreadable. What it gives is what parsing would
 * give.
 */
export class DeltaScanner {
  readonly #readers: ReadonlyMap<string, TickerFieldReader>
  /** Used again for every frame. */
  readonly #delta: ScannedDelta = { seq: 0, exchangeTs: 0, count: 0, readers: [], values: [] }

  constructor(readers: ReadonlyMap<string, TickerFieldReader>) {
    this.#readers = readers
  }

  /** The symbol that a frame's topic names; null if the frame is no ticker's, or too large. */
  symbolOf(text: string): string | null {
    // Most other frames differ in this one character.
    if (text.charCodeAt(TOPIC_AT) !== T || text.length > MAX_SCANNED_CHARS) return null
    if (!text.startsWith(START)) return null
    return text.slice(START.length, text.indexOf('"', START.length))
  }

  /** The delta of a symbol; valid until the next frame is read. */
  scan(text: string, symbol: string): ScannedDelta | null {
    const middle = START.length + symbol.length
    let at = middle + MIDDLE.length + symbol.length
    if (
      !text.startsWith(MIDDLE, middle) ||
      !text.startsWith(symbol, middle + MIDDLE.length) ||
      text.charCodeAt(at) !== QUOTE ||
      // An escape may hide a quote, and may make one text of another.
      text.includes('\\')
    ) {
      return null
    }
    const delta = this.#delta
    delta.count = 0
    at++
    while (text.charCodeAt(at) === COMMA) {
      at = this.#scanField(text, at)
      if (at === -1) return null
    }
    TAIL.lastIndex = at
    const tail = TAIL.exec(text)
    const exchangeTs = tail === null ? undefined : parseExchangeTs(Number(tail[2]))
    if (tail === null || exchangeTs === undefined) return null
    delta.seq = Number(tail[1])
    delta.exchangeTs = exchangeTs
    return delta
  }

  /** Reads the field that begins with a comma; gives the place behind it, or −1. */
  #scanField(text: string, from: number): number {
    const keyEnd = text.indexOf('"', from + 2)
    if (text.charCodeAt(from + 1) !== QUOTE || !text.startsWith(BETWEEN, keyEnd)) return -1
    const reader = this.#readers.get(text.slice(from + 2, keyEnd))
    if (reader === undefined || this.#has(reader)) return -1
    const start = keyEnd + BETWEEN.length
    const end = reader.isDecimal ? decimalEnd(text, start) : text.indexOf('"', start)
    if (end === -1) return -1
    const cut = text.slice(start, end)
    const value = reader.isDecimal ? cut : reader.read(cut)
    if (value === undefined) return -1
    const delta = this.#delta
    delta.readers[delta.count] = reader
    delta.values[delta.count] = value
    delta.count++
    return end + 1
  }

  #has(reader: TickerFieldReader): boolean {
    const { count, readers } = this.#delta
    for (let index = 0; index < count; index++) {
      if (readers[index] === reader) return true
    }
    return false
  }
}

/**
 * The end of a plain decimal that a quote follows, or −1: checked where it stands, which takes half the
 * time of checking a text that was cut out.
 */
function decimalEnd(text: string, from: number): number {
  let at = text.charCodeAt(from) === MINUS ? from + 1 : from
  let start = at
  let isFraction = false
  for (; ; at++) {
    const code = text.charCodeAt(at)
    if (code >= ZERO && code <= NINE) continue
    if (at === start) return -1
    if (code === QUOTE) return at - from > MAX_DECIMAL_LENGTH ? -1 : at
    if (code !== DOT || isFraction) return -1
    isFraction = true
    start = at + 1
  }
}
