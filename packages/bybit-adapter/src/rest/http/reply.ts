import { isUtf8 } from 'node:buffer'
import { parseExchangeTs } from '@grid/core-events'
import { z } from 'zod'
import {
  BybitAdapterError,
  type BybitAdapterErrorCode,
  type BybitAdapterErrorContext,
} from '../../errors.ts'
import { IP_BAN_MS } from '../../rate-limit/limit-report.ts'
import { describeValue, printable } from '../../wire/printable.ts'
import type { HttpAnswer } from './http-answer.ts'
import { retCodeMeaning } from './ret-code.ts'

/** A successful answer of the exchange; its `result` is not checked yet. */
export interface Reply {
  readonly endpoint: string
  /** The body as received. */
  readonly bytes: Uint8Array
  /** Whether the bytes are UTF-8; texts decoded from other bytes cannot be trusted. */
  readonly isUtf8: boolean
  readonly result: unknown
  /** The envelope's `time` in epoch milliseconds; null if it has none. */
  readonly exchangeTs: number | null
  /** Receive time in epoch microseconds. */
  readonly localTsUs: number
}

const envelopeSchema = z.looseObject({
  retCode: z.int(),
  retMsg: z.string().optional().catch(undefined),
  // Some answers lack one of these.
  time: z.unknown().optional(),
  result: z.unknown().optional(),
})

/** HTTP statuses of faults that may pass. */
const isTransient = (status: number): boolean => status === 408 || status >= 500

/**
 * Reads an HTTP answer as the exchange's envelope.
 *
 * The exchange refuses with HTTP 200 and a `retCode`; any other status comes from something in between.
 * Throws the error for an answer that is no success; what it shows of the answer passes through
 * `redact`.
 */
export function readReply(
  endpoint: string,
  { status, bytes }: HttpAnswer,
  localTsUs: number,
  redact: ((text: string) => string) | undefined = undefined,
): Reply {
  const retryAtMs = Math.ceil(localTsUs / 1000) + IP_BAN_MS
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString()
  const shown = (part: string): string => printable(redact?.(part) ?? part)
  if (status !== 200) throw statusError(endpoint, status, redact?.(text) ?? text, retryAtMs)
  const fail = (
    code: BybitAdapterErrorCode,
    message: string,
    context: BybitAdapterErrorContext,
  ): BybitAdapterError =>
    new BybitAdapterError(code, `${endpoint}: ${message}`, {
      endpoint,
      httpStatus: status,
      ...context,
    })

  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    const message = `the answer is not JSON: "${shown(text)}"`
    // The parser's message repeats the text, so it is left out where the text is redacted.
    throw fail('RESPONSE_NOT_JSON', message, { retryable: true, ...(!redact && { cause }) })
  }
  const parsed = envelopeSchema.safeParse(value)
  if (!parsed.success) {
    const message = `the answer has no retCode: "${shown(text)}"`
    throw fail('RESPONSE_MALFORMED', message, { retryable: true })
  }
  const { retCode, retMsg, time, result } = parsed.data
  if (retCode !== 0) {
    const { code, retryable } = retCodeMeaning(retCode)
    const reason = shown(retMsg ?? '')
    const context = { retryable, retCode, ...(code === 'IP_BANNED' && { retryAtMs }) }
    throw fail(code, `the exchange refuses with ${retCode} "${reason}"`, context)
  }
  return {
    endpoint,
    bytes,
    isUtf8: isUtf8(bytes),
    result,
    exchangeTs: parseExchangeTs(time) ?? null,
    localTsUs,
  }
}

/** The error for a reply whose `result` is not what the endpoint gives. */
export function malformedReply(endpoint: string, field: string, value: unknown): BybitAdapterError {
  const message = `${endpoint}: ${field} is ${describeValue(value)}`
  return new BybitAdapterError('RESPONSE_MALFORMED', message, { endpoint, retryable: true })
}

function statusError(
  endpoint: string,
  status: number,
  text: string,
  retryAtMs: number,
): BybitAdapterError {
  const context = { endpoint, httpStatus: status }
  const message = `${endpoint}: HTTP ${status} "${printable(text)}"`
  if (status === 403 && /access too frequent/i.test(text)) {
    return new BybitAdapterError('IP_BANNED', message, {
      ...context,
      retryable: true,
      retryAtMs,
    })
  }
  if (status === 429) {
    return new BybitAdapterError('RATE_LIMITED', message, { ...context, retryable: true })
  }
  if (status === 401) return new BybitAdapterError('AUTH_REFUSED', message, context)
  return new BybitAdapterError('HTTP_STATUS', message, {
    ...context,
    retryable: isTransient(status),
  })
}
