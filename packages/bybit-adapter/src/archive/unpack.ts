import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { BybitAdapterError } from '../errors.ts'
import { gathered, isGzip } from './archive-format.ts'

const CHUNK_BYTES = 64 * 1024

/** Unpacks a file as it is read; throws `ARCHIVE_NOT_GZIP` or `ARCHIVE_DAMAGED`. */
export async function* unpack(
  source: AsyncIterable<Uint8Array>,
  file: string,
): AsyncGenerator<Uint8Array> {
  const pieces = gathered(source)
  const first = await pieces.next()
  const beginning = first.value ?? Buffer.alloc(0)
  async function* whole(): AsyncGenerator<Uint8Array> {
    yield beginning
    yield* pieces
  }
  if (beginning.byteLength === 0) throw damaged(file, new Error('it is empty'))
  if (!isGzip(beginning, file)) {
    yield* whole()
    return
  }
  const gunzip = createGunzip({ chunkSize: CHUNK_BYTES })
  // A failure destroys the last stream, so the iteration below throws it.
  pipeline(Readable.from(whole(), { objectMode: true, highWaterMark: 1 }), gunzip).catch(() => {})
  try {
    for await (const chunk of gunzip) yield chunk as Buffer
  } catch (error) {
    throw isZlibError(error) ? damaged(file, error) : error
  } finally {
    gunzip.destroy()
  }
}

function isZlibError(error: unknown): error is Error {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('Z_')
}

function damaged(file: string, cause: Error): BybitAdapterError {
  const message = `${file} is damaged: ${cause.message}`
  return new BybitAdapterError('ARCHIVE_DAMAGED', message, {
    cause,
    endpoint: file,
    retryable: true,
  })
}
