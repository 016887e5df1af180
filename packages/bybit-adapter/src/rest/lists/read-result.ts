import type { z } from 'zod'
import { faultOf } from '../../wire/item-fault.ts'
import { malformedReply, type Reply } from '../http/reply.ts'

/** Reads a `result` that is one object; throws `RESPONSE_MALFORMED` with the name of a bad field. */
export function readResult<Result>(reply: Reply, schema: z.ZodType<Result>): Result {
  const { endpoint, result } = reply
  const parsed = schema.safeParse(result)
  if (parsed.success) return parsed.data
  const { field, value } = faultOf(schema, result, [])
  throw malformedReply(endpoint, field === null ? 'result' : `result.${field}`, value)
}
