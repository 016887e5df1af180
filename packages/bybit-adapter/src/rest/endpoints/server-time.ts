import { z } from 'zod'
import { malformedReply } from '../http/reply.ts'
import type { TimedReply } from '../http/requester.ts'

/** The exchange's clock, with the times between which it was read. */
export interface ServerTime {
  /** Epoch milliseconds. */
  readonly exchangeTs: number
  /** The same instant in nanoseconds, digit for digit: too many for a number. */
  readonly timeNano: string
  /** When the request was sent, in epoch microseconds. */
  readonly sentUs: number
  /** When the answer was received, in epoch microseconds. */
  readonly localTsUs: number
}

const resultSchema = z.looseObject({ timeNano: z.string().regex(/^\d{19}$/) })

/** Reads the reply of `/v5/market/time`. */
export function readServerTime(reply: TimedReply): ServerTime {
  const { endpoint, result, exchangeTs, sentUs, localTsUs } = reply
  const parsed = resultSchema.safeParse(result)
  if (!parsed.success) throw malformedReply(endpoint, 'result', result)
  const { timeNano } = parsed.data
  const ms = exchangeTs ?? Number(timeNano.slice(0, -6))
  return { exchangeTs: ms, timeNano, sentUs, localTsUs }
}
