import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { type Clock, nowMs } from '@grid/core-events'
import type { ExchangeRules } from '../base/rules.ts'
import type { TradeTruth } from '../truth/trade-truth.ts'
import type { TruthLedger } from '../truth/truth-ledger.ts'
import { CONTRACT_FORMAT, SPOT_FORMAT } from './archive-rows.ts'

const DAY_MS = 86_400_000
const CONTRACT_FILE = /^\/trading\/([^/]+)\/\1(\d{4}-\d{2}-\d{2})\.csv\.gz$/
const SPOT_FILE = /^\/spot\/([^/]+)\/\1_(\d{4}-\d{2}-\d{2})\.csv\.gz$/
const FOLDER = /^\/(trading|spot)\/(?:([^/]+)\/)?$/
const ROWS_PER_CHUNK = 2000

type Section = 'trading' | 'spot'

interface ArchiveFile {
  readonly section: Section
  readonly symbol: string
  /** Midnight UTC, epoch milliseconds. */
  readonly day: number
}

/** Publishes each day's trades as gzipped CSV on the next day. Needs the truth in full mode. */
export class ArchiveServer {
  readonly #clock: Clock
  readonly #ledger: TruthLedger
  readonly #rules: ExchangeRules

  constructor(options: {
    /** The exchange's own clock. */
    clock: Clock
    ledger: TruthLedger
    rules: ExchangeRules
  }) {
    this.#clock = options.clock
    this.#ledger = options.ledger
    this.#rules = options.rules
  }

  /** Answers a request; `encodedPath` is as it stands in the URL. */
  async answer(
    request: IncomingMessage,
    response: ServerResponse,
    encodedPath: string,
  ): Promise<void> {
    const path = decoded(encodedPath)
    const [, section, symbol] = FOLDER.exec(path) ?? []
    const names = section === undefined ? null : this.#names(section as Section, symbol)
    if (names !== null && names.length > 0) {
      const links = names.map((name) => `<li><a href="${encodeURI(name)}">${name}</a></li>`)
      response.writeHead(200, { 'content-type': 'text/html' })
      response.end(`<!DOCTYPE html>\n<html><body><ul>\n${links.join('\n')}\n</ul></body></html>\n`)
      return
    }
    const file = readPath(path)
    if (file === null || this.#tradesOf(file).next().done === true) {
      response.writeHead(404, { 'content-type': 'text/html' }).end('<h1>404 Not Found</h1>')
      return
    }
    response.writeHead(200, { 'content-type': 'application/gzip' })
    if (request.method === 'HEAD') response.end()
    else await pipeline(Readable.from(this.#lines(file)), createGzip(), response)
  }

  /** The entries of a folder: symbols, or the files of one symbol. */
  #names(section: Section, symbol: string | undefined): string[] {
    const symbols = new Set<string>()
    const days = new Set<number>()
    for (const trade of this.#ledger.trades) {
      const day = dayOf(trade.exchangeTs)
      if (sectionOf(trade) !== section || !this.#isPublished(day)) continue
      symbols.add(trade.symbol)
      if (trade.symbol === symbol) days.add(day)
    }
    if (symbol === undefined) return [...symbols].map((name) => `${name}/`).sort()
    return [...days].sort((a, b) => a - b).map((day) => fileName(section, symbol, day))
  }

  *#lines(file: ArchiveFile): Generator<string> {
    const format = file.section === 'spot' ? SPOT_FORMAT : CONTRACT_FORMAT
    const layout = { hasRpi: this.#rules.archiveRpi }
    let number = 0
    let chunk = `${format.header(layout)}\n`
    for (const trade of this.#tradesOf(file)) {
      chunk += `${format.row(trade, ++number, layout)}\n`
      if (number % ROWS_PER_CHUNK !== 0) continue
      yield chunk
      chunk = ''
    }
    yield chunk
  }

  /** The trades of a file; none before it is published. */
  *#tradesOf({ section, symbol, day }: ArchiveFile): Generator<TradeTruth> {
    if (!this.#isPublished(day)) return
    const { trades } = this.#ledger
    const { length } = trades
    for (let index = 0; index < length; index++) {
      const trade = trades[this.#rules.archiveNewestFirst ? length - 1 - index : index]
      if (trade === undefined || trade.symbol !== symbol || sectionOf(trade) !== section) continue
      if (dayOf(trade.exchangeTs) === day) yield trade
    }
  }

  #isPublished(day: number): boolean {
    return nowMs(this.#clock) >= day + DAY_MS + this.#rules.archiveDelayMs
  }
}

/** The path without its percent encoding; what cannot be decoded is no path of a file. */
function decoded(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    return ''
  }
}

function readPath(path: string): ArchiveFile | null {
  for (const [section, pattern] of [
    ['trading', CONTRACT_FILE],
    ['spot', SPOT_FILE],
  ] as const) {
    const [, symbol, date] = pattern.exec(path) ?? []
    if (symbol !== undefined && date !== undefined)
      return { section, symbol, day: Date.parse(date) }
  }
  return null
}

/** The archive's section for a trade; null for options, which have no archive. */
function sectionOf({ category }: TradeTruth): Section | null {
  if (category === 'option') return null
  return category === 'spot' ? 'spot' : 'trading'
}

function dayOf(ts: number): number {
  return ts - (ts % DAY_MS)
}

function fileName(section: Section, symbol: string, ts: number): string {
  const date = new Date(ts).toISOString().slice(0, 10)
  return `${symbol}${section === 'spot' ? '_' : ''}${date}.csv.gz`
}
