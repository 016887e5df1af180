import { open, rename, rm } from 'node:fs/promises'
import { pid } from 'node:process'
import { type Clock, systemClock } from '@grid/core-events'
import { gathered, isGzip } from './archive-format.ts'
import { fetchArchive } from './fetch-archive.ts'
import { type ArchiveLocation, tradeArchiveUrl } from './trade-archive-url.ts'

/** Options of {@link downloadTradeArchive}. */
export interface DownloadTradeArchiveOptions extends ArchiveLocation {
  /** Where to put the file; an existing one is replaced once the new one is complete. */
  readonly file: string
  /** How long nothing may be received; default 30,000 ms. */
  readonly timeoutMs?: number | undefined
  readonly signal?: AbortSignal | undefined
  readonly clock?: Clock | undefined
}

/**
 * Downloads a day's trades (`public.bybit.com`) into a file; gives its size in bytes.
 *
 * The file appears complete or not at all. Makes one attempt; throws `ARCHIVE_NOT_PUBLISHED`,
 * `ARCHIVE_NO_FILE`, `ARCHIVE_NOT_GZIP`, `HTTP_STATUS`, `NETWORK`, `TIMEOUT`, `ABORTED`,
 * `INVALID_OPTION`, and what the file system throws.
 *
 * @example
 * await downloadTradeArchive({ category: 'linear', symbol: 'BTCUSDT', day: '2026-11-21', file: 'btc.csv.gz' })
 */
export async function downloadTradeArchive(options: DownloadTradeArchiveOptions): Promise<number> {
  const { day, file, signal, clock = systemClock, timeoutMs = 30_000 } = options
  const url = tradeArchiveUrl(options)
  const part = `${file}.${pid}.part`
  try {
    await using handle = await open(part, 'w')
    let bytes = 0
    for await (const chunk of gathered(fetchArchive({ url, day, clock, timeoutMs, signal }))) {
      if (bytes === 0) isGzip(chunk, url)
      await handle.write(chunk)
      bytes += chunk.byteLength
    }
    await handle.sync()
    await rename(part, file)
    return bytes
  } catch (error) {
    await rm(part, { force: true })
    throw error
  }
}
