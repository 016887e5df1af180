import { createReadStream } from 'node:fs'
import { type Clock, type DeadLetter, type PublicTradeEvent, systemClock } from '@grid/core-events'
import { BybitAdapterError } from '../errors.ts'
import { archiveLayout } from './archive-layout.ts'
import { fetchArchive } from './fetch-archive.ts'
import { lineBlocks } from './line-blocks.ts'
import { type ArchiveLocation, tradeArchivePath, tradeArchiveUrl } from './trade-archive-url.ts'
import { TradeRowReader } from './trade-row.ts'
import { unpack } from './unpack.ts'

/** Options of {@link readTradeArchive}; the file is fetched unless `file` or `stream` is given. */
export interface ReadTradeArchiveOptions extends ArchiveLocation {
  /** The path of a downloaded file. */
  readonly file?: string | undefined
  /** The file's bytes, as published: a Node or web stream, for instance. */
  readonly stream?: AsyncIterable<Uint8Array> | undefined
  /** Rows in a batch, good and bad together; default 2000. */
  readonly batchSize?: number | undefined
  /** While fetching, how long nothing may be received; default 30,000 ms. */
  readonly timeoutMs?: number | undefined
  readonly signal?: AbortSignal | undefined
  readonly clock?: Clock | undefined
}

/** Some rows of a file, in the file's order: each is an event or a dead letter. */
export interface TradeArchiveBatch {
  readonly events: readonly PublicTradeEvent[]
  /** Rows that cannot be read, each with its own bytes; `topic` is the file's path. */
  readonly deadLetters: readonly DeadLetter[]
}

const CARRIAGE_RETURN = 13

/**
 * Reads a day's trades (`public.bybit.com`) in batches, in bounded memory whatever the file's size.
 *
 * The events equal the socket's, as far as the archive has the values: `seq` and `matchIndex` are −1,
 * and `isBlockTrade` is null. The archive has no ids of spot trades: they get `arch:{day}:{row}`. Times
 * are rounded down to the socket's milliseconds. The order is the file's, which has changed over the
 * years: sort where it matters. `localTsUs` is when the batch was read.
 *
 * Throws `INVALID_OPTION` at once. Reading throws, possibly after some batches, `ARCHIVE_DAMAGED`,
 * `ARCHIVE_NOT_GZIP`, `ARCHIVE_MALFORMED`, `ARCHIVE_NOT_PUBLISHED`, `ARCHIVE_NO_FILE`, `HTTP_STATUS`,
 * `NETWORK`, `TIMEOUT`, `ABORTED`, and what `file` or `stream` throws.
 *
 * @example
 * for await (const { events } of readTradeArchive({ category: 'linear', symbol: 'BTCUSDT', day: '2026-11-21' })) {
 *   await trades.bulkInsert(events)
 * }
 */
export function readTradeArchive(
  options: ReadTradeArchiveOptions,
): AsyncGenerator<TradeArchiveBatch, void, undefined> {
  const { batchSize = 2000 } = options
  if (!Number.isInteger(batchSize) || batchSize < 1) {
    const message = `batchSize must be a whole number from 1, got ${batchSize}`
    throw new BybitAdapterError('INVALID_OPTION', message, { option: 'batchSize' })
  }
  const path = tradeArchivePath(options)
  return readBatches(openArchive(options), path, options, batchSize)
}

async function* readBatches(
  source: AsyncIterable<Uint8Array>,
  path: string,
  { category, symbol, day, signal, clock = systemClock }: ReadTradeArchiveOptions,
  batchSize: number,
): AsyncGenerator<TradeArchiveBatch, void, undefined> {
  const origin = {
    code: 'ITEM_MALFORMED',
    category,
    channel: 'publicTrade',
    topic: path,
    symbol,
    source: 'archive',
  } as const
  let reader: TradeRowReader | null = null
  let events: PublicTradeEvent[] = []
  let deadLetters: DeadLetter[] = []
  for await (const { text, bytes } of lineBlocks(unpack(source, path), path)) {
    const localTsUs = clock.nowUs()
    for (let start = 0, next = 0; start < text.length; start = next) {
      const newline = text.indexOf('\n', start)
      next = newline < 0 ? text.length : newline + 1
      const end = endOfLine(text, newline < 0 ? text.length : newline)
      if (end <= start) continue
      if (reader === null) {
        const layout = archiveLayout(text.slice(start, end), category, path)
        reader = new TradeRowReader({ category, symbol, day }, layout)
        continue
      }
      const read = reader.read(text, bytes, start, end, localTsUs)
      if ('channel' in read) {
        events.push(read)
      } else {
        const raw = new Uint8Array(bytes.subarray(start, end))
        deadLetters.push({ ...origin, ...read, localTsUs, raw })
      }
      if (events.length + deadLetters.length < batchSize) continue
      throwIfAborted(signal, path)
      yield { events, deadLetters }
      events = []
      deadLetters = []
    }
  }
  throwIfAborted(signal, path)
  if (reader === null) archiveLayout('', category, path)
  if (events.length + deadLetters.length > 0) yield { events, deadLetters }
}

/** Where a line's content ends, with or without a carriage return. */
function endOfLine(text: string, end: number): number {
  return text.charCodeAt(end - 1) === CARRIAGE_RETURN ? end - 1 : end
}

function openArchive(options: ReadTradeArchiveOptions): AsyncIterable<Uint8Array> {
  const { file, stream, day, signal, clock = systemClock, timeoutMs = 30_000 } = options
  if (stream !== undefined) return stream
  if (file !== undefined) return createReadStream(file, { highWaterMark: 64 * 1024 })
  return fetchArchive({ url: tradeArchiveUrl(options), day, clock, timeoutMs, signal })
}

function throwIfAborted(signal: AbortSignal | undefined, path: string): void {
  if (!signal?.aborted) return
  throw new BybitAdapterError('ABORTED', 'reading the archive was aborted', {
    cause: signal.reason,
    endpoint: path,
  })
}
