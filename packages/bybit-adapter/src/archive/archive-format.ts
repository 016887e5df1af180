import { BybitAdapterError } from '../errors.ts'
import { printable } from '../wire/printable.ts'

/** How many bytes tell what a file is. */
const MAGIC_BYTES = 16
/** How the header of an unpacked file may begin: some servers unpack on the way. */
const PLAIN_CSV = /^(\ufeff|\u00ef\u00bb\u00bf)?(timestamp|id),/

/**
 * Whether bytes begin a gzip file (true) or the CSV itself (false).
 *
 * Throws `ARCHIVE_NOT_GZIP` for all else, such as a proxy's page.
 */
export function isGzip(beginning: Uint8Array, file: string): boolean {
  if (beginning[0] === 0x1f && beginning[1] === 0x8b) return true
  const text = Buffer.from(beginning.subarray(0, 60)).toString('latin1')
  if (PLAIN_CSV.test(text)) return false
  const message = `${file} is not gzip, it begins with "${printable(text)}"`
  throw new BybitAdapterError('ARCHIVE_NOT_GZIP', message, { endpoint: file, retryable: true })
}

/** The bytes again, the first of them gathered into one piece large enough for {@link isGzip}. */
export async function* gathered(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let beginning: Buffer | null = Buffer.alloc(0)
  for await (const chunk of source) {
    if (beginning === null) {
      yield chunk
      continue
    }
    beginning = Buffer.concat([beginning, chunk])
    if (beginning.length < MAGIC_BYTES) continue
    yield beginning
    beginning = null
  }
  if (beginning !== null) yield beginning
}
