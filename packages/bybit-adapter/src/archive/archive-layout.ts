import { BybitAdapterError } from '../errors.ts'
import { printable } from '../wire/printable.ts'
import type { ArchiveCategory } from './trade-archive-url.ts'

/** The position of each column in a file; −1 if the file does not have it. */
export interface ArchiveLayout {
  readonly names: readonly string[]
  readonly timestamp: number
  readonly symbol: number
  readonly side: number
  readonly size: number
  readonly price: number
  readonly tickDirection: number
  readonly tradeId: number
  readonly rpi: number
  /** Whether times are seconds with decimals; otherwise they are milliseconds. */
  readonly isInSeconds: boolean
}

/**
 * Finds the columns by the names in the file's first line, because their number has changed.
 *
 * Derivatives have 10 columns, newer files 11 with `RPI`; spot has 5, newer files 6 with `rpi`. Throws
 * `ARCHIVE_MALFORMED` if a required column is missing.
 */
export function archiveLayout(
  header: string,
  category: ArchiveCategory,
  file: string,
): ArchiveLayout {
  const names = header.replace(/^\u00ef\u00bb\u00bf/, '').split(',')
  const at = (name: string): number => names.indexOf(name)
  const must = (name: string): number => {
    const index = at(name)
    if (index >= 0) return index
    const message = `${file} has no column ${name}: "${printable(header)}"`
    throw new BybitAdapterError('ARCHIVE_MALFORMED', message, { endpoint: file })
  }
  const common = { names, timestamp: must('timestamp'), side: must('side'), price: must('price') }
  if (category === 'spot') {
    // The ids in a spot file are row numbers, not trade ids.
    return {
      ...common,
      size: must('volume'),
      rpi: at('rpi'),
      symbol: -1,
      tickDirection: -1,
      tradeId: -1,
      isInSeconds: false,
    }
  }
  return {
    ...common,
    size: must('size'),
    rpi: at('RPI'),
    symbol: must('symbol'),
    tickDirection: at('tickDirection'),
    tradeId: must('trdMatchID'),
    isInSeconds: true,
  }
}
