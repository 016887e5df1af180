import { z } from 'zod'
import type { ServerTime } from '../../auth/server-clock.ts'
import { malformedReply } from '../http/reply.ts'
import type { TimedReply } from '../http/requester.ts'

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
