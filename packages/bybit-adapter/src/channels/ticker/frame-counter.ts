import { z } from 'zod'

const COUNTER = /-(\d{1,16})-\d{1,16}$/

/**
 * Reads the counter of an option frame's id, `<topic>-<counter>-<time>`.
 *
 * Gives −1 (unknown) if there is no id, and undefined if the id has another form.
 *
 * @example
 * parseFrameCounter('tickers.BTC-26DEC25-120000-C-3164908233-1760000000919') // 3164908233
 */
export function parseFrameCounter(id: unknown): number | undefined {
  if (id === undefined) return -1
  const digits = typeof id === 'string' ? COUNTER.exec(id)?.[1] : undefined
  if (digits === undefined) return undefined
  const counter = Number(digits)
  return Number.isSafeInteger(counter) ? counter : undefined
}

/** What an option frame's id must be, for the reason of a dead letter. */
export const wireFrameId: z.ZodType<string> = z.custom<string>(
  (value) => parseFrameCounter(value) !== undefined,
  'must end in a counter and a time, such as "tickers.BTC-26DEC25-120000-C-3164908233-1760000000919"',
)
