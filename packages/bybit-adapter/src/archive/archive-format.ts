import { BybitAdapterError } from '../errors.ts'
import { printable } from '../wire/printable.ts'

/** How many bytes are enough to tell what a file is. */
const MAGIC_BYTES = 16
/** How an unpacked file may begin: some proxies unpack it. */
const PLAIN_CSV = /^(\ufeff|\u00ef\u00bb\u00bf)?(timestamp|id),/

/**
 * Whether a file that begins so is gzip (true) or the CSV itself (false).
 *
 * Throws `ARCHIVE_NOT_GZIP` for anything else, such as a proxy's page.
 */
export function isGzip(beginning: Uint8Array, file: string): boolean {
  if (beginning[0] === 0x1f && beginning[1] === 0x8b) return true
  const text = Buffer.from(beginning.subarray(0, 60)).toString('latin1')
  if (PLAIN_CSV.test(text)) return false
  const message = `${file} is not gzip, it begins with "${printable(text)}"`
  throw new BybitAdapterError('ARCHIVE_NOT_GZIP', message, { endpoint: file, retryable: true })
}

/** The same bytes, the first of them in one piece that is large enough for {@link isGzip}. */
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
