import { BybitAdapterError } from '../../errors.ts'
import type { Deadline } from '../../time/deadline.ts'

/** An HTTP answer, read to its end. */
export interface HttpAnswer {
  readonly status: number
  readonly headers: Headers
  readonly bytes: Uint8Array
}

/** Gets an address and reads the whole answer, up to a limit. */
export async function httpGet(
  url: string,
  endpoint: string,
  headers: Readonly<Record<string, string>>,
  maxBytes: number,
  deadline: Deadline,
): Promise<HttpAnswer> {
  const response = await fetch(url, {
    headers,
    // A redirect leads to some page, never to the answer.
    redirect: 'manual',
    signal: deadline.signal,
  }).catch(deadline.fail)
  const chunks: Uint8Array[] = []
  let length = 0
  const reader = response.body?.getReader()
  for (;;) {
    const chunk = await reader?.read().catch(deadline.fail)
    if (chunk?.value === undefined) break
    length += chunk.value.byteLength
    if (length > maxBytes) {
      await reader?.cancel().catch(() => {})
      const message = `${endpoint}: the answer exceeds ${maxBytes} bytes`
      throw new BybitAdapterError('RESPONSE_TOO_LARGE', message, {
        endpoint,
        httpStatus: response.status,
      })
    }
    chunks.push(chunk.value)
  }
  return { status: response.status, headers: response.headers, bytes: Buffer.concat(chunks) }
}
